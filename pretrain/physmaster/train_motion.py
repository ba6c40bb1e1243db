"""Trains where the decoder takes pixels from in the first frame, while all else stays as it is.

    python3 -m physmaster.train_motion --size small --minutes 40
Latents are true ones or estimates (estimates.py). Three errors, each a mean over pixels:
  guide: distance of the offsets from how far the thing's centre has come, by the renderer's masks. A bilinear sample has
    a gradient of one pixel's reach only, so that a thing that has gone further than its own size is not found without.
    Fades out over the first --guided of the budget, for it knows no rotation;
  colour: L1 of the moved pixels, as they are and blurred, on what has moved and on a rim around it;
  trust: cross entropy with whether the moved pixel is right.
"""

import numpy as np
import torch
from torch.nn import functional as F

from .assemble import assemble
from .command import arguments, budget_from, prepare
from .data import Clips, network_pixels, split_rows
from .estimates import InexactLatents, add_options
from .losses import moved
from .motion import warp
from .training import Trainer

# Pixels around a moved thing that come along with it, so that its edge is the first frame's.
RIM = 3
# Latent frames of a clip that are looked at in a step.
PART = 3
# A moved pixel is right when no colour is off by more, in network units (range 2).
RIGHT = 0.15


def displacements(mask, frames=slice(None)):
    """Masks u8 [25, S, S] -> how far each labelled pixel's thing has come: offsets back to the first frame [2, T, S, S] in
    pixels, x then y, and where they are known [T, S, S], that is where the thing is seen in both frames; of these frames.
    """
    first, mask = mask[0], mask[frames]
    offsets, known = np.zeros((2, *mask.shape), np.float32), np.zeros(mask.shape, bool)
    for label in np.unique(first[first > 0]):
        rows, columns = np.nonzero(first == label)
        for t in range(len(mask)):
            y, x = np.nonzero(mask[t] == label)
            if len(y):
                offsets[:, t, y, x] = [[columns.mean() - x.mean()], [rows.mean() - y.mean()]]
                known[t, y, x] = True
    return offsets, known


def errors(offsets, trust, image, video, goal, known):
    """(guide, colour, trust) of offsets [B, 2, T, S, S] into the image [B, 3, S, S] and trust [B, 1, T, S, S] for video
    [B, 3, T, S, S], with what displacements() says of each clip.
    """
    known = known[:, None].float()
    guide = (known * F.smooth_l1_loss(offsets, goal, reduction='none', beta=4.0)).sum() / known.sum().clamp(min=1)
    warped = warp(image, offsets)
    # What is followed, with its rim, and the rest of what has moved with less weight: it may well have a source too.
    near = known
    for kernel, padding in (((1, 2 * RIM + 1, 1), (0, RIM, 0)), ((1, 1, 2 * RIM + 1), (0, 0, RIM))):
        near = F.max_pool3d(near, kernel, 1, padding)
    weight = moved(video, image) * (0.2 + near) + 0.02
    off = (warped - video).abs()
    colour = (weight * off).sum() / (3 * weight.sum())
    coarse = weight, warped, video
    for _ in range(2):
        coarse = [F.avg_pool3d(x, (1, 2, 2)) for x in coarse]
        share, moved_here, true = coarse
        colour = colour + (share * (moved_here - true).abs()).sum() / (3 * share.sum())
    right = (off.detach().amax(1, keepdim=True) < RIGHT).float()
    confidence = F.binary_cross_entropy_with_logits(trust, right, weight, reduction='sum') / weight.sum()
    return guide, colour, confidence


def main():
    parser = arguments(__doc__)
    add_options(parser, estimated=0.5, time=0.7)
    parser.add_argument('--guided', type=float, default=0.4, help='share of the budget over which the guide fades out')
    parser.add_argument('--batch', type=int, default=4)
    parser.add_argument('--rate', type=float, default=2e-3)
    options = parser.parse_args()
    config, folder = prepare(options)
    if not config.motion_channels:
        raise SystemExit(f'{config.size} paints all that moves: its motion has no channels')
    clips = Clips(options.data, options.splits.split(','), config, whole=True)
    train, measured = split_rows(len(clips), options.held_out)
    model, _ = assemble(config, folder, options.stage)
    autoencoder, motion = model.autoencoder, model.autoencoder.decoder.motion
    model.requires_grad_(False)
    motion.requires_grad_(True)
    trainer = Trainer({'motion': motion}, budget_from(options), folder, 'motion', options.rate, seed=options.seed + 6,
                      warmup=50, decay=0.01)
    if options.resume:
        trainer.load()
    latents = InexactLatents(options, model, clips, folder, train, trainer.random(10 ** 9))

    def errors_of(rows, latent, part=None):
        """Errors of the latent frames `part` of some clips by their normalised latents [B, T', h, w, C]."""
        frames = slice(4 * part[0], 4 * part[1] - 3) if part else slice(None)
        latent = (latent * autoencoder.latent_std + autoencoder.latent_mean).permute(0, 4, 1, 2, 3)
        image = network_pixels(clips.images(rows)).permute(0, 3, 1, 2).contiguous()
        video = np.stack([clips.video(row)[frames] for row in rows])
        video = network_pixels(video).permute(0, 4, 1, 2, 3).contiguous()
        goals = [displacements(clips.mask(row), frames) for row in rows]
        goal, known = (torch.from_numpy(np.stack(each)) for each in zip(*goals))
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            with torch.no_grad():
                features = autoencoder.decoder.features(latent)
            offsets, trust, _ = motion(features, image, part)
        return errors(offsets, trust, image, video, goal, known)

    def loss_of(random, progress):
        rows, latent = latents.draw(options.batch, random)
        start = int(random.integers(0, config.latent_frames - PART + 1))
        guide, colour, trust = errors_of(rows, latent, (start, start + PART))
        guided = max(0.0, 1 - progress / options.guided)
        loss = 0.1 * guided * guide + colour + 0.1 * trust
        parts = {'guide': guide, 'colour': colour, 'trust': trust}
        return loss, {**{name: value.detach() for name, value in parts.items()}, 'samples': options.batch}

    @torch.no_grad()
    def evaluate():
        parts = [errors_of([row], latents.latents.of([row])) for row in measured]
        means = torch.tensor(parts).mean(0)
        return {f'held_out_{name}': round(float(value), 4) for name, value in zip(('guide', 'colour', 'trust'), means)}

    trainer.run(loss_of, evaluate, log_every=50, evaluate_every=options.evaluate_every)


if __name__ == '__main__':
    main()
