"""The ablation's table: intervals over seeds, and differences of the same seed."""

import unittest

from physmaster.ablation import interval, table


def run(condition, seed, value):
    split = {'ofStill': value, 'survival': 1 - value}
    return {'condition': condition, 'seed': seed, 'held_out': value, 'seen': split, 'unseen': split}


class AblationTest(unittest.TestCase):
    def test_interval(self):
        # Standard deviation 1, three values: 4.303 / sqrt(3).
        self.assertEqual(interval([1.0, 2.0, 3.0]), '2.0000 ± 2.4843')
        self.assertEqual(interval([2.0]), '2.0000')

    def test_table_pairs_seeds(self):
        seeds = {1: 0.1, 2: 0.3, 3: 0.2}
        runs = [run('none', seed, value) for seed, value in seeds.items()]
        runs += [run('pretrained', seed, value - 0.05) for seed, value in seeds.items()]
        lines = table(runs).splitlines()
        self.assertEqual(len(lines), 5)
        # The seeds differ much, what the condition gains hardly.
        self.assertIn('0.2000 ± 0.2484', lines[2])
        self.assertTrue(lines[4].startswith('| pretrained - none | 3 | -0.0500 ± 0.0000 |'), lines[4])

    def test_no_pair(self):
        self.assertEqual(len(table([run('pretrained', 1, 0.1), run('none', 2, 0.1)]).splitlines()), 4)


if __name__ == '__main__':
    unittest.main()
