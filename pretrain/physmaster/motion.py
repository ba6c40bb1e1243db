"""Where every pixel of a clip comes from in its first frame: dense motion from latents, so that what moves keeps the
shape, the edges and the texture that the first frame shows.

Latents stand for cells of 4p x 4p pixels (p: the autoencoder's patch), which a small body is not much larger than: they
hold where it is, but neither its corners nor its stripes. The first frame does. Sources: the dense motion network and the
confidence map of animation models (Siarohin et al., arXiv 2003.00196); here offsets come from what the decoder makes of
the latents, and attention over the whole clip finds where a thing has come from. Does not do: what the first frame does not show, which
the decoder paints.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .layers import AttentionBlock, ChannelNorm, Convolution, PointLinear, Residual, depth_to_space


def places(config, channels):
    """Random Fourier features (Tancik et al., arXiv 2006.10739) of every latent's time, row and column in a clip: [T' h w,
    channels]. As large as what the latents say, since an offset is a difference of places.
    """
    axes = [torch.linspace(-1, 1, count) for count in (config.latent_frames, *[config.latent_pixels] * 2)]
    phases = torch.cartesian_prod(*axes) @ (2 * torch.randn(3, channels // 2))
    return torch.cat([phases.sin(), phases.cos()], 1)


class Motion(nn.Module):
    """The decoder's features of a whole clip, [B, 96, T', h, w] and [B, 64, 2 T' - 1, 2h, 2w], -> offsets in pixels, x then
    y, [B, 2, T, S, S], and how far they are to be trusted [B, 1, T, S, S], before the sigmoid.
    """

    HEADS = 4

    def __init__(self, config):
        super().__init__()
        c0, c1, c2 = config.motion_channels
        self.patch = config.autoencoder_patch
        self.coarse = PointLinear(config.decoder_channels[0], c0)
        self.position = nn.Parameter(places(config, c0))
        self.count = config.motion_blocks
        for i in range(self.count):
            setattr(self, f'block_{i}', AttentionBlock(c0, self.HEADS, 2 * c0))
        self.up_0 = PointLinear(c0, 8 * c1)
        self.middle = PointLinear(config.decoder_channels[1], c1)
        self.fine = Residual(c1, (1, 3, 3))
        self.up_1 = PointLinear(c1, 8 * c2)
        self.output_norm = ChannelNorm(c2)
        self.output = Convolution(c2, 3 * self.patch ** 2, (1, 3, 3))
        self.output.weight.data.mul_(0.1)
        # Not to be trusted before it has learned.
        self.output.bias.data.view(-1, 3)[:, 2] = -8.0

    def forward(self, coarse, middle, part=None):
        """`part` (start, stop): latent frames start .. stop - 1 of the clip, for frames 4 start .. 4 (stop - 1) alone,
        which is all that training has time for.
        """
        batch, _, time, height, width = coarse.shape
        x = self.coarse(coarse).flatten(2).transpose(1, 2) + self.position
        for i in range(self.count):
            x = getattr(self, f'block_{i}')(x)
        h = x.transpose(1, 2).reshape(batch, -1, time, height, width)
        if part:
            start, stop = part
            h, middle = h[:, :, start:stop], middle[:, :, 2 * start:2 * stop - 1]
        h = self.fine(depth_to_space(self.up_0(h), (2, 2, 2)) + self.middle(middle))
        h = depth_to_space(self.up_1(h), (2, 2, 2))
        h = self.output(F.silu(self.output_norm(h)))
        h = depth_to_space(h, (1, self.patch, self.patch)).float()
        return h[:, :2] * (4 * self.patch), h[:, 2:]


def warp(image, offsets, corner=None):
    """Pixels of an image [B, 3, S, S] from where the offsets [B, 2, T, H, W] say, bilinear, its border continued:
    [B, 3, T, H, W]. `corner` [B, 2]: place x, y in the image of the offsets' first pixel where they are those of a
    window.
    """
    batch, _, time, height, width = offsets.shape
    side = image.shape[-1]
    columns = torch.arange(width, device=image.device, dtype=image.dtype).expand(height, width)
    rows = torch.arange(height, device=image.device, dtype=image.dtype)[:, None].expand(height, width)
    place = torch.stack([columns, rows])[None, :, None] + offsets
    if corner is not None:
        place = place + corner.to(image.dtype).view(batch, 2, 1, 1, 1)
    grid = (place * (2 / (side - 1)) - 1).permute(0, 2, 3, 4, 1).reshape(batch, time * height, width, 2)
    warped = F.grid_sample(image, grid, mode='bilinear', padding_mode='border', align_corners=True)
    return warped.view(batch, 3, time, height, width)
