"""Checkpoints of a larger model from those of a smaller one, so that its training starts where the smaller one's ended.

    python3 -m physmaster.grow --size small-64 --smaller nano
    python3 -m physmaster.grow --size small --smaller small-64 --into stage_one
Takes the smaller model after Stage I (restore.py makes its checkpoints from the published one) and writes to <out>/<size>
autoencoder.pt, backbone.pt and the generator, as the stage that it is to be --into, at step 0, which training goes on from
with --resume. Latent statistics are taken over, and latents where pictures stay as large; grown.json says how the smaller
model was trained.
Blocks are added between those that are there, with zero output layers, and MLPs are widened by units of zero output: the
grown transformer is the same function (Net2Net, arXiv:1511.05641). Patches of pixels that are larger read the mean over
pixels, and are painted in one colour where the smaller model painted a pixel: latents and physics tokens of a picture are
those of the picture at half the resolution. A decoder whose layers are widened as well has to learn again.
"""

import json
import re
import shutil
from pathlib import Path

import torch

from .assemble import assemble
from .autoencoder import Autoencoder
from .backbone import Backbone
from .command import arguments, clips_folder, prepare
from .config import SIZES
from .data import training_clips
from .export import GROWN, last_records
from .transformer import Transformer

BLOCK = re.compile(r'transformer\.block_(\d+)\.(.+)$')
# Layers whose output is added to the residual stream.
ADDED = ('output.weight', 'output.bias', 'mlp_2.weight', 'mlp_2.bias')


def fitted(small, large):
    """`large` with `small` in its first corner: for units that are added behind those that are there."""
    result = large.clone()
    result[tuple(slice(size) for size in small.shape)] = small
    return result


def grow_transformer(ema, smaller, larger):
    """Parameters `transformer.*` of the larger config from those of the smaller one. Raises ValueError when widths that
    all layers share differ, or the number of blocks is not a multiple.
    """
    shared = ('width', 'heads', 'patch', 'latent_channels', 'time_width', 'domains')
    if any(getattr(smaller, name) != getattr(larger, name) for name in shared) or larger.blocks % smaller.blocks:
        raise ValueError(f'{larger.size} does not contain {smaller.size}')
    every = larger.blocks // smaller.blocks
    grown = {}
    for key, fresh in Transformer(larger).state_dict(prefix='transformer.').items():
        match = BLOCK.match(key)
        if not match:
            if key in ema:
                grown[key] = ema[key].clone()
            continue
        block, name = int(match[1]), match[2]
        source = ema[f'transformer.block_{block // every}.{name}']
        if name == 'mlp_2.weight':
            fresh = torch.zeros_like(fresh)
        added = block % every != every - 1
        grown[key] = torch.zeros_like(fresh) if added and name in ADDED else fitted(source, fresh)
    return grown


def finer(weight, axis, before, after):
    """A weight whose `axis` is a patch of pixels (height, width, channels), with every pixel divided into equal ones."""
    weight = weight.unflatten(axis, (before, before, -1))
    weight = weight.repeat_interleave(after // before, axis).repeat_interleave(after // before, axis + 1)
    return weight.flatten(axis, axis + 2)


def grow_backbone(ema, smaller, larger):
    """Parameters `backbone.*`: a larger patch reads the mean over pixels that the smaller model sees as one. Raises
    ValueError when the numbers of patches differ, or a patch is not a multiple.
    """
    before, after = smaller.backbone_patch, larger.backbone_patch
    if smaller.image_tokens != larger.image_tokens or after % before:
        raise ValueError(f'the patches of {larger.size} are not those of {smaller.size} at a finer resolution')
    grown = {key: ema[key].clone() for key in Backbone(larger).state_dict(prefix='backbone.')}
    weight = finer(ema['backbone.patch.weight'], 0, before, after) * (before / after) ** 2
    grown['backbone.patch.weight'] = weight.contiguous()
    return grown


def grow_autoencoder(ema, smaller, larger):
    """Parameters `autoencoder.*`: the encoder is the same function of the mean over pixels. Raises ValueError when the
    latents or the encoder differ, or a patch is not a multiple.
    """
    before, after = smaller.autoencoder_patch, larger.autoencoder_patch
    shared = ('latent_pixels', 'latent_channels', 'encoder_channels')
    if any(getattr(smaller, name) != getattr(larger, name) for name in shared) or after % before:
        raise ValueError(f'the latents of {larger.size} are not those of {smaller.size} at a finer resolution')
    grown = {}
    for key, fresh in Autoencoder(larger).named_parameters(prefix='autoencoder'):
        if '.motion.' in key or '.refiner.' in key:
            # Learn anew: both are of pixels.
            grown[key] = fresh.detach()
            continue
        source, fresh = ema[key], fresh.detach()
        if key in ('autoencoder.encoder.input.weight', 'autoencoder.decoder.image.weight'):
            source = finer(source, 3, before, after) * (before / after) ** 2
        elif key.startswith('autoencoder.decoder.output.'):
            source = finer(source, source.dim() - 1, before, after)
        elif '.up_' in key:
            # Outputs are the 2 x 2 x 2 places of every channel.
            grown[key] = fitted(source.unflatten(-1, (8, -1)), fresh.unflatten(-1, (8, -1))).flatten(-2)
            continue
        grown[key] = fitted(source, fresh)
    return grown


def grown_record(data, folder, smaller):
    """What grown.json says: the smaller model's size, clips and last records, and what that one had grown from."""
    record = {'size': smaller.size, 'data': training_clips(data, smaller), 'training': last_records(folder)}
    path = folder / GROWN
    return {**record, 'grown': json.loads(path.read_text())} if path.exists() else record


def checkpoint(parameters, seed):
    """A Trainer's checkpoint at step 0, without optimizer state."""
    return {'parameters': parameters, 'ema': {key: value.clone() for key, value in parameters.items()}, 'seed': seed,
            'step': 0, 'seconds': 0.0, 'samples': 0}


def main():
    parser = arguments(__doc__)
    parser.add_argument('--smaller', choices=sorted(SIZES), default='nano')
    parser.add_argument('--into', choices=('base', 'stage_one'), default='base', help='stage of the larger model')
    options = parser.parse_args()
    data = options.data
    config, folder = prepare(options)
    smaller, source = SIZES[options.smaller], Path(options.out) / options.smaller
    model, _ = assemble(smaller, source)

    def of(*prefixes):
        return {key: p.detach().clone() for key, p in model.named_parameters() if key.split('.')[0] in prefixes}

    backbone = grow_backbone(of('backbone'), smaller, config)
    generator = {**of('head'), **grow_transformer(of('transformer'), smaller, config)}
    if options.into == 'base':
        # The backbone learns with the base generator and is frozen from then on.
        generator.update(backbone)
    autoencoder = grow_autoencoder(of('autoencoder'), smaller, config)
    for name, parameters in (('autoencoder', autoencoder), ('backbone', backbone), (options.into, generator)):
        torch.save(checkpoint(parameters, options.seed), folder / f'{name}.pt')
    shutil.copy(source / 'latent-statistics.pt', folder)
    if smaller.pixels == config.pixels and not (folder / 'latents').exists():
        (folder / 'latents').symlink_to(Path('..') / smaller.size / 'latents')
    record = grown_record(clips_folder(data, smaller.size), source, smaller)
    (folder / GROWN).write_text(json.dumps(record, indent=2) + '\n')
    print(f'{folder}: {config.size} from {smaller.size}')


if __name__ == '__main__':
    main()
