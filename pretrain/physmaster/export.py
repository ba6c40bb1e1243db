"""Writes public/models/<size>: model.safetensors (f16), model.json, fixture.safetensors.

    python3 -m physmaster.export --stage stage_one --metrics metrics.json
Averaged (EMA) weights; `base` exports a model whose Stage I has not run yet. The model card is
model_card.py's. sampler_table.py's samplers.json is taken along where it is there. What a log cannot say about this
run goes into notes.txt beside the checkpoints, a line a note.
"""

import hashlib
import json
from pathlib import Path

import numpy as np
import torch

from . import safetensors
from .assemble import assemble
from .budget import report
from .command import arguments, prepare
from .data import Clips, training_clips
from .fixture import make_fixture

# Measured on held-out clips, besides what is named held_out_*.
HELD_OUT = ('psnr', 'psnr_moving', 'edges')
CURVE_POINTS = 12

# What grow.py says about the model that this one has grown from.
GROWN = 'grown.json'


def logs(folder):
    """Records of every stage's log in order: {stage: [{step, seconds, ...}]}."""
    found = {}
    for stage in ('autoencoder', 'motion', 'decoder', 'background', 'refiner', 'backbone', 'base', 'stage_one'):
        path = folder / f'{stage}.jsonl'
        if path.exists():
            found[stage] = [json.loads(line) for line in path.read_text().splitlines()]
    return found


def last_records(folder):
    """The last record of every stage's log: {stage: {step, seconds, ...}}."""
    records = {}
    for stage, lines in logs(folder).items():
        records[stage] = {key: value for line in lines for key, value in line.items() if key != 'final'}
    return records


def held_out_curves(folder):
    """What each stage's log says of held-out clips, thinned to CURVE_POINTS, the last among them: {stage: [{samples,
    ...}]}. Stages that were measured once have none.
    """
    curves = {}
    for stage, lines in logs(folder).items():
        points = []
        for line in lines:
            measured = {key: value for key, value in line.items() if key.startswith('held_out') or key in HELD_OUT}
            if measured and 'samples' in line:
                points.append({'samples': line['samples'], **measured})
        if len(points) > 1:
            count = min(len(points), CURVE_POINTS)
            curves[stage] = [points[round(i * (len(points) - 1) / (count - 1))] for i in range(count)]
    return curves


def main():
    parser = arguments(__doc__)
    parser.add_argument('--stage', choices=('base', 'stage_one'), default='stage_one')
    parser.add_argument('--models', default='public/models')
    parser.add_argument('--metrics', help='JSON with the metrics of scripts/score-clips.ts, stored in model.json')
    options = parser.parse_args()
    config, folder = prepare(options)
    model, steps = assemble(config, folder, options.stage)
    target = Path(options.models) / config.size
    target.mkdir(parents=True, exist_ok=True)
    tensors = {name: value.half().numpy() for name, value in model.exported().items()}
    for name, value in tensors.items():
        if not np.isfinite(value).all():
            raise ValueError(f'{name} does not fit f16')
    safetensors.write(target / 'model.safetensors', tensors, {'format': 'pt', 'size': config.size})
    digest = hashlib.sha256((target / 'model.safetensors').read_bytes()).hexdigest()
    with torch.no_grad():
        for value in model.state_dict().values():
            value.copy_(value.half().float())
    seen = Clips(options.data, ['seen'], config, 1)
    fixture = make_fixture(model, seen.video(0)[0])
    safetensors.write(target / 'fixture.safetensors', fixture)
    families = Clips(options.data, ['train'], config).families()
    description = {
        'name': f'physmaster-{config.size}',
        'summary': f'Trained from nothing on simulated scenes of {len(families)} families.',
        'size': config.size, 'stage': options.stage, 'config': config.as_dict(),
        'sha256': digest, 'budget': report(config), 'tensors': len(tensors),
        'data': training_clips(options.data, config), 'seed': options.seed,
        'families': families, 'steps': steps, 'training': last_records(folder),
        'curves': held_out_curves(folder),
    }
    grown = folder / GROWN
    if grown.exists():
        description['grown'] = json.loads(grown.read_text())
    notes = folder / 'notes.txt'
    if notes.exists():
        description['notes'] = notes.read_text().splitlines()
    samplers = folder / 'samplers.json'
    if samplers.exists():
        description['samplers'] = json.loads(samplers.read_text())
    if options.metrics:
        description['metrics'] = json.loads(Path(options.metrics).read_text())
    (target / 'model.json').write_text(json.dumps(description, indent=2) + '\n')
    for name in ('model.safetensors', 'fixture.safetensors', 'model.json'):
        print(f'{target / name}: {(target / name).stat().st_size / 1e6:.2f} MB')


if __name__ == '__main__':
    main()
