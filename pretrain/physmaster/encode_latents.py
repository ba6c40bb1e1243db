"""Encodes every clip of the given splits once: latents [K, 7, 8, 8, 16] as f16, normalised per channel.

    python3 -m physmaster.encode_latents --splits wide,train
Mean and standard deviation are taken over latent frames 1.. of --statistics clips of the first split, unless
latent-statistics.pt is there and newer than the autoencoder: a generator that was trained under them goes on under
them. Writes latents-<split>.npy and latent-statistics.pt beside the checkpoints. Under torchrun the ranks share the
clips.
"""

import numpy as np
import torch
from torch import distributed

from .autoencoder import Autoencoder
from .command import arguments, prepare
from .data import Clips, network_pixels
from .training import load_ema, start_process_group


@torch.no_grad()
def encode(autoencoder, clips, rows, bf16, batch=16):
    """Latents of some clips under the autoencoder's present statistics: f32 [K, 7, 8, 8, 16]."""
    parts = []
    for start in range(0, len(rows), batch):
        video = network_pixels(clips.videos(rows[start:start + batch]))
        with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
            parts.append(autoencoder.latent_from_video(video).float())
    return torch.cat(parts)


def main():
    parser = arguments(__doc__)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--statistics', type=int, default=512)
    options = parser.parse_args()
    config, folder = prepare(options)
    rank, ranks = start_process_group()
    autoencoder = Autoencoder(config)
    load_ema(autoencoder, folder / 'autoencoder.pt', 'autoencoder')
    splits = options.splits.split(',')
    path = folder / 'latent-statistics.pt'
    kept = path.exists() and path.stat().st_mtime > (folder / 'autoencoder.pt').stat().st_mtime
    if kept:
        statistics = torch.load(path)
    else:
        first = Clips(options.data, splits[:1], config)
        # Spread over all families.
        rows = np.linspace(0, len(first) - 1, min(options.statistics, len(first))).astype(int)
        generated = encode(autoencoder, first, rows, options.bf16)[:, 1:].reshape(-1, config.latent_channels)
        statistics = {'latent_mean': generated.mean(0), 'latent_std': generated.std(0).clamp(min=1e-3)}
    if ranks > 1:
        # No rank may write before all have looked.
        distributed.barrier()
    autoencoder.latent_mean.copy_(statistics['latent_mean'])
    autoencoder.latent_std.copy_(statistics['latent_std'])
    if rank == 0:
        if not kept:
            torch.save(statistics, path)
        print('kept' if kept else 'measured',
              {name: [round(float(v), 3) for v in value] for name, value in statistics.items()})
    for split in splits:
        clips = Clips(options.data, [split], config)
        share = -(-len(clips) // ranks)
        rows = range(rank * share, min(len(clips), (rank + 1) * share))
        part = folder / f'latents-{split}.{rank}.part.npy'
        np.save(part, encode(autoencoder, clips, rows, options.bf16).half().numpy())
        if ranks > 1:
            distributed.barrier()
        if rank == 0:
            parts = [folder / f'latents-{split}.{r}.part.npy' for r in range(ranks)]
            np.save(folder / f'latents-{split}.npy', np.concatenate([np.load(p) for p in parts]))
            for p in parts:
                p.unlink()
            print(f'{split}: {len(clips)} clips', flush=True)


if __name__ == '__main__':
    main()
