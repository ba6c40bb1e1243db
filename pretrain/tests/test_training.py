"""A resumed run is the uninterrupted run; a small network overfits one batch."""

import tempfile
import unittest

import torch

from physmaster.config import TINY
from physmaster.losses import velocity_errors
from physmaster.training import Budget, Trainer, load_ema
from physmaster.transformer import Transformer


def trainer_for(folder, steps=12):
    """A trainer on synthetic latents whose loss depends on the step's own randomness."""
    torch.manual_seed(3)
    transformer = Transformer(TINY)
    trainer = Trainer({'transformer': transformer}, Budget(steps=steps), folder, 'run', 5e-3, warmup=3,
                      muon=True)
    side, channels = TINY.latent_pixels, TINY.latent_channels
    fixed = torch.Generator().manual_seed(5)
    data = torch.randn(2, TINY.latent_frames, side, side, channels, generator=fixed)
    tokens = torch.randn(2, TINY.image_tokens, TINY.width, generator=fixed)

    def loss_of(random, _progress):
        t = torch.from_numpy(random.random(2)).float()
        noise = torch.randn(data[:, 1:].shape)
        domain = torch.ones(2, dtype=torch.long)
        return velocity_errors(transformer, data[:, 1:], noise, data[:, 0], tokens, domain, t).mean(), {'samples': 2}

    return trainer, loss_of


class TrainingTest(unittest.TestCase):
    def setUp(self):
        self.folders = [tempfile.TemporaryDirectory() for _ in range(2)]
        for folder in self.folders:
            self.addCleanup(folder.cleanup)

    def test_resume_equals_uninterrupted(self):
        whole, loss_of = trainer_for(self.folders[0].name)
        whole.run(loss_of)
        first, loss_of = trainer_for(self.folders[1].name)
        first.run(loss_of, stop_at=5)
        second, loss_of = trainer_for(self.folders[1].name)
        assert second.load() and second.step == 5
        second.run(loss_of)
        assert second.step == whole.step == 12
        for key, p in whole.parameters.items():
            assert torch.equal(p, second.parameters[key]), key
            assert torch.equal(whole.ema[key], second.ema[key]), key

    def test_overfits_and_saves_averages(self):
        trainer, loss_of = trainer_for(self.folders[0].name, steps=300)
        first = loss_of(trainer.random(0), 0)[0].item()
        trainer.run(loss_of, log_every=1000)
        assert loss_of(trainer.random(0), 0)[0].item() < 0.9 * first
        fresh = Transformer(TINY)
        assert load_ema(fresh, trainer.path, 'transformer') == 300
        assert torch.equal(fresh.patch.weight, trainer.ema['transformer.patch.weight'])


if __name__ == '__main__':
    unittest.main()
