"""Samples clips of a split, or its floor or still baseline, as u8 files for scripts/score-clips.ts, and a
sheet.

    python3 -m physmaster.sample --split seen --clips 128 --stage stage_one --file clips.u8 --sheet sheet.png
Kinds: `model` (noise of seed i + 1), `floor` (reconstruction of the truth), `still` (first frame).
"""

import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from .assemble import assemble
from .command import arguments, prepare
from .config import DOMAINS
from .data import Clips, bytes_from_network, network_pixels
from .pictures import contact_sheet, write_png
from .sampler import clips_from_images
from .train_autoencoder import reconstruct

# Domains in which bodies keep their shapes, as the studio has it.
KEEP_SHAPES = ('rigid', 'optics')


@torch.no_grad()
def with_whole_bodies(autoencoder, clips, images, domains):
    """Clips u8 [K, 25, S, S, 3] of first frames [K, S, S, 3] and domains [K], with bodies in the shapes that these show,
    by the studio's own code (src/model/whole-bodies.ts); as they are where shapes do not last, or the autoencoder knows no
    backgrounds.
    """
    rows = np.flatnonzero(np.isin(domains, [DOMAINS[name] for name in KEEP_SHAPES]))
    if autoencoder.decoder.refiner is None or len(rows) == 0:
        return clips
    clips, images = clips.copy(), np.ascontiguousarray(images[rows])
    pixels = network_pixels(images).permute(0, 3, 1, 2).contiguous()
    backgrounds = torch.cat([autoencoder.decoder.refiner.background(part) for part in pixels.split(16)])
    given = {'clips': clips[rows], 'images': images, 'backgrounds': bytes_from_network(backgrounds.permute(0, 2, 3, 1))}
    with tempfile.TemporaryDirectory() as folder:
        words = ['npx', 'tsx', 'scripts/whole-bodies.ts', '--side', str(images.shape[1])]
        for name, values in given.items():
            values.tofile(Path(folder) / name)
            words += [f'--{name}', str(Path(folder) / name)]
        subprocess.run(words, check=True, capture_output=True)
        clips[rows] = np.fromfile(Path(folder) / 'clips', np.uint8).reshape(-1, *clips.shape[1:])
    return clips


def make_clips(model, kind, videos, domains, first_seed=1, sampler=None, bf16=True, batch=16):
    """u8 [K, 25, S, S, 3] truth and domain ids [K] -> u8 clips of the same shape. `sampler`: clips_from_images."""
    if kind == 'still':
        return np.repeat(videos[:, :1], videos.shape[1], 1)
    clips = decoded_clips(model, kind, videos, domains, first_seed, sampler, bf16, batch)
    return with_whole_bodies(model.autoencoder, clips, videos[:, 0], domains)


@torch.no_grad()
def decoded_clips(model, kind, videos, domains, first_seed, sampler, bf16, batch):
    """Those that the networks make, without what is done to bodies afterwards."""
    with torch.autocast('cpu', dtype=torch.bfloat16, enabled=bf16):
        if kind == 'floor':
            return bytes_from_network(reconstruct(model.autoencoder, videos))
        parts = []
        for start in range(0, len(videos), batch):
            image = network_pixels(videos[start:start + batch, 0])
            seeds = range(first_seed + start, first_seed + start + len(image))
            told = torch.from_numpy(domains[start:start + batch])
            parts.append(bytes_from_network(clips_from_images(model, image, seeds, told, sampler)))
        return np.concatenate(parts)


def main():
    parser = arguments(__doc__)
    parser.add_argument('--split', default='seen')
    parser.add_argument('--family', default='free-fall')
    parser.add_argument('--clips', type=int, default=128)
    parser.add_argument('--kind', choices=('model', 'floor', 'still'), default='model')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--sampler-steps', type=int)
    parser.add_argument('--temperature', type=float)
    parser.add_argument('--first-seed', type=int, default=1, help='noise seed of the first clip')
    parser.add_argument('--file', required=True)
    parser.add_argument('--sheet')
    options = parser.parse_args()
    config, folder = prepare(options)
    model, _ = assemble(config, folder, options.stage)
    source = Clips(options.data, [options.split], config, options.clips, options.family)
    videos = source.videos(range(options.clips))
    asked = {'steps': options.sampler_steps, 'temperature': options.temperature}
    sampler = {name: value for name, value in asked.items() if value is not None}
    clips = make_clips(model, options.kind, videos, source.domains()[:options.clips], options.first_seed,
                       sampler, options.bf16)
    clips.tofile(options.file)
    if options.sheet:
        rows = [clip for pair in zip(videos[:6], clips[:6]) for clip in pair]
        write_png(options.sheet, contact_sheet(rows))
    print(f'{options.file}: {len(clips)} clips, {options.kind} of {options.family} {options.split}')


if __name__ == '__main__':
    main()
