"""Clips on disk: folders in order, windows inside the picture and around what moves, heights from the scenes."""

import json
import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch

from physmaster.config import NANO, SMALL
from physmaster.data import Clips, Latents, Videos, bytes_from_network, network_pixels, thin
from physmaster.train_backbone import height_maps


def write_folder(root, name, first, clips, domain='rigid'):
    """A chunk whose clips hold one bright square moving along the diagonal."""
    folder = Path(root) / name
    folder.mkdir()
    frames = np.zeros((clips, 25, 64, 64, 3), np.uint8)
    masks = np.zeros((clips, 25, 64, 64), np.uint8)
    for t in range(25):
        frames[:, t, t:t + 8, t:t + 8] = 200
        masks[:, t, t:t + 8, t:t + 8] = 1
    frames.tofile(folder / 'frames.u8')
    masks.tofile(folder / 'masks.u8')
    np.full((clips, 64, 64), 5, np.float32).tofile(folder / 'depth.f32')
    scenes = [{'seed': first + i, 'objects': [{'label': 1, 'moves': True, 'position': [0, 1.5, 0]}], 'domain': domain}
              for i in range(clips)]
    (folder / 'meta.jsonl').write_text('\n'.join(json.dumps(scene) for scene in scenes) + '\n')


class DataTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        write_folder(self.folder.name, 'free-fall-wide-3-2', 3, 2)
        write_folder(self.folder.name, 'free-fall-wide-0-3', 0, 3)
        write_folder(self.folder.name, 'free-fall-seen-0-1', 0, 1)
        self.clips = Clips(self.folder.name, ['wide'], NANO)
        write_folder(self.folder.name, 'dam-break-out-of-range-0-2', 0, 2, 'fluid')
        write_folder(self.folder.name, 'free-fall-out-of-range-0-1', 0, 1)

    def test_order_and_shapes(self):
        assert self.clips.names() == ['free-fall-wide-0-3', 'free-fall-wide-3-2']
        assert [scene['seed'] for scene in self.clips.scenes()] == [0, 1, 2, 3, 4]
        assert self.clips.videos([0, 4]).shape == (2, 25, 64, 64, 3)
        assert self.clips.first_depths([1]).shape == (1, 64, 64)
        with self.assertRaisesRegex(FileNotFoundError, 'no clips'):
            Clips(self.folder.name, ['unseen'], NANO)

    def test_videos_from_files_and_kept_are_what_networks_see(self):
        rows = np.array([4, 0])
        wanted = network_pixels(self.clips.videos(rows)).permute(0, 4, 1, 2, 3)
        for videos in (Videos(self.clips), Videos(self.clips, 'cpu')):
            assert torch.equal(videos.of(rows), wanted)
        assert Videos(self.clips).kept is None and Videos(self.clips, 'cpu').kept is not None

    def test_families_and_domains(self):
        both = Clips(self.folder.name, ['out-of-range'], NANO)
        assert both.names() == ['dam-break-out-of-range-0-2', 'free-fall-out-of-range-0-1']
        assert both.families() == ['dam-break', 'free-fall']
        assert both.domains().tolist() == [2, 2, 1]
        alone = Clips(self.folder.name, ['out-of-range'], NANO, family='free-fall')
        assert len(alone) == 1 and alone.splits('free-fall') == ['out-of-range']

    def test_a_thinned_folder_keeps_first_frames(self):
        images, masks = self.clips.images(range(5)), self.clips.first_masks(range(5))
        thin(Path(self.folder.name) / 'free-fall-wide-3-2', NANO)
        again = Clips(self.folder.name, ['wide'], NANO)
        assert np.array_equal(again.images(range(5)), images)
        assert np.array_equal(again.first_masks(range(5)), masks)
        assert again.video(0).shape == (25, 64, 64, 3)
        with self.assertRaisesRegex(ValueError, 'first frames only'):
            again.video(4)
        assert len(Clips(self.folder.name, ['wide'], NANO, whole=True)) == 3

    def test_other_sizes_are_refused(self):
        with self.assertRaisesRegex(ValueError, '128 x 128'):
            Clips(self.folder.name, ['wide'], SMALL)

    def test_latents_follow_the_clips(self):
        with self.assertRaisesRegex(FileNotFoundError, 'free-fall-wide-0-3'):
            Latents(Path(self.folder.name), self.clips)
        latents = Path(self.folder.name) / 'latents'
        latents.mkdir()
        np.save(latents / 'free-fall-wide-3-2.npy', np.array([[3], [4]], np.float16))
        np.save(latents / 'free-fall-wide-0-3.npy', np.array([[0], [1], [2]], np.float16))
        assert Latents(Path(self.folder.name), self.clips).of([4, 0, 2]).tolist() == [[4], [0], [2]]
        both = Clips(self.folder.name, ['wide', 'seen'], NANO)
        assert both.rows_of('seen').tolist() == [0] and both.rows_of('wide').tolist() == [1, 2, 3, 4, 5]
        assert both.rows_in(2) == [4, 5]

    def test_windows_hold_motion(self):
        random = np.random.default_rng(0)
        for _ in range(50):
            window = self.clips.crop(0, 32, random)
            assert window.shape == (25, 32, 32, 3)
            assert window.max() == 200

    def test_heights_sit_on_the_object(self):
        masks = self.clips.first_masks(range(5))
        heights = height_maps(self.clips, masks)
        assert np.all(heights[masks == 1] == 1.5) and np.all(heights[masks == 0] == 0)

    def test_pixels_round_trip(self):
        values = np.arange(256, dtype=np.uint8)
        assert np.array_equal(bytes_from_network(network_pixels(values)), values)
        assert network_pixels(values).dtype == torch.float32


if __name__ == '__main__':
    unittest.main()
