"""PhysEncoder's physical head: convolutional, fusing the backbone's levels from deep to shallow as DPT does.

4 feature maps [B, 64, 128] -> physics tokens [B, 64, 256] at the generator's width.
Source: Ranftl et al. 2021 (DPT), reassembly and fusion, at one resolution. Trains in Stages I and III.
"""

from torch import nn

from .layers import Convolution, LayerNorm, Linear, gelu


class Level(nn.Module):
    """One level's reassembly: norm and projection, [B, 64, 128] -> [B, 64, 80]."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.norm = LayerNorm(inputs)
        self.project = Linear(inputs, outputs)

    def forward(self, x):
        return self.project(self.norm(x))


class Head(nn.Module):
    """Features (4 x [B, L, 128]) -> physics tokens [B, L, 256], L = 64 in row-major order of an 8 x 8 map."""

    def __init__(self, config):
        super().__init__()
        self.levels, self.side = config.backbone_blocks, config.pixels // config.backbone_patch
        width = config.head_width
        for i in range(self.levels):
            setattr(self, f'level_{i}', Level(config.backbone_width, width))
            setattr(self, f'fuse_{i}', Convolution(width, width, (1, 3, 3)))
        self.output_norm = LayerNorm(width)
        self.output = Linear(width, config.width)

    def forward(self, features):
        r = None
        for i in reversed(range(self.levels)):
            p = getattr(self, f'level_{i}')(features[i])
            p = p.transpose(1, 2).reshape(p.shape[0], -1, 1, self.side, self.side)
            r = p if r is None else r + p
            r = r + getattr(self, f'fuse_{i}')(gelu(r))
        r = r.flatten(2).transpose(1, 2)
        return self.output(self.output_norm(r))
