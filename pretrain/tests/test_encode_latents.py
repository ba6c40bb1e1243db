"""Clips are encoded once, a file a folder, under statistics that stay; thinned folders keep their latents."""

import sys
import tempfile
import unittest
from pathlib import Path
from unittest import mock

import numpy as np
import torch

from physmaster import encode_latents
from physmaster.autoencoder import Autoencoder
from physmaster.config import TINY
from physmaster.data import Clips, network_pixels
from physmaster.flow_task import FlowData

from .test_data import write_folder


class EncodeLatentsTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.data, self.out = Path(folder.name) / 'data', Path(folder.name) / 'out'
        (self.data / 'tiny').mkdir(parents=True)
        (self.out / 'tiny').mkdir(parents=True)
        write_folder(self.data / 'tiny', 'free-fall-wide-0-3', 0, 3)
        torch.manual_seed(1)
        self.autoencoder = Autoencoder(TINY)
        ema = {f'autoencoder.{name}': p.detach() for name, p in self.autoencoder.named_parameters()}
        torch.save({'ema': ema, 'step': 1}, self.out / 'tiny' / 'autoencoder.pt')

    def encode(self, *words):
        threads = torch.get_num_threads()
        with mock.patch.object(sys, 'argv', ['encode_latents', '--size', 'tiny', '--data', str(self.data), '--out',
                                             str(self.out), '--splits', 'wide', '--threads', str(threads), '--no-bf16',
                                             *words]):
            encode_latents.main()

    def test_latents_are_the_autoencoders(self):
        self.encode()
        statistics = torch.load(self.out / 'tiny' / 'latent-statistics.pt')
        for name, value in statistics.items():
            getattr(self.autoencoder, name).copy_(value)
        data = FlowData(TINY, self.data / 'tiny', self.out / 'tiny', ['wide'], held_out=1)
        video = network_pixels(Clips(self.data / 'tiny', ['wide'], TINY).videos([0, 1, 2]))
        with torch.no_grad():
            expected = self.autoencoder.latent_from_video(video)
        assert torch.allclose(data.latents.of([0, 1, 2]), expected, atol=5e-3)
        assert sorted([*data.train, *data.held_out]) == [0, 1, 2]
        twice = FlowData(TINY, self.data / 'tiny', self.out / 'tiny', ['wide'], 1, {'free-fall': 2})
        assert sorted(twice.train) == sorted([*data.train, *data.train]) and len(twice.held_out) == 1
        with self.assertRaisesRegex(ValueError, 'no clips of spring'):
            FlowData(TINY, self.data / 'tiny', self.out / 'tiny', ['wide'], 1, {'spring': 2})

    def test_more_clips_are_encoded_and_the_old_ones_kept(self):
        self.encode('--thin')
        path = self.out / 'tiny' / 'latents' / 'free-fall-wide-0-3.npy'
        before, statistics = path.stat().st_mtime_ns, (self.out / 'tiny' / 'latent-statistics.pt').stat().st_mtime_ns
        assert (self.data / 'tiny' / 'free-fall-wide-0-3' / 'frames.u8').stat().st_size == 3 * 64 * 64 * 3
        write_folder(self.data / 'tiny', 'free-fall-wide-3-2', 3, 2)
        self.encode()
        assert path.stat().st_mtime_ns == before
        assert (self.out / 'tiny' / 'latent-statistics.pt').stat().st_mtime_ns == statistics
        latents = FlowData(TINY, self.data / 'tiny', self.out / 'tiny', ['wide'], held_out=1).latents
        assert latents.of(np.arange(5)).shape == (5, 7, 8, 8, TINY.latent_channels)


if __name__ == '__main__':
    unittest.main()
