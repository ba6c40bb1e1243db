"""Encodes every clip of the given splits once: latents [K, 7, 8, 8, 16] as f16, normalised by their own statistics.

    python3 -m physmaster.encode_latents --splits wide,train
Statistics (mean, standard deviation per channel) are taken over latent frames 1.. of the first split's clips.
Writes latents-<split>.npy and latent-statistics.pt beside the checkpoints.
"""

import numpy as np
import torch

from .autoencoder import Autoencoder
from .command import arguments, prepare
from .data import Clips, network_pixels
from .training import load_ema


@torch.no_grad()
def encode(autoencoder, clips, bf16, batch=16):
    """Latents of all clips under the autoencoder's present statistics: f32 [K, 7, 8, 8, 16]."""
    parts = []
    for start in range(0, len(clips), batch):
        video = network_pixels(clips.videos(range(start, min(start + batch, len(clips)))))
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
            parts.append(autoencoder.latent_from_video(video).float())
    return torch.cat(parts)


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    options = parser.parse_args()
    config, folder = prepare(options)
    autoencoder = Autoencoder(config)
    load_ema(autoencoder, folder / 'autoencoder.pt', 'autoencoder')
    statistics = None
    for split in options.splits.split(','):
        latents = encode(autoencoder, Clips(options.data, [split], config), options.bf16)
        if statistics is None:
            generated = latents[:, 1:].reshape(-1, config.latent_channels)
            statistics = {'latent_mean': generated.mean(0), 'latent_std': generated.std(0).clamp(min=1e-3)}
            torch.save(statistics, folder / 'latent-statistics.pt')
        latents = (latents - statistics['latent_mean']) / statistics['latent_std']
        np.save(folder / f'latents-{split}.npy', latents.half().numpy())
        print(f'{split}: {len(latents)} clips')
    print({name: [round(float(v), 3) for v in value] for name, value in statistics.items()})


if __name__ == '__main__':
    main()
