"""Checkpoints of a larger model from those of a smaller one, so that its training starts where the smaller one's ended.

    python3 -m physmaster.grow --size small --smaller nano
Takes the assembled smaller model (restore.py makes its checkpoints from the published one) and writes
<out>/<size>/{autoencoder,backbone,base}.pt, at step 0, which every stage goes on from with --resume.
Blocks are added between those that are there, with zero output layers, and MLPs are widened by units of zero output: the
grown transformer is the same function (Net2Net, arXiv:1511.05641). Backbone
patches that are larger read the mean over pixels. What a token means changes with the resolution: that is left to
training.
"""

import re
from pathlib import Path

import torch

from .assemble import assemble
from .backbone import Backbone
from .command import arguments, prepare
from .config import SIZES
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


def grow_backbone(ema, smaller, larger):
    """Parameters `backbone.*`: a larger patch reads the mean over pixels that the smaller model sees as one. Raises
    ValueError when the numbers of patches differ, or a patch is not a multiple.
    """
    before, after = smaller.backbone_patch, larger.backbone_patch
    if smaller.image_tokens != larger.image_tokens or after % before:
        raise ValueError(f'the patches of {larger.size} are not those of {smaller.size} at a finer resolution')
    times = after // before
    grown = {key: ema[key].clone() for key in Backbone(larger).state_dict(prefix='backbone.')}
    weight = ema['backbone.patch.weight'].reshape(before, before, 3, -1)
    weight = weight.repeat_interleave(times, 0).repeat_interleave(times, 1) / times ** 2
    grown['backbone.patch.weight'] = weight.reshape(after * after * 3, -1).contiguous()
    return grown


def checkpoint(parameters, seed):
    """A Trainer's checkpoint at step 0, without optimizer state."""
    return {'parameters': parameters, 'ema': {key: value.clone() for key, value in parameters.items()}, 'seed': seed,
            'step': 0, 'seconds': 0.0, 'samples': 0}


def main():
    parser = arguments(__doc__)
    parser.add_argument('--smaller', choices=sorted(SIZES), default='nano')
    options = parser.parse_args()
    config, folder = prepare(options)
    smaller = SIZES[options.smaller]
    model, _ = assemble(smaller, Path(options.out) / options.smaller)

    def of(*prefixes):
        return {key: p.detach().clone() for key, p in model.named_parameters() if key.split('.')[0] in prefixes}

    backbone = grow_backbone(of('backbone'), smaller, config)
    generator = {**backbone, **of('head'), **grow_transformer(of('transformer'), smaller, config)}
    for name, parameters in (('autoencoder', of('autoencoder')), ('backbone', backbone), ('base', generator)):
        torch.save(checkpoint(parameters, options.seed), folder / f'{name}.pt')
    print(f'{folder}: {config.size} from {smaller.size}')


if __name__ == '__main__':
    main()
