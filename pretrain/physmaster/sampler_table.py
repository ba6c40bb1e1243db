"""Quality against sampler: steps, method, temperature and guidance, on clips that nothing was trained or tested on.

    for family in free-fall bouncing ...; do npx tsx scripts/dataset.ts --family $family --split train \
        --first-seed 900000 --clips 16 --out .cache/validation/nano; done
    python3 -m physmaster.sampler_table --data .cache/validation --file .cache/pretrain/nano/samplers.json
Every family with clips there counts the same. The default sampler in config.py is chosen from this table, and not from
the held-out splits that the model card reports. spread: mean absolute pixel difference (levels of 255) between two clips of one image, near motion: what a low
temperature costs. One setting differs from the default at a time.
"""

import json
from pathlib import Path

import numpy as np

from .assemble import assemble
from .command import arguments, prepare
from .data import Clips
from .measure import mean_over_families, score_families
from .sample import make_clips
from .sampler import default_sampler

# Share of the clips that are made a second time, from other noise, for the spread.
SPREAD_SHARE = 0.25


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
    """Mean absolute difference, in levels, over the pixels of frames 1.. that move in the true clip: one number a clip
    in which something moves.
    """
    moving = (np.abs(videos.astype(np.int16) - videos[:, :1]).max(-1) > 8).any(1)
    difference = np.abs(first.astype(np.int16) - second).mean(-1)[:, 1:]
    return [float(frames[:, where].mean()) for frames, where in zip(difference, moving) if where.any()]


def try_settings(settings, model, config, options, known):
    """Scores by family with these settings, and the row of the table: what they cost and how good the clips are."""
    spreads = []

    def make(source):
        rows = range(len(source))
        videos, domains = source.videos(rows), source.domains()[:len(source)]
        clips = make_clips(model, 'model', videos, domains, sampler=settings, bf16=options.bf16)
        some = slice(0, max(1, round(SPREAD_SHARE * len(source))))
        again = make_clips(model, 'model', videos[some], domains[some], 100_001, settings, options.bf16)
        spreads.extend(spread_near_motion(clips[some], again, videos[some]))
        return clips

    scores = score_families(make, config, options.data, options.split, options.clips, known)
    return scores, {**settings, 'velocities': velocities(settings), **mean_over_families(scores),
                    'spread': round(float(np.mean(spreads)), 2)}


def main():
    parser = arguments(__doc__)
    parser.add_argument('--split', default='train')
    parser.add_argument('--clips', type=int, default=16, help='of each family')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--file', required=True, help='JSON to write')
    options = parser.parse_args()
    config, folder = prepare(options)
    model, _ = assemble(config, folder, options.stage)
    table, known = [], None
    for settings in variations(default_sampler(config)):
        known, row = try_settings(settings, model, config, options, known)
        table.append(row)
        print({name: value for name, value in row.items() if name != 'families'}, flush=True)
    source = Clips(options.data, [options.split], config)
    result = {'data': source.names(), 'clips': options.clips, 'stage': options.stage, 'rows': table}
    Path(options.file).write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    main()
