"""What the model card takes from the logs of a training run."""

import json
import tempfile
import unittest
from pathlib import Path

from physmaster.export import CURVE_POINTS, held_out_curves, last_records
from physmaster.model_card import curve_lines


class Logs(unittest.TestCase):
    def setUp(self):
        self.temporary = tempfile.TemporaryDirectory()
        self.addCleanup(self.temporary.cleanup)
        self.folder = Path(self.temporary.name)

    def write(self, stage, lines):
        (self.folder / f'{stage}.jsonl').write_text(''.join(json.dumps(line) + '\n' for line in lines))

    def test_a_curve_has_the_measured_points_in_order_and_ends_with_the_last(self):
        self.write('decoder', [{'step': i, 'samples': 10 * i, 'loss': 1.0, **({'psnr': 30 + i} if i % 2 else {})}
                               for i in range(1, 100)])
        points = held_out_curves(self.folder)['decoder']
        self.assertEqual(len(points), CURVE_POINTS)
        self.assertEqual((points[0], points[-1]), ({'samples': 10, 'psnr': 31}, {'samples': 990, 'psnr': 129}))
        self.assertEqual(points, sorted(points, key=lambda point: point['samples']))
        self.assertEqual(last_records(self.folder)['decoder'], {'step': 99, 'samples': 990, 'loss': 1.0, 'psnr': 129})

    def test_a_stage_that_was_measured_once_has_no_curve(self):
        self.write('backbone', [{'step': 1, 'samples': 10, 'held_out_loss': 1.0}])
        self.write('motion', [{'step': 1, 'samples': 10, 'loss': 1.0}, {'step': 2, 'samples': 20, 'loss': 0.5}])
        self.assertEqual(held_out_curves(self.folder), {})

    def test_the_card_shows_a_row_a_point(self):
        lines = curve_lines({'motion': [{'samples': 10, 'held_out_colour': 0.5}, {'samples': 20, 'held_out_colour': 0.25}]})
        self.assertEqual(lines[-4:], ['| samples seen | held_out_colour |', '|---:|---:|', '| 10 | 0.5 |', '| 20 | 0.25 |'])


if __name__ == '__main__':
    unittest.main()
