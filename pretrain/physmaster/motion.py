"""Where every pixel of a clip comes from in its first frame: dense motion by matching, so that what moves keeps the
shape, the edges and the texture that the first frame shows.

Latents stand for cells of 4p x 4p pixels (p: the autoencoder's patch), which a small body is not much larger than: they
hold where it is, but neither its corners nor its stripes. The first frame does. Sources: global matching, by which the
offset of a place is the expectation over all places of the other frame under a softmax of how alike they are (Xu et al.,
arXiv 2111.13680); the confidence map of animation models (Siarohin et al., arXiv 2003.00196). Does not do: what the first
frame does not show, which the decoder paints.
"""

import torch
from torch import nn
from torch.nn import functional as F

from .layers import ChannelNorm, Convolution, PointLinear, Residual, depth_to_space, space_to_depth
from .windows import cut

# Pixels to each side of a place that are taken for one rigid body's.
REACH = 7
# What the angle of a body is held to none by, in squared pixels of spread: a few pixels do not tell how far it has turned.
UNTURNED = 1.0
# Pixels that must be known to move for a body to be believed in.
BELIEVED = 0.1
# Weights of nothing: sums of them divide nothing by nothing.
NOTHING = 1e-9

# Of queries and keys at the start, so that one place wins: between a body and its mirror image there is neither.
SHARP = 1.7


def cells(side):
    """Places x, y in [-1, 1] of the middles of side x side cells, row by row: [side^2, 2]."""
    line = (2 * torch.arange(side, dtype=torch.float32) + 1) / side - 1
    return torch.stack([line.expand(side, side), line[:, None].expand(side, side)], -1).flatten(0, 1)


def waves(places, width):
    """Sines and cosines [N, width] of places [N, 2] along directions drawn at random. The product of two places' depends
    on how far they are apart alone, nearly as a Gaussian (Rahimi and Recht, Random features for large-scale kernel
    machines, 2007), which falls to a half at a fifth of the image's width.
    """
    angle = places @ (3.0 * torch.randn(2, width // 2))
    return torch.cat([angle.sin(), angle.cos()], 1)


def looks(video, patch):
    """Colours of the quarters of cells of video [B, 3, T, S, S]: [B, 12, T, n, n]."""
    return space_to_depth(F.avg_pool3d(video, (1, patch // 2, patch // 2)), 2)


def as_cells(values, like):
    """Values of cells [n^2, C] for every clip of features [B, .., n, n]: [B, C, 1, n, n]."""
    return values.t().unflatten(1, (1, *like.shape[-2:])).expand(len(like), -1, -1, -1, -1)


class Motion(nn.Module):
    """The decoder's finer features [B, 64, 2 T' - 1, 2h, 2w] of a whole clip and its first frame [B, 3, S, S] -> offsets in
    pixels, x then y, [B, 2, T, S, S], and how far they are to be trusted [B, 1, T, S, S], before the sigmoid.
    """

    def __init__(self, config):
        super().__init__()
        width = config.motion_channels
        self.patch, self.pixels = config.autoencoder_patch, config.pixels
        # Exported too: the browser's captures know the model's tensors only.
        self.register_buffer('cells', cells(config.pixels // self.patch))
        self.up = PointLinear(config.decoder_channels[1], 8 * width)
        self.block = Residual(width, (1, 3, 3))
        self.image = Convolution(3 * self.patch ** 2, width, (1, 3, 3))
        self.norm = ChannelNorm(width)
        self.query = PointLinear(width, width)
        self.key = PointLinear(width, width)
        self.value = PointLinear(width, width - 2)
        self.position = nn.Parameter(SHARP * waves(self.cells, width))
        self.matched = PointLinear(width, width)
        self.output_norm = ChannelNorm(width)
        self.output = Convolution(width, 3 * self.patch ** 2, (1, 3, 3))
        # Places are alike that have like features and are near each other, from the start.
        for layer in (self.query, self.key):
            layer.weight.data.mul_(0.1).add_(SHARP * torch.eye(width))
        self.image.weight.data.mul_(0.1)
        self.output.weight.data.mul_(0.1)
        # Not to be trusted before it has learned.
        self.output.bias.data.view(-1, 3)[:, 2] = -8.0

    def features(self, middle):
        """[B, 64, K, 2h, 2w] -> [B, C, 2 K - 1, 4h, 4w]."""
        return self.block(depth_to_space(self.up(middle), (2, 2, 2)))

    def match(self, features, first, window, further):
        """Expectations [B, C, T, h, w] over the first frame's places [B, C, 1, n, n], of where they are (two channels) and
        what is there, for every place of features [B, C, T, h, w], which may be those of a window; then of further
        values of the places, a list of [B, K, 1, n, n].
        """
        near = self.norm(first)
        position = as_cells(self.position, first)
        value = torch.cat([as_cells(self.cells, first), self.value(near), *further], 1).float()
        query = (self.query(self.norm(features)) + cut(position, window)).float()
        key = (self.key(near) + position).float()
        # In bf16 places would be a quarter of a pixel off.
        with torch.autocast(features.device.type, enabled=False):
            scores = query.flatten(2).transpose(1, 2) @ key.flatten(2) * key.shape[1] ** -0.5
            expected = scores.softmax(-1) @ value.flatten(2).transpose(1, 2)
        return expected.transpose(1, 2).reshape(len(features), -1, *features.shape[2:])

    def forward(self, middle, image, part=None, window=None, video=None):
        """Of a part of every clip alone, which is all that training has time for: `part` (start, stop): latent frames
        start .. stop - 1, for frames 4 start .. 4 (stop - 1); `window`: windows.py. With the true video [B, 3, T, S, S] of
        that part also the match's errors [B, 2, T, h, w] (match_errors), else None.
        """
        first = self.features(middle[:, :, :1]) + self.image(space_to_depth(image[:, :, None], self.patch))
        if part:
            middle = middle[:, :, 2 * part[0]:2 * part[1] - 1]
        features = self.features(cut(middle, window))
        further = []
        if video is not None:
            seen = looks(image[:, :, None], self.patch)
            further = [seen, seen.square().sum(1, keepdim=True), as_cells(self.cells.square().sum(1, keepdim=True), first)]
        expected = self.match(features, first, window, further)
        matched = expected[:, :features.shape[1]]
        h = self.output(F.silu(self.output_norm(features + self.matched(matched))))
        h = depth_to_space(h, (1, self.patch, self.patch)).float()
        # The pixels of a cell move together, but for what is learned beyond that.
        away = (matched[:, :2] - cut(as_cells(self.cells, first), window)) * (self.pixels / 2)
        away = away.repeat_interleave(self.patch, -1).repeat_interleave(self.patch, -2)
        errors = None if video is None else match_errors(expected[:, features.shape[1]:], matched[:, :2],
                                                         looks(video, self.patch))
        return away + h[:, :2] * self.patch, h[:, 2:], errors


def match_errors(expected, place, true):
    """How unlike the true looks [B, 12, T, h, w] those of the places are that a match takes for likely: the expectation of
    their squared distance, which has a gradient however far away the right place is; and how spread out these places are:
    the variance of where they are. Of the expectations of looks, their squared length and the places' [B, 14, T, h, w],
    and of the place [B, 2, T, h, w]: [B, 2, T, h, w].
    """
    seen, length, distance = expected.split([true.shape[1], 1, 1], 1)
    unlike = (length - 2 * (seen * true).sum(1, keepdim=True) + true.square().sum(1, keepdim=True)) / true.shape[1]
    return torch.cat([unlike, distance - place.square().sum(1, keepdim=True)], 1)


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


def box_sums(values):
    """Sums of values [N, C, H, W] within REACH pixels of each place, none beyond the border."""
    width = 2 * REACH + 1
    across = F.avg_pool2d(values, (1, width), 1, (0, REACH), divisor_override=1)
    return F.avg_pool2d(across, (width, 1), 1, (REACH, 0), divisor_override=1)


def rigid(offsets, weight):
    """Offsets [B, 2, T, H, W] as those of rigid bodies: at every pixel, what the turn and shift say that are nearest to the
    offsets around it by squares, which weight [B, 1, T, H, W] weighs. Also beside a body, where there are no offsets of
    its own; 0 where none is near. Source: rigid moving least squares (Schaefer et al., Image deformation using moving least
    squares, 2006), here with a box as its kernel; the turn is that of Kabsch (1976) in the plane.
    """
    batch, _, frames, height, width = offsets.shape
    offsets, weight = (part.transpose(1, 2).flatten(0, 1).double() for part in (offsets, weight))
    # In double precision: what is left of products of places is a small difference of large numbers.
    x = torch.arange(width, device=offsets.device).double().expand(height, width)
    y = torch.arange(height, device=offsets.device).double()[:, None].expand(height, width)
    place = torch.stack([x, y])[None]
    source = place + offsets
    dot = (place * source).sum(1, keepdim=True)
    cross = place[:, :1] * source[:, 1:] - place[:, 1:] * source[:, :1]
    sums = box_sums(weight * torch.cat([torch.ones_like(weight), place.expand_as(source), source, dot, cross], 1))
    total = sums[:, :1]
    middle, middle_source, dot, cross = (sums[:, 1:] / total.clamp(min=NOTHING)).split([2, 2, 1, 1], 1)
    dot = dot - (middle * middle_source).sum(1, keepdim=True) + UNTURNED
    cross = cross - (middle[:, :1] * middle_source[:, 1:] - middle[:, 1:] * middle_source[:, :1])
    length = torch.hypot(dot, cross)
    cosine, sine = dot / length, cross / length
    x, y = (place - middle).split(1, 1)
    turned = torch.cat([cosine * x - sine * y, sine * x + cosine * y], 1)
    fitted = (middle_source + turned - place) * (total / (total + BELIEVED))
    return fitted.unflatten(0, (batch, frames)).transpose(1, 2).float()
