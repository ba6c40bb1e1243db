"""Causal 3D-convolution video autoencoder: 4x in time and four times its patch in space (nano: patches of 2 x 2 pixels, 8x),
its decoder painting over the first frame. Shapes are those of nano.

Encoder: video [B, 25, 64, 64, 3] -> latents [B, 7, 8, 8, 16]; an image is a video of one frame and its latent
equals frame 0's latent of any clip that starts with it. Decoder: latents and the first frame [B, 64, 64, 3]
-> video. In image-to-video the first frame is always known, so the decoder may keep its pixels where nothing
changes: each output pixel is keep * image + (1 - keep) * new, where new is painted, or taken from where it was in the
first frame (motion.py). Latents need to carry motion only. Does not do: the KL term and losses (losses.py), random
sampling of the posterior (training only, here as an option).
"""

from typing import NamedTuple, Optional

import torch
from torch import nn
from torch.nn import functional as F

from .layers import ChannelNorm, Convolution, PointLinear, Residual, depth_to_space, space_to_depth
from .motion import Motion, warp
from .refiner import Draft, Refiner
from .windows import cut


class Encoder(nn.Module):
    """[B, 3, T, 64, 64] -> mean and log-variance, each [B, 16, T', 8, 8] (T' = 7 for 25, 1 for 1)."""

    def __init__(self, config):
        super().__init__()
        c0, c1, c2 = config.encoder_channels
        self.patch = config.autoencoder_patch
        self.input = Convolution(3 * self.patch ** 2, c0, (1, 3, 3))
        self.block_0 = Residual(c0, (1, 3, 3))
        self.down_0 = Convolution(c0, c1, (3, 3, 3), (2, 2, 2))
        self.block_1 = Residual(c1, (3, 3, 3))
        self.down_1 = Convolution(c1, c2, (3, 3, 3), (2, 2, 2))
        self.block_2 = Residual(c2, (1, 3, 3))
        self.output_norm = ChannelNorm(c2)
        self.output = Convolution(c2, config.latent_channels, (1, 1, 1))
        # Exists in training only: not exported.
        self.log_variance = Convolution(c2, config.latent_channels, (1, 1, 1), zero=True)
        self.log_variance.bias.data.fill_(-6.0)

    def forward(self, x):
        h = self.block_0(self.input(space_to_depth(x, self.patch)))
        h = self.block_1(self.down_0(h))
        h = self.block_2(self.down_1(h))
        h = F.silu(self.output_norm(h))
        return self.output(h), self.log_variance(h)


class Layers(NamedTuple):
    """What a decoded video is put together from: keep * image + (1 - keep) * new. Videos are [B, 3, 25, 64, 64], shares
    [B, 1, 25, 64, 64], or windows of them.
    """

    new: torch.Tensor
    # How much of the image stays where it is.
    keep: torch.Tensor
    # What the new is made of: paint, and what is moved here from elsewhere in the image.
    sources: list
    # How much of the new is moved.
    share: torch.Tensor
    # From where it is moved (motion.py), where it is.
    offsets: Optional[torch.Tensor]
    # What was painted by [B, C, 25, 32, 32].
    features: torch.Tensor
    # Of the match that says from where: motion.match_errors, where the true video is known.
    errors: Optional[torch.Tensor]

    def video(self, image):
        """The sum, over the image [B, 3, 64, 64] or its window."""
        return self.keep * image[:, :, None] + (1 - self.keep) * self.new

    def draft(self, image):
        """The same with what it is made of, for a refiner."""
        return Draft(self.video(image), self.keep, self.share, self.offsets, self.features)


class Decoder(nn.Module):
    """Latents [B, 16, 7, 8, 8] (not normalised) and image [B, 3, 64, 64] -> video [B, 3, 25, 64, 64] in [-1,
    1].
    """

    def __init__(self, config):
        super().__init__()
        c0, c1, c2 = config.decoder_channels
        self.patch = config.autoencoder_patch
        self.input = Convolution(config.latent_channels, c0, (3, 3, 3))
        self.block_0 = Residual(c0, (3, 3, 3))
        self.up_0 = PointLinear(c0, 8 * c1)
        self.block_1 = Residual(c1, (3, 3, 3))
        self.up_1 = PointLinear(c1, 8 * c2)
        self.image = Convolution(3 * self.patch ** 2, c2, (1, 3, 3))
        self.block_2 = Residual(c2, (3, 3, 3))
        self.output_norm = ChannelNorm(c2)
        self.output = Convolution(c2, 4 * self.patch ** 2, (3, 3, 3))
        self.motion = Motion(config) if config.motion_channels else None
        self.refiner = Refiner(config) if config.refiner_channels else None

    def features(self, latent):
        """What the latents [B, 16, 7, 8, 8] say, at twice their resolution: [B, 64, 13, 16, 16]."""
        h = self.block_0(self.input(latent))
        return self.block_1(depth_to_space(self.up_0(h), (2, 2, 2)))

    def painted(self, middle, image):
        """What is painted [B, 3, 25, 64, 64] and how much of the image is kept [B, 1, 25, 64, 64], by these features; and
        the finer features [B, 24, 25, 32, 32] that say so.
        """
        h = depth_to_space(self.up_1(middle), (2, 2, 2))
        h = h + self.image(space_to_depth(image[:, :, None], self.patch))
        h = self.block_2(h)
        features = F.silu(self.output_norm(h))
        h = depth_to_space(self.output(features), (1, self.patch, self.patch)).float()
        return h[:, :3], torch.sigmoid(h[:, 3:]), features

    def layers(self, latent, image, window=None, video=None):
        """All but their sum (Layers), of a window of every clip (windows.py) where one is given. `video`: the true one, of
        that window.
        """
        middle = self.features(latent)
        paint, keep, features = self.painted(cut(middle, window), cut(image, window))
        if self.motion is None:
            return Layers(paint, keep, [paint], torch.zeros_like(keep), None, features, None)
        offsets, trust, errors = self.motion(middle, image, window=window, video=video)
        moved = warp(image, offsets, None if window is None else window.corners_in(image))
        share = torch.sigmoid(trust)
        return Layers(paint + share * (moved - paint), keep, [paint, moved], share, offsets, features, errors)

    def forward(self, latent, image):
        layers = self.layers(latent, image)
        if self.refiner is None:
            return layers.video(image)
        return self.refiner(layers.draft(image), image)


class Autoencoder(nn.Module):
    """Public boundary: channels-last video in and out, normalised latents in between."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        # Statistics over latent frames 1.. of the training clips; set once after training.
        self.register_buffer('latent_mean', torch.zeros(config.latent_channels))
        self.register_buffer('latent_std', torch.ones(config.latent_channels))

    def latent_from_video(self, video):
        """Video [B, T, H, W, 3] in [-1, 1] -> normalised latents [B, T', H/8, W/8, C]."""
        mean, _ = self.encoder(video.permute(0, 4, 1, 2, 3))
        mean = mean.float().permute(0, 2, 3, 4, 1)
        return (mean - self.latent_mean) / self.latent_std

    def latent_from_image(self, image):
        """Image [B, H, W, 3] -> normalised latent [B, H/8, W/8, C]."""
        return self.latent_from_video(image[:, None])[:, 0]

    def video_from_latent(self, latent, image):
        """Normalised latents [B, T', H/8, W/8, C], first frame [B, H, W, 3] -> video [B, T, H, W, 3] in [-1,
        1].
        """
        latent = latent * self.latent_std + self.latent_mean
        video = self.decoder(latent.permute(0, 4, 1, 2, 3), image.permute(0, 3, 1, 2))
        return video.permute(0, 2, 3, 4, 1).clamp(-1, 1)
