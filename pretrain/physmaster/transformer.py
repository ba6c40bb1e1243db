"""The video transformer: velocity of flow matching, conditioned on first frame, physics tokens, domain and
time.

z_t = (1 - t) z_0 + t z_1 (z_0 noise, z_1 data), velocity = z_1 - z_0. Latent frames 1..6 are generated, frame
0 is the image's latent and only a condition (joined on channels). Sequence: 96 video + 64 physics + 1 domain
= 161 tokens. Sources: DiT (adaLN-zero; here one shared modulation plus a table per block, as PixArt), QK
norm, 3D rotary.
"""

import math

import torch
from torch import nn
from torch.nn import functional as F

from .layers import EPSILON, Linear, gelu


def rotary_angles(config):
    """Angles [L, D/2] for the sequence video, physics, domain; D/2 pairs are split over time, height, width.
    """
    side, image_side = config.latent_pixels // config.patch, config.pixels // config.backbone_patch
    positions = []
    for t in range(1, config.latent_frames):
        positions += [(t, h, w) for h in range(side) for w in range(side)]
    ratio = image_side / side
    for h in range(image_side):
        positions += [(0, (h + 0.5) / ratio - 0.5, (w + 0.5) / ratio - 0.5) for w in range(image_side)]
    positions.append((0, 0, 0))
    positions = torch.tensor(positions, dtype=torch.float64)
    groups = []
    for axis, pairs in enumerate(config.rotary_pairs):
        frequency = config.rotary_base ** (-torch.arange(pairs, dtype=torch.float64) / pairs)
        groups.append(positions[:, axis:axis + 1] * frequency)
    return torch.cat(groups, -1)


def swap_halves(x):
    """(first, second) -> (second, first) along the last axis."""
    first, second = x.chunk(2, -1)
    return torch.cat([second, first], -1)


class _RotateFunction(torch.autograd.Function):
    """y = x / rms(x), then y * direct + swap_halves(y) * crossed; x [B, L, K, N, D], factors [L, K, 1, D].

    Written out because autograd's chain of small steps costs a fifth of a training step on a CPU.
    """

    @staticmethod
    def forward(context, x, direct, crossed):
        inverse = torch.rsqrt(x.square().mean(-1, keepdim=True) + EPSILON)
        normal = x * inverse
        context.save_for_backward(normal, inverse, direct, crossed)
        return (normal * direct.to(x.dtype)).addcmul_(swap_halves(normal), crossed.to(x.dtype))

    @staticmethod
    def backward(context, gradient):
        normal, inverse, direct, crossed = context.saved_tensors
        kind = gradient.dtype
        direct_gradient = (gradient * normal).sum((0, 3), dtype=direct.dtype)[:, :, None]
        crossed_gradient = (gradient * swap_halves(normal)).sum((0, 3), dtype=direct.dtype)[:, :, None]
        inner = (gradient * direct.to(kind)).add_(swap_halves(gradient * crossed.to(kind)))
        projection = (inner * normal).mean(-1, keepdim=True)
        return inner.sub_(normal * projection).mul_(inverse), direct_gradient, crossed_gradient


def rotate(x, scale, cos, sin):
    """Per-head RMS norm, learned scale and rotary in one: x [B, L, K, N, D] (K = query, key), scale [K, D].

    x / sqrt(mean(x^2) + 1e-6) * scale, then pairs (j, j + D/2) turn by the token's angles; cos, sin [L, D/2].
    The scale is folded into cosine and sine, which saves passes over x.
    """
    first, second = scale[None, :, None].chunk(2, -1)
    cos, sin = cos[:, None, None], sin[:, None, None]
    direct = torch.cat([first * cos, second * cos], -1)
    crossed = torch.cat([-second * sin, first * sin], -1)
    return _RotateFunction.apply(x, direct, crossed)


def time_features(t, width):
    """Sinusoid of 1000 t: t [B] -> [B, width], cosines first, frequencies 10000^(-i / (width/2))."""
    half = width // 2
    frequency = torch.exp(-math.log(10000.0) * torch.arange(half, dtype=torch.float32, device=t.device) / half)
    angle = 1000.0 * t.float()[:, None] * frequency
    return torch.cat([angle.cos(), angle.sin()], -1)


def attend(query, key, value):
    """Attention of all tokens to all, [B, N, L, D] each."""
    if query.is_cuda:
        return F.scaled_dot_product_attention(query, key, value)
    # Debian's torch (1.13) has no fused one.
    scores = (query * query.shape[-1] ** -0.5) @ key.transpose(-1, -2)
    return scores.softmax(-1).to(value.dtype) @ value


class Block(nn.Module):
    """x [B, L, C], modulation [B, 6, C] (shift, scale, gate for attention, then for the MLP) -> [B, L, C]."""

    def __init__(self, config):
        super().__init__()
        width = config.width
        self.heads = config.heads
        self.qkv = Linear(width, 3 * width)
        self.query_scale = nn.Parameter(torch.ones(width // config.heads))
        self.key_scale = nn.Parameter(torch.ones(width // config.heads))
        self.output = Linear(width, width)
        self.mlp_1 = Linear(width, config.mlp)
        self.mlp_2 = Linear(config.mlp, width)
        self.modulation = nn.Parameter(torch.zeros(6, width))

    def forward(self, x, shared, cos, sin, lora):
        batch, length, width = x.shape
        shift_1, scale_1, gate_1, shift_2, scale_2, gate_2 = (shared + self.modulation)[:, :, None].unbind(1)
        h = torch.addcmul(shift_1, F.layer_norm(x, (width,), None, None, EPSILON), 1 + scale_1)
        qkv = lora('qkv', self.qkv, h).reshape(batch, length, 3, self.heads, width // self.heads)
        scales = torch.stack([self.query_scale, self.key_scale])
        query, key = rotate(qkv[:, :, :2], scales, cos, sin).permute(2, 0, 3, 1, 4)
        value = qkv[:, :, 2].transpose(1, 2)
        mixed = attend(query, key, value)
        mixed = mixed.transpose(1, 2).reshape(batch, length, width)
        x = torch.addcmul(x, gate_1, lora('output', self.output, mixed).float())
        h = torch.addcmul(shift_2, F.layer_norm(x, (width,), None, None, EPSILON), 1 + scale_2)
        return torch.addcmul(x, gate_2, lora('mlp_2', self.mlp_2, gelu(lora('mlp_1', self.mlp_1, h))).float())


def plain(_name, layer, x):
    """A layer without LoRA."""
    return layer(x)


class Transformer(nn.Module):
    """Velocity [B, 6, 8, 8, 16] from noisy latent, image latent, physics tokens, domain and t."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        width, channels = config.width, config.latent_channels
        self.patch = Linear(2 * channels * config.patch ** 2, width)
        self.physics_type = nn.Parameter(torch.randn(width) * 0.02)
        self.domain = nn.Parameter(torch.randn(config.domains, width) * 0.02)
        self.time_1 = Linear(config.time_width, config.time_width)
        self.time_2 = Linear(config.time_width, config.time_width)
        self.modulation = Linear(config.time_width, 6 * width, zero=True)
        for i in range(config.blocks):
            setattr(self, f'block_{i}', Block(config))
        self.final_modulation = Linear(config.time_width, 2 * width, zero=True)
        self.final = Linear(width, channels * config.patch ** 2, zero=True)
        angles = rotary_angles(config)
        self.register_buffer('cos', angles.cos().float(), persistent=False)
        self.register_buffer('sin', angles.sin().float(), persistent=False)

    def forward(self, noisy, image_latent, physics_tokens, domain, t, lora=None):
        """noisy [B, 6, 8, 8, 16], image_latent [B, 8, 8, 16], physics_tokens [B, 64, 256], domain [B], t [B].
        """
        config = self.config
        batch, time, height, width, channels = noisy.shape
        patch = config.patch
        x = torch.cat([noisy, image_latent[:, None].expand_as(noisy)], -1)
        # Patches of 1 x p x p: (t, h, w) tokens, folded order (ph, pw, c).
        x = x.reshape(batch, time, height // patch, patch, width // patch, patch, 2 * channels)
        x = x.permute(0, 1, 2, 4, 3, 5, 6).reshape(batch, -1, patch * patch * 2 * channels)
        x = self.patch(x)
        physics = physics_tokens + self.physics_type
        x = torch.cat([x, physics, self.domain[domain][:, None]], 1).float()
        c = F.silu(self.time_2(F.silu(self.time_1(time_features(t, config.time_width)))))
        shared = self.modulation(c).float().reshape(batch, 6, -1)
        for i in range(config.blocks):
            apply = plain if lora is None else lora.layer(i)
            x = getattr(self, f'block_{i}')(x, shared, self.cos, self.sin, apply)
        shift, scale = self.final_modulation(c).float()[:, None].chunk(2, -1)
        x = F.layer_norm(x[:, :config.video_tokens], (x.shape[-1],), None, None, EPSILON)
        x = self.final(x * (1 + scale) + shift).float()
        x = x.reshape(batch, time, height // patch, width // patch, patch, patch, channels)
        return x.permute(0, 1, 2, 4, 3, 5, 6).reshape(batch, time, height, width, channels)
