"""Samples clips of a split, or its floor or still baseline, as u8 files for scripts/score-clips.ts, and a
sheet.

    python3 -m physmaster.sample --split seen --clips 128 --stage stage_one --file clips.u8 --sheet sheet.png
Kinds: `model` (noise of seed i + 1), `floor` (reconstruction of the truth), `still` (first frame).
"""

import numpy as np
import torch

from .assemble import assemble
from .command import arguments, prepare
from .data import Clips, bytes_from_network, network_pixels
from .pictures import contact_sheet, write_png
from .sampler import clips_from_images
from .train_autoencoder import reconstruct


@torch.no_grad()
def make_clips(model, kind, videos, domains, first_seed=1, sampler=None, bf16=True, batch=16):
    """u8 [K, 25, 64, 64, 3] truth and domain ids [K] -> u8 clips of the same shape. `sampler`: clips_from_images."""
    if kind == 'still':
        return np.repeat(videos[:, :1], videos.shape[1], 1)
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
