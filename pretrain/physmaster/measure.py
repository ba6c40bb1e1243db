"""Metrics of the assembled model on seen and unseen clips, by the project's own tracker
(scripts/score-clips.ts).

    python3 -m physmaster.measure --file .cache/pretrain/nano/metrics.json
For each split: model (4 Euler steps, noise seed i + 1 for clip i), floor (the autoencoder's reconstruction of
the truth), still (first frame repeated), truth (the tracker on true frames), and the reconstruction's PSNR;
the model once more with its physics tokens zeroed, to see whether it uses them. Intervals: bootstrap 95 %
over clips.
"""

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np
import torch

from .assemble import assemble
from .command import arguments, prepare
from .data import Clips
from .sample import make_clips
from .train_autoencoder import measure as psnr


def score(clips, split, first_seed=0, per_clip=False):
    """u8 clips [K, 25, 64, 64, 3] of scenes first_seed.. of a split -> score-clips.ts's JSON."""
    with tempfile.NamedTemporaryFile(suffix='.u8') as file:
        clips.tofile(file.name)
        words = ['npx', 'tsx', 'scripts/score-clips.ts', '--predicted', file.name, '--split', split, '--first-seed',
                 str(first_seed), '--clips', str(len(clips))] + (['--per-clip'] if per_clip else [])
        return json.loads(subprocess.run(words, check=True, capture_output=True, text=True).stdout)


def without_physics(model):
    """Zeroes the physics tokens by zeroing the head's last layer."""
    with torch.no_grad():
        model.head.output.weight.zero_()
        model.head.output.bias.zero_()
    return model


def main():
    parser = arguments(__doc__)
    parser.add_argument('--file', required=True, help='JSON to write')
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--clips', type=int, default=128)
    parser.add_argument('--kinds', default='model,floor,model-without-physics')
    options = parser.parse_args()
    config, folder = prepare(options)
    result = {'clips': options.clips, 'stage': options.stage}
    for split in ('seen', 'unseen'):
        model, _ = assemble(config, folder, options.stage)
        source = Clips(options.data, [split], config, options.clips)
        videos = source.videos(range(options.clips))
        entry = {}
        for kind in options.kinds.split(','):
            if kind == 'model-without-physics':
                model = without_physics(model)
            clips = make_clips(model, kind.split('-')[0], videos, bf16=options.bf16)
            scores = score(clips, split)['results']
            entry[kind] = scores['model']
            entry.update({'still': scores['still'], 'truth': scores['truth']})
        entry['reconstruction'] = psnr(model.autoencoder, np.ascontiguousarray(videos))
        result[split] = entry
        for kind, values in entry.items():
            if 'strictL2' in values:
                names = ('l2', 'strictL2', 'chamfer', 'iou', 'survival')
                line = {name: round(values[name]['mean'], 4) for name in names}
                print(split, kind, line, flush=True)
        print(split, entry['reconstruction'], flush=True)
    Path(options.file).write_text(json.dumps(result, indent=2) + '\n')


if __name__ == '__main__':
    main()
