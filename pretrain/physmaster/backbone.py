"""PhysEncoder's backbone: a small ViT, pretrained on depth, masks and heights from the renderer; it learns on with the
base generator and is frozen from Stage I on.

Image [B, 64, 64, 3] in [-1, 1] -> the outputs of all 4 blocks, each [B, 64, 128].
Source: ViT (Dosovitskiy et al. 2020), pre-norm; used as Depth Anything uses DINOv2. No class token, no
rotary.
"""

import torch
from torch import nn

from .layers import LayerNorm, Linear, gelu


def patches_from_image(image, patch):
    """[B, H, W, 3] -> [B, (H/p)*(W/p), p*p*3]; pixels of a patch row-major, rgb fastest."""
    batch, height, width, channels = image.shape
    x = image.reshape(batch, height // patch, patch, width // patch, patch, channels)
    return x.permute(0, 1, 3, 2, 4, 5).reshape(batch, -1, patch * patch * channels)


class BackboneBlock(nn.Module):
    """x [B, L, C] -> [B, L, C]: attention and MLP, each after a layer norm. qkv order: q, k, v, heads inside.
    """

    def __init__(self, width, heads, mlp):
        super().__init__()
        self.heads = heads
        self.norm_1 = LayerNorm(width)
        self.qkv = Linear(width, 3 * width)
        self.output = Linear(width, width)
        self.norm_2 = LayerNorm(width)
        self.mlp_1 = Linear(width, mlp)
        self.mlp_2 = Linear(mlp, width)

    def forward(self, x):
        batch, length, width = x.shape
        qkv = self.qkv(self.norm_1(x)).reshape(batch, length, 3, self.heads, width // self.heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)
        scores = query @ key.transpose(-1, -2) * (width // self.heads) ** -0.5
        mixed = (scores.softmax(-1).to(value.dtype) @ value).transpose(1, 2).reshape(batch, length, width)
        x = x + self.output(mixed)
        return x + self.mlp_2(gelu(self.mlp_1(self.norm_2(x))))


class Backbone(nn.Module):
    """Image [B, 64, 64, 3] -> list of 4 feature maps [B, 64, 128]."""

    def __init__(self, config):
        super().__init__()
        self.patch_size = config.backbone_patch
        self.patch = Linear(3 * config.backbone_patch ** 2, config.backbone_width)
        self.position = nn.Parameter(torch.randn(config.image_tokens, config.backbone_width) * 0.02)
        self.count = config.backbone_blocks
        for i in range(self.count):
            block = BackboneBlock(config.backbone_width, config.backbone_heads, config.backbone_mlp)
            setattr(self, f'block_{i}', block)

    def forward(self, image):
        x = self.patch(patches_from_image(image, self.patch_size)) + self.position
        features = []
        for i in range(self.count):
            x = getattr(self, f'block_{i}')(x)
            features.append(x)
        return features


class PerceptionHead(nn.Module):
    """Pretraining only: the 4 feature maps -> per pixel depth, object logit and height [B, H, W, 3]."""

    def __init__(self, config):
        super().__init__()
        self.patch_size, self.pixels = config.backbone_patch, config.pixels
        self.norm = LayerNorm(config.backbone_width * config.backbone_blocks)
        self.hidden = Linear(config.backbone_width * config.backbone_blocks, 256)
        self.output = Linear(256, 3 * config.backbone_patch ** 2)

    def forward(self, features):
        x = self.output(gelu(self.hidden(self.norm(torch.cat(features, -1)))))
        side, patch = self.pixels // self.patch_size, self.patch_size
        x = x.reshape(-1, side, side, patch, patch, 3).permute(0, 1, 3, 2, 4, 5)
        return x.reshape(-1, self.pixels, self.pixels, 3)
