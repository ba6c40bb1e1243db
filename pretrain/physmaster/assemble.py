"""Puts the stages' averaged parameters together into one Model."""

from pathlib import Path

import torch

from .model import Model
from .training import load_ema


def assemble(config, folder, stage='stage_one'):
    """Model with the autoencoder, backbone and the generator of `stage` ('base' or 'stage_one'); and steps
    each.
    """
    folder = Path(folder)
    model = Model(config)
    steps = {}
    for name, file, modules in (('autoencoder', 'autoencoder', [('autoencoder', model.autoencoder)]),
                                ('backbone', 'backbone', [('backbone', model.backbone)]),
                                (stage, stage, [('head', model.head), ('transformer', model.transformer)])):
        for prefix, module in modules:
            steps[name] = load_ema(module, folder / f'{file}.pt', prefix)
    if (folder / 'decoder.pt').exists():
        steps['decoder'] = load_ema(model.autoencoder.decoder, folder / 'decoder.pt', 'decoder')
    statistics = torch.load(folder / 'latent-statistics.pt')
    model.autoencoder.latent_mean.copy_(statistics['latent_mean'])
    model.autoencoder.latent_std.copy_(statistics['latent_std'])
    return model.eval(), steps
