"""Inexact latents: which are estimates, of which clips, and what they leave as it was."""

import tempfile
import unittest
from argparse import Namespace
from pathlib import Path

import numpy as np
import torch

from physmaster.config import NANO
from physmaster.data import Clips
from physmaster.estimates import InexactLatents
from physmaster.model import Model

from .test_data import write_folder


class EstimatesTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name)
        write_folder(self.folder, 'free-fall-train-0-4', 0, 4)
        (self.folder / 'latents').mkdir()
        self.true = np.random.default_rng(0).normal(size=(4, 7, 8, 8, 16)).astype(np.float16)
        np.save(self.folder / 'latents' / 'free-fall-train-0-4.npy', self.true)
        self.clips = Clips(self.folder, ['train'], NANO)
        torch.manual_seed(0)
        self.model = Model(NANO).eval()

    def draw(self, clips, share, count=40):
        options = Namespace(clips=clips, estimated=share, time=0.5, device='cpu', bf16=False)
        train = np.array([0, 2, 3])
        latents = InexactLatents(options, self.model, self.clips, self.folder, train, np.random.default_rng(1))
        rows, drawn = latents.draw(count, np.random.default_rng(2))
        away = (drawn - torch.from_numpy(self.true[rows]).float()).abs()
        return latents, rows, drawn, away[:, 0].amax(), away[:, 1:].flatten(1).amax(1)

    def test_a_share_of_the_draws_is_estimated_and_first_frames_never_are(self):
        for share in (0.0, 0.5, 1.0):
            _, rows, _, first, later = self.draw(3, share)
            assert set(rows) == {0, 2, 3}
            assert first == 0
            estimated = (later > 0.1).float().mean()
            assert estimated == share if share != 0.5 else 0.2 < estimated < 0.8
            assert ((later > 0.1) | (later == 0)).all()

    def test_more_estimates_than_clips_are_several_of_each(self):
        latents, rows, drawn, *_ = self.draw(7, 1.0)
        assert len(latents.made) == 7 and np.bincount(latents.rows, minlength=4).tolist() in (
            [3, 0, 2, 2], [2, 0, 3, 2], [2, 0, 2, 3])
        assert len({each.sum().item() for each, row in zip(drawn, rows) if row == 0}) > 1
        fewer, rows, drawn, *_ = self.draw(2, 1.0)
        assert len(set(fewer.rows)) == len(set(rows)) == 2
        assert len({each.sum().item() for each in drawn}) == 2


if __name__ == '__main__':
    unittest.main()
