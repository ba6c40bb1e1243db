"""Quality against sampler: steps, method, temperature and guidance, on clips that nothing was trained or tested on.

    npx tsx scripts/dataset.ts --family free-fall --split train --first-seed 900000 --clips 128 --out .cache/validation
    python3 -m physmaster.sampler_table --data .cache/validation --clips 128 --file .cache/pretrain/nano/samplers.json
The default sampler in config.py is chosen from this table, and not from the held-out splits that the model card
reports. spread: mean absolute pixel difference (levels of 255) between two clips of one image, near motion: what a low
temperature costs. One setting differs from the default at a time.
"""

import json
from pathlib import Path

import numpy as np

from .assemble import assemble
from .command import arguments, prepare
from .data import Clips
from .measure import score
from .sample import make_clips
from .sampler import default_sampler

# Clips that are made a second time, from other noise, for the spread.
SPREAD_CLIPS = 32


def variations(default):
    """Settings to try, each once: the default with one of them changed."""
    changes = [{'steps': steps, 'method': method} for method, counts in (
        ('euler', (1, 2, 3, 4, 8)), ('heun', (1, 2)), ('adams-bashforth', (3, 4, 6, 8, 12))) for steps in counts]
    changes += [{'temperature': temperature} for temperature in (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)]
    changes += [{'guidance': 1.5}]
    tried = []
    for change in changes:
        settings = {**default, **change}
        if settings not in tried:
            tried.append(settings)
    return tried


def velocities(settings):
    """Forwards of the generator a clip."""
    each = 2 if settings['guidance'] != 1.0 else 1
    return settings['steps'] * each * (2 if settings['method'] == 'heun' else 1)


def spread_near_motion(first, second, videos):
    """Mean absolute difference, in levels, over the pixels of frames 1.. that move in the true clip."""
    moving = (np.abs(videos.astype(np.int16) - videos[:, :1]).max(-1) > 8).any(1)
    difference = np.abs(first.astype(np.int16) - second).mean(-1)[:, 1:]
    return float(np.mean([frames[:, where].mean() for frames, where in zip(difference, moving) if where.any()]))


def main():
    parser = arguments(__doc__)
    parser.add_argument('--split', default='train')
    parser.add_argument('--family', default='free-fall')
    parser.add_argument('--clips', type=int, default=128)
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--file', required=True, help='JSON to write')
    options = parser.parse_args()
    config, folder = prepare(options)
    model, _ = assemble(config, folder, options.stage)
    source = Clips(options.data, [options.split], config, options.clips, options.family)
    rows = range(len(source))
    videos, domains, first_seed = source.videos(rows), source.domains()[:len(source)], source.scenes()[0]['seed']
    other = min(SPREAD_CLIPS, len(source))
    table = []
    for settings in variations(default_sampler(config)):
        clips = make_clips(model, 'model', videos, domains, sampler=settings, bf16=options.bf16)
        again = make_clips(model, 'model', videos[:other], domains[:other], 100_001, settings, options.bf16)
        scores = score(clips, options.split, first_seed, family=options.family)['results']
        row = {**settings, 'velocities': velocities(settings),
               'spread': round(spread_near_motion(clips[:other], again, videos[:other]), 2)}
        row.update({name: scores['model'][name] for name in ('strictL2', 'l2', 'iou', 'survival')})
        row['ofStill'] = round(scores['model']['strictL2']['mean'] / scores['still']['strictL2']['mean'], 4)
        table.append(row)
        print(settings, row['ofStill'], round(row['l2']['mean'], 4), round(row['survival']['mean'], 4), row['spread'],
              flush=True)
    result = {'data': source.names()[0], 'clips': len(source), 'stage': options.stage, 'rows': table}
    Path(options.file).write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    main()
