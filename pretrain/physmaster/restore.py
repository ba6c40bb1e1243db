"""Checkpoints from a published model, for when the ones on disk are gone.

    python3 -m physmaster.restore --models public/models
Writes <out>/<size>/{autoencoder,backbone,base or stage_one}.pt and latent-statistics.pt from model.safetensors (f16)
and the steps, seconds and samples that model.json records. What is there already is kept. Restored are averaged
weights: a stage that goes on from them starts with fresh optimizer state; a finished stage is what it was, to f16.
"""

import json
from pathlib import Path

import torch

from . import safetensors
from .command import arguments, prepare
from .export import GROWN

GENERATOR = ('head', 'transformer')
UNTRAINED = {'step': 0, 'seconds': 0.0, 'samples': 0}


def checkpoint(tensors, modules, record, seed):
    """A Trainer's checkpoint of the named modules, without optimizer state."""
    kept = {key: torch.from_numpy(value).float() for key, value in tensors.items() if key.split('.')[0] in modules}
    return {'parameters': kept, 'ema': {key: value.clone() for key, value in kept.items()}, 'seed': seed,
            **{name: record[name] for name in ('step', 'seconds', 'samples')}}


def restore(published, folder):
    """Checkpoints in `folder` from model.safetensors and model.json in `published`. Returns the stages written."""
    description = json.loads((published / 'model.json').read_text())
    tensors, _ = safetensors.read(published / 'model.safetensors')
    statistics = {name: torch.from_numpy(tensors.pop(f'autoencoder.{name}')).float()
                  for name in ('latent_mean', 'latent_std')}
    # A constant, no parameter.
    tensors.pop('autoencoder.decoder.motion.cells', None)
    written = []
    for stage, modules in (('autoencoder', ('autoencoder',)), ('backbone', ('backbone',)),
                           (description['stage'], GENERATOR)):
        # A model that has grown out of another may not have trained every stage itself.
        record, path = description['training'].get(stage, UNTRAINED), folder / f'{stage}.pt'
        if not path.exists():
            torch.save(checkpoint(tensors, modules, record, description['seed']), path)
            written.append(stage)
            if record is UNTRAINED:
                continue
            with open(folder / f'{stage}.jsonl', 'a', encoding='utf-8') as file:
                file.write(json.dumps(record) + '\n')
    if 'grown' in description and not (folder / GROWN).exists():
        (folder / GROWN).write_text(json.dumps(description['grown'], indent=2) + '\n')
    if not (folder / 'latent-statistics.pt').exists():
        torch.save(statistics, folder / 'latent-statistics.pt')
    return written


def main():
    parser = arguments(__doc__)
    parser.add_argument('--models', default='public/models')
    options = parser.parse_args()
    config, folder = prepare(options)
    print('restored:', ', '.join(restore(Path(options.models) / config.size, folder)) or 'nothing, all is there')


if __name__ == '__main__':
    main()
