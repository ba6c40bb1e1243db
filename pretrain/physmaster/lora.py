"""Low-rank adapters of Stage II: y = x W + b + (alpha / rank) (x a) b on qkv, output, mlp_1, mlp_2 of every
block.

a [in, rank] is normal / sqrt(in), b [rank, out] is zero, so that the policy starts at the reference. Hu et
al. 2021. Parameter names: block_i.qkv.a, block_i.qkv.b, and so on (exported under the prefix `lora.`).
"""

import torch
from torch import nn

LAYERS = ('qkv', 'output', 'mlp_1', 'mlp_2')


class Pair(nn.Module):
    """The two factors of one layer."""

    def __init__(self, inputs, outputs, rank):
        super().__init__()
        self.a = nn.Parameter(torch.randn(inputs, rank) * inputs ** -0.5)
        self.b = nn.Parameter(torch.zeros(rank, outputs))


class Lora(nn.Module):
    """Adapters for a Transformer of this config; hand it to Transformer.forward as `lora`."""

    def __init__(self, config):
        super().__init__()
        width, mlp, rank = config.width, config.mlp, config.lora_rank
        self.scale = config.lora_alpha / rank
        shapes = {'qkv': (width, 3 * width), 'output': (width, width), 'mlp_1': (width, mlp), 'mlp_2': (mlp, width)}
        for i in range(config.blocks):
            block = nn.Module()
            for name in LAYERS:
                setattr(block, name, Pair(*shapes[name], rank))
            setattr(self, f'block_{i}', block)

    def layer(self, i):
        """The function a Block calls in place of its linear layers."""
        block = getattr(self, f'block_{i}')

        def apply(name, layer, x):
            pair = getattr(block, name)
            return layer(x) + self.scale * ((x @ pair.a.to(x.dtype)) @ pair.b.to(x.dtype))

        return apply
