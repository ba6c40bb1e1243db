"""Goes over a decoded clip at twice the resolution that it was decoded at.

The decoder decides by cells of p x p pixels (p: the autoencoder's patch) what is kept, moved and painted: edges of what
has been uncovered come in steps, single cells disagree with their neighbours, and paint beside what was kept is of
another shade. All of that is seen in the draft, in the first frame and in the background. Where the moved pixel is
that of the moved background, it is none of a body. Where it is one, the first frame is moved once more, as the offsets
around have it if they are those of a rigid body (motion.rigid): each pixel's own are not exact, so that what they move
is rounded and dented, and this is not. Source: the context and refinement networks of frame interpolation (Huang et
al., RIFE, arXiv 2011.06294), a U-Net on what was warped and merged; here of two levels, each frame by itself. Does not
do: find what moved where.
"""

from typing import NamedTuple

import torch
from torch import nn
from torch.nn import functional as F

from .background import Background
from .layers import ChannelNorm, Convolution, PointLinear, Residual, depth_to_space, space_to_depth
from .motion import rigid, warp
from .windows import cut

# Colours of the draft, of what is moved, of the background moved alike and of what is moved as rigid bodies; how unlike the
# last is to the background moved alike, and the shares that are kept and moved.
SHOWN = 15
# Difference of a colour, of 2, from the background's at which a pixel is a body's for certain.
BODY = 0.2
# Before the sigmoid: a refiner that has not learned takes next to nothing from elsewhere.
LITTLE = -4.0


class Draft(NamedTuple):
    """What a decoder has put together, or windows of it."""

    # [B, 3, T, H, W].
    video: torch.Tensor
    # How much of the first frame stays where it is, and how much of the rest is moved: [B, 1, T, H, W].
    keep: torch.Tensor
    share: torch.Tensor
    # Back to the first frame, in pixels, x then y: [B, 2, T, H, W].
    offsets: torch.Tensor
    # That the decoder painted by: [B, C, T, H/p, W/p].
    features: torch.Tensor


def unlike(image, background):
    """The largest difference of a colour between pictures [B, 3, T, H, W]: [B, 1, T, H, W]."""
    return (image - background).abs().amax(1, keepdim=True)


def rigid_offsets(draft, image, background):
    """The offsets of a whole draft as those of rigid bodies, found by what is moved and is none of the background."""
    body = unlike(warp(image, draft.offsets), warp(background, draft.offsets))
    return rigid(draft.offsets, (1 - draft.keep) * draft.share * (body / BODY).clamp(max=1))


class Refiner(nn.Module):
    """Video [B, 3, T, H, W] of a draft (Draft) and the first frame [B, 3, H, W]: draft + a (background - draft) + b (moved -
    draft) + c (rigid - draft) + change.
    """

    def __init__(self, config):
        super().__init__()
        fine, coarse = config.refiner_channels
        self.patch = config.autoencoder_patch // 2
        self.background = Background(config.background_channels, self.patch)
        self.input = Convolution(SHOWN * self.patch ** 2, fine, (1, 3, 3))
        self.still = Convolution(6 * self.patch ** 2, fine, (1, 3, 3))
        self.block_0 = Residual(fine, (1, 3, 3))
        self.down = Convolution(fine, coarse, (1, 3, 3), (1, 2, 2))
        self.features = PointLinear(config.decoder_channels[2], coarse)
        self.block_1 = Residual(coarse, (1, 3, 3))
        self.up = PointLinear(coarse, 4 * fine)
        self.block_2 = Residual(fine, (1, 3, 3))
        self.output_norm = ChannelNorm(fine)
        self.output = Convolution(fine, 6 * self.patch ** 2, (1, 3, 3), zero=True)
        self.output.bias.data.view(-1, 6)[:, 3:] = LITTLE

    def forward(self, draft, image):
        background = self.background(image)
        return self.over(draft, image, background, rigid_offsets(draft, image, background))

    def over(self, draft, image, background, offsets, window=None):
        """The same with the background and the rigid bodies' offsets known, of a window of every clip (windows.py) where one is
        given: draft and offsets are those of the window.
        """
        corners = None if window is None else window.corners_in(image)
        moved, moved_background = (warp(source, draft.offsets, corners) for source in (image, background))
        whole, whole_background = (warp(source, offsets, corners) for source in (image, background))
        image, background = cut(image, window)[:, :, None], cut(background, window)[:, :, None]
        shown = torch.cat([draft.video, moved, moved_background, whole, unlike(whole, whole_background), draft.keep,
                           draft.share], 1)
        h = self.input(space_to_depth(shown, self.patch))
        h = h + self.still(space_to_depth(torch.cat([image, background], 1), self.patch))
        h = self.block_0(h)
        coarse = self.block_1(self.down(h) + self.features(draft.features))
        h = self.block_2(h + depth_to_space(self.up(coarse), (1, 2, 2)))
        h = self.output(F.silu(self.output_norm(h)))
        h = depth_to_space(h, (1, self.patch, self.patch)).float()
        video = draft.video
        shares = torch.sigmoid(h[:, 3:]).split(1, 1)
        return video + h[:, :3] + sum(share * (source - video) for share, source in zip(shares, (background, moved, whole)))
