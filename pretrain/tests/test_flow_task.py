"""What the generator's runs are compared by: the loss on held-out clips."""

import unittest
from types import SimpleNamespace

import numpy as np
import torch

from physmaster.config import TINY
from physmaster.flow_task import HELD_OUT_BATCH, FlowTask
from physmaster.transformer import Transformer

from .test_networks import randomise

CLIPS = HELD_OUT_BATCH + 5


def held_out_data():
    """As much of FlowData as measuring needs, of clips that are noise."""
    side, channels = TINY.latent_pixels, TINY.latent_channels
    latents = torch.randn(CLIPS, TINY.latent_frames, side, side, channels)
    images = np.random.default_rng(1).integers(0, 256, (CLIPS, TINY.pixels, TINY.pixels, 3), np.uint8)
    return SimpleNamespace(held_out=np.arange(CLIPS), domains=torch.arange(CLIPS) % 5,
                           latents=SimpleNamespace(of=lambda rows: latents[rows]),
                           clips=SimpleNamespace(images=lambda rows: images[rows]))


class HeldOutTest(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(3)
        self.data, self.transformer = held_out_data(), Transformer(TINY)
        randomise(self.transformer)

    def held_out(self, transformer, **options):
        def tokens_of(images, _):
            return torch.zeros(len(images), TINY.image_tokens, TINY.width)
        return FlowTask(self.data, transformer, tokens_of, bf16=False, **options).evaluate()['held_out']

    def test_it_depends_neither_on_how_a_run_trains_nor_on_what_was_drawn_before(self):
        first = self.held_out(self.transformer, batch=3)
        torch.rand(7)
        self.assertEqual(first, self.held_out(self.transformer, batch=64, time_power=1.0))

    def test_negative_control_another_transformer_has_another_loss(self):
        other = Transformer(TINY)
        randomise(other)
        self.assertNotEqual(self.held_out(self.transformer, batch=3), self.held_out(other, batch=3))


if __name__ == '__main__':
    unittest.main()
