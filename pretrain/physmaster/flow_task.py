"""What the generator learns: flow matching on latents that were encoded beforehand.

Data and losses that train_generator.py and ablation.py share. What the transformer is conditioned on is the caller's:
a function from first frames and their latents to tokens [B, 64, 256].
"""

import numpy as np
import torch

from .config import DOMAINS
from .data import Clips, network_pixels, split_rows
from .losses import velocity_errors

# t = u ** TIME_POWER for uniform u: a third of the draws below .05. The world is determined by its first frame, so
# the first step of a short sampler, from pure noise, decides the clip; logit-normal t hardly ever visits it, and
# the model then finds the colours in z_t instead of asking the image.
TIME_POWER = 2.5


class FlowData:
    """Latents f16 [K, 7, 8, 8, 16], first frames u8 [K, 64, 64, 3], domain ids [K]; rows that train and rows that only
    measure: `held_out` clips of every split, the same in every stage.
    """

    def __init__(self, config, data, folder, splits, held_out):
        clips = [Clips(data, [split], config) for split in splits]
        self.latents = torch.cat([torch.from_numpy(np.load(folder / f'latents-{split}.npy')) for split in splits])
        self.images = torch.cat([torch.from_numpy(part.images(range(len(part)))) for part in clips])
        self.domains = torch.cat([torch.from_numpy(part.domains()) for part in clips])
        if len(self.latents) != len(self.images):
            raise ValueError('latents are of other clips: run encode_latents again')
        starts = np.cumsum([0] + [len(part) for part in clips[:-1]])
        rows = [split_rows(len(part), held_out) for part in clips]
        self.train, self.held_out = (np.concatenate([start + pair[which] for start, pair in zip(starts, rows)])
                                     for which in (0, 1))


class FlowTask:
    """loss_of and evaluate for a Trainer; tokens_of(images [B, 64, 64, 3], image latents [B, 8, 8, 16]) -> tokens
    [B, 64, 256]. `time_power` concerns training alone: held-out losses of all runs are of the same draws.
    """

    def __init__(self, data, transformer, tokens_of, batch, bf16, time_power=TIME_POWER):
        self.data, self.transformer, self.tokens_of = data, transformer, tokens_of
        self.batch, self.bf16, self.time_power = batch, bf16, time_power

    def _errors(self, rows, noise, t, domain):
        latents = self.data.latents[rows].float()
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=self.bf16):
            tokens = self.tokens_of(network_pixels(self.data.images[rows]), latents[:, 0])
            return velocity_errors(self.transformer, latents[:, 1:], noise, latents[:, 0], tokens, domain, t)

    def loss_of(self, random, _progress):
        """The mean over a drawn batch; the domain is dropped in one of ten samples."""
        rows = torch.from_numpy(self.data.train[random.integers(0, len(self.data.train), self.batch)])
        t = torch.rand(self.batch) ** self.time_power
        domain = self.data.domains[rows].clone()
        domain[torch.rand(self.batch) < 0.1] = DOMAINS['none']
        noise = torch.randn(self.batch, *self.data.latents.shape[1:])[:, 1:]
        return self._errors(rows, noise, t, domain).mean(), {'samples': self.batch}

    @torch.no_grad()
    def evaluate(self):
        """The loss on the held-out rows, with the same draws every time."""
        values, held_out = [], self.data.held_out
        generator = torch.Generator().manual_seed(0)
        for start in range(0, len(held_out), self.batch):
            rows = torch.from_numpy(held_out[start:start + self.batch])
            noise = torch.randn(len(rows), *self.data.latents.shape[1:], generator=generator)[:, 1:]
            t = torch.rand(len(rows), generator=generator) ** TIME_POWER
            values.append(self._errors(rows, noise, t, self.data.domains[rows]))
        return {'held_out': round(torch.cat(values).mean().item(), 5)}
