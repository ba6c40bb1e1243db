"""A short training run for test_parallel.py, alone or as one of torchrun's processes, which share the batch.

    python3 -m tests.parallel_run FOLDER CLIPS_OF_EACH_PROCESS
"""

import sys

import torch

from physmaster.config import TINY
from physmaster.losses import velocity_errors
from physmaster.training import Budget, Trainer
from physmaster.transformer import Transformer

CLIPS = 4


def main(folder, mine):
    torch.set_num_threads(1)
    torch.manual_seed(3)
    transformer = Transformer(TINY)
    trainer = Trainer({'transformer': transformer}, Budget(steps=6), folder, 'run', 5e-3, warmup=3)
    side, channels = TINY.latent_pixels, TINY.latent_channels
    fixed = torch.Generator().manual_seed(5)
    data = torch.randn(CLIPS, TINY.latent_frames, side, side, channels, generator=fixed)
    tokens = torch.randn(CLIPS, TINY.image_tokens, TINY.width, generator=fixed)

    def errors(rows, step):
        # Every process draws for the whole batch and takes its own rows.
        draws = torch.Generator().manual_seed(step)
        noise, t = torch.randn(data[:, 1:].shape, generator=draws), torch.rand(CLIPS, generator=draws)
        domain = torch.ones(len(data[rows]), dtype=torch.long)
        return velocity_errors(transformer, data[rows, 1:], noise[rows], data[rows, 0], tokens[rows], domain, t[rows])

    def loss_of(_random, _progress):
        rows = slice(trainer.rank * mine, (trainer.rank + 1) * mine)
        return errors(rows, trainer.step).mean(), {'samples': mine}

    @torch.no_grad()
    def evaluate():
        return {'held_out': errors(slice(0, CLIPS), 1000).mean().item()}

    trainer.run(loss_of, evaluate)


if __name__ == '__main__':
    main(sys.argv[1], int(sys.argv[2]))
