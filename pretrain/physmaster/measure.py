"""Metrics of the assembled model on held-out clips of every family, by the project's own tracker
(scripts/score-clips.ts).

    python3 -m physmaster.measure --file .cache/pretrain/nano/metrics.json
For each family and split that there are clips of: model (its own sampler, noise seed i + 1 for clip i), floor (the
autoencoder's reconstruction of the truth), still (first frame repeated), truth (the tracker on true frames), the
reconstruction's PSNR and sharpness and the family's law as measured on each; the model once more with its physics
tokens zeroed, to see whether it uses them. Intervals: bootstrap 95 % over clips.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from .assemble import assemble
from .command import arguments, prepare
from .data import Clips, network_pixels
from .sample import make_clips
from .train_autoencoder import likeness


SPLITS = ('seen', 'unseen', 'out-of-range')


def score(clips, split, first_seed=0, per_clip=False, family='free-fall', alone=False):
    """Clips of scenes first_seed.. of a split by kind, {name: u8 [K, 25, S, S, 3]} -> score-clips.ts's JSON; `alone`
    without the first frame repeated and the truth.
    """
    count, _, side = next(iter(clips.values())).shape[:3]
    with tempfile.TemporaryDirectory() as folder:
        files = {kind: Path(folder) / f'{kind}.u8' for kind in clips}
        for kind, path in files.items():
            clips[kind].tofile(path)
        words = ['npx', 'tsx', 'scripts/score-clips.ts', '--family', family, '--split', split,
                 '--predicted', ','.join(f'{kind}={path}' for kind, path in files.items()),
                 '--first-seed', str(first_seed), '--clips', str(count), '--side', str(side)]
        words += ['--per-clip'] * per_clip + ['--alone'] * alone
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def score_families(make, config, data, split, clips, known=None):
    """Scores of make(source) -> u8 clips, for the first `clips` clips of every family of a split: {family: {'model',
    'still'}}, each the results of score(). `source` is a Clips of one family. `known`: an earlier result for the same
    clips, whose `still` is taken over.
    """
    scores = {}
    for family in Clips(data, [split], config).families():
        source = Clips(data, [split], config, clips, family)
        first_seed = source.scenes()[0]['seed']
        results = score({'model': make(source)}, split, first_seed, family=family, alone=known is not None)['results']
        scores[family] = {'model': results['model'], 'still': known[family]['still'] if known else results['still']}
    return scores


def mean_over_families(scores):
    """Means of score_families()'s scores over families, each counting the same: of the model's metrics, and `ofStill`,
    strict L2 as a share of that of the first frame repeated, which `families` gives for each.
    """
    models = [entry['model'] for entry in scores.values()]
    means = {name: float(np.mean([model[name]['mean'] for model in models if model[name]['mean'] is not None]))
             for name in ('strictL2', 'l2', 'iou', 'survival')}
    shares = {family: round(entry['model']['strictL2']['mean'] / entry['still']['strictL2']['mean'], 5)
              for family, entry in scores.items()}
    means['ofStill'] = float(np.mean(list(shares.values())))
    return {**{name: round(value, 5) for name, value in means.items()}, 'families': shares}


def without_physics(model):
    """Zeroes the physics tokens by zeroing the head's last layer."""
    with torch.no_grad():
        model.head.output.weight.zero_()
        model.head.output.bias.zero_()
    return model


def measure_split(options, config, folder, family, split):
    """Scores of every kind of clip on one family's split."""
    model, _ = assemble(config, folder, options.stage)
    source = Clips(options.data, [split], config, options.clips, family)
    count = len(source)
    videos, domains = source.videos(range(count)), source.domains()[:count]
    made = {}
    for kind in options.kinds.split(','):
        if kind == 'model-without-physics':
            model = without_physics(model)
        made[kind] = make_clips(model, kind.split('-')[0], videos, domains, bf16=options.bf16)
    scores = score(made, split, family=family)
    entry = {'clips': count, **{kind: {**values, 'law': scores['laws'][kind]}
                                for kind, values in scores['results'].items()}}
    floor = made['floor'] if 'floor' in made else make_clips(model, 'floor', videos, domains, bf16=options.bf16)
    entry['reconstruction'] = likeness(network_pixels(floor), network_pixels(videos))
    for kind, values in entry.items():
        if kind not in ('clips', 'reconstruction'):
            names = ('l2', 'strictL2', 'chamfer', 'iou', 'survival', 'law')
            print(family, split, kind, {name: round(values[name]['mean'], 4) if values[name]['mean'] is not None else None
                                        for name in names}, flush=True)
    print(family, split, entry['reconstruction'], flush=True)
    return entry


def main():
    parser = arguments(__doc__)
    parser.add_argument('--file', required=True, help='JSON to write')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--clips', type=int, default=128)
    parser.add_argument('--families', help='comma-separated; all that there are clips of without it')
    parser.add_argument('--kinds', default='model,floor,model-without-physics')
    options = parser.parse_args()
    config, folder = prepare(options)
    held_out = Clips(options.data, SPLITS, config)
    families = options.families.split(',') if options.families else held_out.families()
    result = {'clips': options.clips, 'stage': options.stage, 'families': {}}
    for family in families:
        result['families'][family] = {split: measure_split(options, config, folder, family, split)
                                      for split in held_out.splits(family)}
        Path(options.file).write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    main()
