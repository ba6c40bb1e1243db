"""Encodes every clip of the given splits once: latents [K, 7, 8, 8, 16] as f16, normalised per channel.

    python3 -m physmaster.encode_latents --splits wide,train
Mean and standard deviation are taken over latent frames 1.. of --statistics whole clips, unless latent-statistics.pt is
there and newer than the autoencoder: a generator that was trained under them goes on under them. Writes
latents/<folder>.npy and latent-statistics.pt beside the checkpoints; latents that are newer than both are kept, so that
more clips can be added. --thin cuts folders down to first frames once they are encoded, for clips that are larger than the
disk. Under torchrun the ranks share the folders.
"""

import os

import numpy as np
import torch
from torch import distributed

from .autoencoder import Autoencoder
from .command import arguments, prepare
from .data import Clips, network_pixels, thin
from .training import load_ema, start_process_group


@torch.no_grad()
def encode(autoencoder, clips, rows, bf16, batch=16):
    """Latents of some clips under the autoencoder's present statistics: f32 [K, 7, 8, 8, 16]."""
    parts, device = [], autoencoder.latent_mean.device
    for start in range(0, len(rows), batch):
        video = network_pixels(clips.videos(rows[start:start + batch])).to(device)
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=bf16):
            parts.append(autoencoder.latent_from_video(video).float().cpu())
    return torch.cat(parts)


def measure_statistics(autoencoder, options, config):
    """Mean and standard deviation of latent frames 1.. by channel, over clips that are spread over all families."""
    clips = Clips(options.data, options.splits.split(','), config, whole=True)
    rows = np.linspace(0, len(clips) - 1, min(options.statistics, len(clips))).astype(int)
    generated = encode(autoencoder, clips, rows, options.bf16)[:, 1:].reshape(-1, config.latent_channels)
    return {'latent_mean': generated.mean(0), 'latent_std': generated.std(0).clamp(min=1e-3)}


def main():
    parser = arguments(__doc__, device=True)
    parser.add_argument('--splits', default='wide,train')
    parser.add_argument('--statistics', type=int, default=2000)
    parser.add_argument('--thin', action='store_true', help='cut folders down to first frames once they are encoded')
    options = parser.parse_args()
    config, folder = prepare(options)
    rank, ranks = start_process_group()
    autoencoder = Autoencoder(config)
    load_ema(autoencoder, folder / 'autoencoder.pt', 'autoencoder')
    path = folder / 'latent-statistics.pt'
    kept = path.exists() and path.stat().st_mtime > (folder / 'autoencoder.pt').stat().st_mtime
    statistics = torch.load(path) if kept else measure_statistics(autoencoder, options, config)
    if ranks > 1:
        # No rank may write before all have looked.
        distributed.barrier()
    if rank == 0:
        if not kept:
            torch.save(statistics, path)
        print('kept' if kept else 'measured',
              {name: [round(float(v), 3) for v in value] for name, value in statistics.items()})
    if ranks > 1:
        distributed.barrier()
    autoencoder.latent_mean.copy_(statistics['latent_mean'])
    autoencoder.latent_std.copy_(statistics['latent_std'])
    (folder / 'latents').mkdir(exist_ok=True)
    clips = Clips(options.data, options.splits.split(','), config)
    for number in range(rank, len(clips.folders), ranks):
        source = clips.folders[number][-1]
        target = folder / 'latents' / f'{source.name}.npy'
        if target.exists() and target.stat().st_mtime > path.stat().st_mtime:
            continue
        rows = clips.rows_in(number)
        # np.save would add its own suffix to another name.
        part = target.with_suffix('.part.npy')
        np.save(part, encode(autoencoder, clips, rows, options.bf16).half().numpy())
        os.replace(part, target)
        if options.thin:
            thin(source, config)
        print(f'{source.name}: {len(rows)} clips', flush=True)


if __name__ == '__main__':
    main()
