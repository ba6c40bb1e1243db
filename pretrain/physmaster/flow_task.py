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

# Held-out clips are measured in batches of one size whatever the training's, so that all runs draw the same.
HELD_OUT_BATCH = 32


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
        self.device = transformer.cos.device

    def _errors(self, rows, noise, t, domain):
        latents = self.data.latents.of(rows).to(self.device)
        images = network_pixels(self.data.clips.images(rows)).to(self.device)
        domain = domain.to(self.device)
        with torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=self.bf16):
            tokens = self.tokens_of(images, latents[:, 0])
            return velocity_errors(self.transformer, latents[:, 1:], noise, latents[:, 0], tokens, domain, t)

    def _noise(self, count, device, generator=None):
        config = self.transformer.config
        side = config.latent_pixels
        shape = (count, config.latent_frames - 1, side, side, config.latent_channels)
        return torch.randn(shape, generator=generator, device=device)

    def loss_of(self, random, _progress):
        """The mean over a drawn batch; the domain is dropped in one of ten samples."""
        rows = self.data.train[random.integers(0, len(self.data.train), self.batch)]
        t = torch.rand(self.batch, device=self.device) ** self.time_power
        domain = self.data.domains[rows].clone()
        domain[torch.rand(self.batch, device='cpu') < 0.1] = DOMAINS['none']
        return self._errors(rows, self._noise(self.batch, self.device), t, domain).mean(), {'samples': self.batch}

    @torch.no_grad()
    def evaluate(self):
        """The loss on the held-out rows, with the same draws in every run and on every device."""
        values, held_out = [], self.data.held_out
        generator = torch.Generator('cpu').manual_seed(0)
        for start in range(0, len(held_out), HELD_OUT_BATCH):
            rows = held_out[start:start + HELD_OUT_BATCH]
            noise = self._noise(len(rows), 'cpu', generator).to(self.device)
            t = torch.rand(len(rows), generator=generator, device='cpu').to(self.device) ** TIME_POWER
            values.append(self._errors(rows, noise, t, self.data.domains[rows]))
        return {'held_out': round(torch.cat(values).mean().item(), 5)}
