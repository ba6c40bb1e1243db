"""Latents as the generator makes them, for what learns to read them: inexact ones.

The autoencoder's own latents are exact to a fiftieth of their spread; a generator's are not, and a decoder that has
never seen an inexact latent turns small errors into wrong colours and vanishing objects. An estimate is the data by one
step of the generator from z_t, t in [--time, 1).
"""

import numpy as np
import torch

from .data import Latents, network_pixels


def add_options(parser, estimated, time):
    """Options of which clips there are and how exact their latents are, with these defaults."""
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--clips', type=int, default=4000,
                        help='estimates, for each process; several of a clip where there are fewer clips')
    parser.add_argument('--estimated', type=float, default=estimated, help='share of latents that are estimates')
    parser.add_argument('--time', type=float, default=time, help='least t that estimates start from')


@torch.no_grad()
def estimates(model, clips, latents, rows, random, least, batch=128):
    """One-step estimates of latents of frames 1.. from z_t: f16 [K, 6, 8, 8, 16]; t is uniform in [least, 1)."""
    parts, domains, device = [], clips.domains(), model.transformer.cos.device
    for start in range(0, len(rows), batch):
        chosen = rows[start:start + batch]
        latent = latents.of(chosen).to(device)
        tokens = model.head(model.backbone(network_pixels(clips.images(chosen)).to(device)))
        t = torch.from_numpy(random.uniform(least, 1, len(chosen))).float().to(device).view(-1, 1, 1, 1, 1)
        mixed = (1 - t) * torch.randn(latent[:, 1:].shape, device=device) + t * latent[:, 1:]
        told = torch.from_numpy(domains[chosen]).to(device)
        velocity = model.transformer(mixed, latent[:, 0], tokens, told, t.flatten())
        parts.append((mixed + (1 - t) * velocity).half())
    return torch.cat(parts)


class InexactLatents:
    """Latents of the rows `train`, of which --clips estimates are made; a share of the draws sees those."""

    def __init__(self, options, model, clips, folder, train, random):
        self.latents, self.share = Latents(folder, clips), options.estimated
        # More than there are: several estimates of each.
        self.rows = np.concatenate([random.permutation(train) for _ in range(0, options.clips, len(train))])
        self.rows = self.rows[:options.clips]
        with torch.autocast(options.device, dtype=torch.bfloat16, enabled=options.bf16):
            self.made = estimates(model, clips, self.latents, self.rows, random, options.time)

    def draw(self, count, random):
        """Rows of so many clips, and their normalised latents [B, T', h, w, C]."""
        chosen = random.integers(0, len(self.rows), count)
        drawn = self.latents.of(self.rows[chosen]).to(self.made.device)
        estimated = np.flatnonzero(random.random(count) < self.share)
        drawn[torch.from_numpy(estimated), 1:] = self.made[torch.from_numpy(chosen[estimated])].float()
        return self.rows[chosen], drawn
