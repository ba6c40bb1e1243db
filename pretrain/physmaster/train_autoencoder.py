"""Trains the video autoencoder: first on 32 x 32 windows around what moves, then on whole frames.

    python3 -m physmaster.train_autoencoder --minutes 24
Sees the splits `wide` and `train`, so every look; the last
--held-out clips of them only measure.
"""

import time

import numpy as np
import torch

from .autoencoder import Autoencoder
from .command import arguments, budget_from, prepare
from .data import Clips, network_pixels, split_rows
from .losses import motion_weight, reconstruction_loss
from .training import Trainer


def decibels(error):
    """Peak signal to noise of mean squared errors in network units (range 2), as a numpy array."""
    return 10 * np.log10(4 / np.maximum(error, 1e-9))


@torch.no_grad()
def reconstruct(autoencoder, videos):
    """u8 [K, 25, 64, 64, 3] -> float video of the same shape, through the mean latent, in the processor's memory."""
    parts = []
    for start in range(0, len(videos), 8):
        video = network_pixels(videos[start:start + 8]).to(autoencoder.latent_mean.device)
        parts.append(autoencoder.video_from_latent(autoencoder.latent_from_video(video), video[:, 0]).float().cpu())
    return torch.cat(parts)


def edge_strength(video, weight):
    """Sum over clips [B, T, H, W, 3] of the squared differences between neighbouring pixels where weight
    [B, T, H, W, 1] is 1: [B]. Squared, since an edge that is spread over n pixels has the same difference in all, and an
    nth of the squares.
    """
    across = ((video[:, :, :, 1:] - video[:, :, :, :-1]).square() * weight[:, :, :, 1:]).flatten(1).sum(1)
    down = ((video[:, :, 1:] - video[:, :, :-1]).square() * weight[:, :, 1:]).flatten(1).sum(1)
    return across + down


@torch.no_grad()
def measure(autoencoder, videos):
    """likeness() of reconstructions of u8 [K, 25, S, S, 3]."""
    return likeness(reconstruct(autoencoder, videos), network_pixels(videos))


def likeness(output, video):
    """Of output [K, T, S, S, 3] to the true video: PSNR per clip (mean) over all pixels, and over pixels near motion; `edges`: squared differences between
    neighbouring pixels near motion as a share of the true clip's (mean): 1 where edges and texture are as sharp.
    """
    square = (output - video).square()
    whole = decibels(square.flatten(1).mean(1).numpy())
    moving = (motion_weight(video.permute(0, 4, 1, 2, 3)) > 1)[:, 0, ..., None].float()
    near = (square * moving).flatten(1).sum(1) / (moving.flatten(1).sum(1) * 3).clamp(min=1)
    edges = edge_strength(output, moving) / edge_strength(video, moving).clamp(min=1e-9)
    return {'psnr': round(float(whole.mean()), 3), 'psnr_moving': round(float(decibels(near.numpy()).mean()), 3),
            'edges': round(float(edges.mean()), 3)}


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--window-share', type=float, default=0.7, help='share of the budget spent on windows')
    parser.add_argument('--window-batch', type=int, default=12)
    parser.add_argument('--batch', type=int, default=4)
    parser.add_argument('--rate', type=float, default=2e-3)
    options = parser.parse_args()
    config, folder = prepare(options)
    clips = Clips(options.data, options.splits.split(','), config, whole=True)
    train, measured = split_rows(len(clips), options.held_out)
    held_out = clips.videos(measured)
    autoencoder = Autoencoder(config)
    for later in (autoencoder.decoder.motion, autoencoder.decoder.refiner):
        # Learn afterwards (train_motion.py, train_refiner.py).
        if later is not None:
            later.requires_grad_(False)
    trainer = Trainer({'autoencoder': autoencoder}, budget_from(options), folder, 'autoencoder', options.rate,
                      seed=options.seed, warmup=100, decay=0.001)
    if options.resume:
        trainer.load()

    def loss_of(random, progress):
        if progress < options.window_share:
            rows = train[random.integers(0, len(train), options.window_batch)]
            videos = np.stack([clips.crop(int(i), config.pixels // 2, random) for i in rows])
        else:
            videos = clips.videos(train[random.integers(0, len(train), options.batch)])
        video = network_pixels(videos).permute(0, 4, 1, 2, 3).contiguous()
        if random.random() < 0.5:
            video = video.flip(-1)
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            mean, log_variance = autoencoder.encoder(video)
            log_variance = log_variance.float().clamp(-12, 4)
            latent = mean.float() + (0.5 * log_variance).exp() * torch.randn(mean.shape)
            paint, keep, _ = autoencoder.decoder.painted(autoencoder.decoder.features(latent), video[:, :, 0])
        output = keep * video[:, :, :1] + (1 - keep) * paint
        # The KL term comes in late: noisy latents at the start are latents that nobody reads.
        kl = options.kl * min(1.0, max(0.01, 4 * (progress - 0.15)))
        loss, parts = reconstruction_loss(output, [paint], video, mean.float(), log_variance, kl)
        return loss, {**parts, 'samples': len(video)}

    def evaluate():
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=options.bf16):
            return measure(autoencoder, held_out)

    began = time.time()
    trainer.run(loss_of, evaluate, log_every=50, evaluate_every=options.evaluate_every)
    print(f'autoencoder: {trainer.step} steps, {time.time() - began:.0f} s')


if __name__ == '__main__':
    main()
