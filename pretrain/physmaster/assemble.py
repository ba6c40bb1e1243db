"""Puts the stages' averaged parameters together into one Model."""

from pathlib import Path

import torch

from .model import Model
from .training import load_ema


def load_backbone(backbone, folder):
    """The backbone as the base stage left it where that has run, else as pretrained. Returns the pretraining's steps.
    """
    steps = load_ema(backbone, folder / 'backbone.pt', 'backbone')
    if (folder / 'base.pt').exists():
        load_ema(backbone, folder / 'base.pt', 'backbone')
    return steps


def load_autoencoder(autoencoder, folder):
    """The autoencoder with its motion, the decoder's further training and its refiner where those have run, and the
    statistics of its latents. Returns the steps of each.
    """
    steps = {'autoencoder': load_ema(autoencoder, folder / 'autoencoder.pt', 'autoencoder')}
    # The decoder's own checkpoint holds its motion as well, trained on.
    if (folder / 'motion.pt').exists():
        steps['motion'] = load_ema(autoencoder.decoder.motion, folder / 'motion.pt', 'motion')
    if (folder / 'decoder.pt').exists():
        steps['decoder'] = load_ema(autoencoder.decoder, folder / 'decoder.pt', 'decoder')
    if (folder / 'background.pt').exists():
        background = autoencoder.decoder.refiner.background
        steps['background'] = load_ema(background, folder / 'background.pt', 'background')
    if (folder / 'refiner.pt').exists():
        steps['refiner'] = load_ema(autoencoder.decoder.refiner, folder / 'refiner.pt', 'refiner')
    statistics = torch.load(folder / 'latent-statistics.pt', map_location='cpu')
    autoencoder.latent_mean.copy_(statistics['latent_mean'])
    autoencoder.latent_std.copy_(statistics['latent_std'])
    return steps


def assemble(config, folder, stage='stage_one'):
    """Model with the autoencoder, backbone and the generator of `stage` ('base' or 'stage_one'); and steps
    each.
    """
    folder = Path(folder)
    model = Model(config)
    steps = load_autoencoder(model.autoencoder, folder)
    steps['backbone'] = load_backbone(model.backbone, folder)
    for prefix, module in (('head', model.head), ('transformer', model.transformer)):
        steps[stage] = load_ema(module, folder / f'{stage}.pt', prefix)
    return model.eval(), steps
