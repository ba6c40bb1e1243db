"""Trains what a place looks like without what moves in it (background.py), which the refiner knows.

    python3 -m physmaster.train_background --size small --splits train --minutes 30
The target is what clips show once a body has gone; mirrored half of the time. Under torchrun every rank has its share of
the clips.
"""

import numpy as np
import torch

from .assemble import load_autoencoder
from .autoencoder import Autoencoder
from .background import known_background
from .command import arguments, budget_from, prepare
from .data import Clips, network_values, split_rows
from .losses import background_loss
from .train_autoencoder import decibels
from .training import Trainer


class Backgrounds:
    """First frames of clips, their backgrounds, and where those are known."""

    def __init__(self, clips, rows):
        known = [known_background(clips.video(row), clips.mask(row)) for row in rows]
        self.images = torch.from_numpy(clips.images(rows))
        self.true, self.known = (torch.from_numpy(np.stack(each)) for each in zip(*known))

    def of(self, chosen):
        """Images and backgrounds [B, 3, S, S] in [-1, 1], and where these are known [B, 1, S, S], by numbers here."""
        chosen = torch.from_numpy(np.asarray(chosen))
        image, true = (network_values(each[chosen]).permute(0, 3, 1, 2).contiguous() for each in (self.images, self.true))
        return image, true, self.known[chosen][:, None].float()


@torch.no_grad()
def behind(background, backgrounds):
    """PSNR behind what moves: over all places whose background is known and not the image."""
    square, count = 0.0, 0.0
    for i in range(len(backgrounds.images)):
        image, true, known = backgrounds.of([i])
        weight = known * ((true - image).abs().amax(1, keepdim=True) > 0.06)
        square += float((weight * (background(image) - true).square()).sum()) / 3
        count += float(weight.sum())
    return round(float(decibels(np.array(square / max(count, 1)))), 3)


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--batch', type=int, default=8)
    parser.add_argument('--rate', type=float, default=2e-3)
    options = parser.parse_args()
    config, folder = prepare(options)
    if not config.refiner_channels:
        raise SystemExit(f'{config.size} has no refiner: its config names no channels')
    clips = Clips(options.data, options.splits.split(','), config, whole=True)
    train, measured = split_rows(len(clips), options.held_out)
    autoencoder = Autoencoder(config)
    load_autoencoder(autoencoder, folder)
    background = autoencoder.decoder.refiner.background
    trainer = Trainer({'background': background}, budget_from(options), folder, 'background', options.rate,
                      seed=options.seed + 8, decay=0.001)
    if options.resume:
        trainer.load()
    seen = Backgrounds(clips, train[trainer.rank::trainer.ranks])
    held_out = Backgrounds(clips, measured) if trainer.rank == 0 else None

    def loss_of(random, _):
        image, true, known = seen.of(random.integers(0, len(seen.images), options.batch))
        if random.random() < 0.5:
            image, true, known = (each.flip(-1) for each in (image, true, known))
        loss = background_loss(background(image), true, known, image)
        return loss, {'samples': options.batch}

    trainer.run(loss_of, lambda: {'held_out_behind': behind(background, held_out)}, log_every=50,
                evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
