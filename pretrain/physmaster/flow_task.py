"""What the generator learns: flow matching on latents that were encoded beforehand.

Data and losses that train_generator.py and ablation.py share. What the transformer is conditioned on is the caller's:
a function from first frames and their latents to tokens [B, 64, 256].
"""

import numpy as np
import torch

from .config import DOMAINS
from .data import Clips, Latents, network_pixels, split_rows
from .losses import velocity_errors

# t = u ** TIME_POWER for uniform u: a third of the draws below .05. The world is determined by its first frame, so
# the first step of a short sampler, from pure noise, decides the clip; logit-normal t hardly ever visits it, and
# the model then finds the colours in z_t instead of asking the image.
TIME_POWER = 2.5


class FlowData:
    """Clips of some splits with their latents and domain ids; rows that train and rows that only measure: `held_out`
    clips of every split, the same in every stage. `emphasis` (family -> whole number) has a family's training rows
    that many times, so that it is drawn as much more often.
    """

    def __init__(self, config, data, folder, splits, held_out, emphasis=None):
        self.clips = Clips(data, splits, config)
        self.latents = Latents(folder, self.clips)
        self.domains = torch.from_numpy(self.clips.domains())
        rows = []
        for split in splits:
            own = self.clips.rows_of(split)
            rows.append([own[part] for part in split_rows(len(own), held_out)])
        train, self.held_out = (np.concatenate([pair[which] for pair in rows]) for which in (0, 1))
        times = {family: 1 for family in self.clips.families()}
        for family, count in (emphasis or {}).items():
            if family not in times:
                raise ValueError(f'no clips of {family} to emphasise')
            times[family] = count
        self.train = np.repeat(train, [times[self.clips.family(row)] for row in train])


class FlowTask:
    """loss_of and evaluate for a Trainer; tokens_of(images [B, 64, 64, 3], image latents [B, 8, 8, 16]) -> tokens
    [B, 64, 256]. `time_power` concerns training alone: held-out losses of all runs are of the same draws.
    """

    def __init__(self, data, transformer, tokens_of, batch, bf16, time_power=TIME_POWER):
        self.data, self.transformer, self.tokens_of = data, transformer, tokens_of
        self.batch, self.bf16, self.time_power = batch, bf16, time_power

    def _errors(self, rows, noise, t, domain):
        latents = self.data.latents.of(rows)
        images = self.data.clips.images(rows)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=self.bf16):
            tokens = self.tokens_of(network_pixels(images), latents[:, 0])
            return velocity_errors(self.transformer, latents[:, 1:], noise, latents[:, 0], tokens, domain, t)

    def _noise(self, count, generator=None):
        config = self.transformer.config
        side = config.latent_pixels
        return torch.randn(count, config.latent_frames - 1, side, side, config.latent_channels, generator=generator)

    def loss_of(self, random, _progress):
        """The mean over a drawn batch; the domain is dropped in one of ten samples."""
        rows = self.data.train[random.integers(0, len(self.data.train), self.batch)]
        t = torch.rand(self.batch) ** self.time_power
        domain = self.data.domains[rows].clone()
        domain[torch.rand(self.batch) < 0.1] = DOMAINS['none']
        return self._errors(rows, self._noise(self.batch), t, domain).mean(), {'samples': self.batch}

    @torch.no_grad()
    def evaluate(self):
        """The loss on the held-out rows, with the same draws every time."""
        values, held_out = [], self.data.held_out
        generator = torch.Generator().manual_seed(0)
        for start in range(0, len(held_out), self.batch):
            rows = held_out[start:start + self.batch]
            noise = self._noise(len(rows), generator)
            t = torch.rand(len(rows), generator=generator) ** TIME_POWER
            values.append(self._errors(rows, noise, t, self.data.domains[rows]))
        return {'held_out': round(torch.cat(values).mean().item(), 5)}
