"""What a place looks like without what moves in it, by its first frame alone.

A body uncovers ground and wall that the first frame does not show, and the camera stands still: one picture of what was
behind serves all frames, so that a network may look far around for it. Source: a plate behind layers that move (Wang and
Adelson, Representing moving images with layers, 1994); the network is a U-Net of three levels. Does not do: find what
moves, or where to; what is not known in training is left as the frame has it.
"""

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from .layers import ChannelNorm, Convolution, PointLinear, Residual, depth_to_space, space_to_depth

# Frames in which a place must be seen for its colour to be known.
SEEN = 3
# Pixels around a body that its colour reaches into.
RIM = 1


class Background(nn.Module):
    """Image [B, 3, H, W] -> its background [B, 3, H, W]: image + share * (paint - image)."""

    def __init__(self, channels, patch):
        super().__init__()
        fine, middle, coarse = channels
        self.patch = patch
        self.input = Convolution(3 * patch ** 2, fine, (1, 3, 3))
        self.block_0 = Residual(fine, (1, 3, 3))
        self.down_0 = Convolution(fine, middle, (1, 3, 3), (1, 2, 2))
        self.block_1 = Residual(middle, (1, 3, 3))
        self.down_1 = Convolution(middle, coarse, (1, 3, 3), (1, 2, 2))
        self.block_2 = Residual(coarse, (1, 3, 3))
        self.block_3 = Residual(coarse, (1, 3, 3))
        self.up_1 = PointLinear(coarse, 4 * middle)
        self.block_4 = Residual(middle, (1, 3, 3))
        self.up_0 = PointLinear(middle, 4 * fine)
        self.block_5 = Residual(fine, (1, 3, 3))
        self.output_norm = ChannelNorm(fine)
        self.output = Convolution(fine, 4 * patch ** 2, (1, 3, 3))
        self.output.weight.data.mul_(0.1)
        # Before the sigmoid: of one that has not learned, little is painted over.
        self.output.bias.data.view(-1, 4)[:, 3] = -2.0

    def forward(self, image):
        fine = self.block_0(self.input(space_to_depth(image[:, :, None], self.patch)))
        middle = self.block_1(self.down_0(fine))
        coarse = self.block_3(self.block_2(self.down_1(middle)))
        middle = self.block_4(middle + depth_to_space(self.up_1(coarse), (1, 2, 2)))
        h = self.block_5(fine + depth_to_space(self.up_0(middle), (1, 2, 2)))
        h = self.output(F.silu(self.output_norm(h)))
        h = depth_to_space(h, (1, self.patch, self.patch)).float()[:, :, 0]
        return image + torch.sigmoid(h[:, 3:]) * (h[:, :3] - image)


def known_background(video, mask):
    """Of a clip, u8 [T, H, W, 3], and its masks [T, H, W]: what is behind the bodies, u8 [H, W, 3], and where that is known,
    bool [H, W]. Behind a body it is the median over the frames in which the place is seen. Elsewhere, and where it is not
    known, it is the first frame, but for what is mostly lighter: a shadow that leaves uncovers ground too, and one that
    comes to rest does not.
    """
    seen = mask == 0
    count = seen.sum(0)
    # What is hidden comes last in order.
    order = np.sort(np.where(seen[..., None], video, 255), 0)
    middle = np.maximum((count - 1) // 2, 0)[None, ..., None]
    median = np.take_along_axis(order, np.broadcast_to(middle, (1, *video.shape[1:])), 0)[0]
    covered = F.max_pool2d(torch.from_numpy(~seen[0]).float()[None], 2 * RIM + 1, 1, RIM)[0].numpy() > 0
    lighter = median.astype(int).sum(-1) > video[0].astype(int).sum(-1)
    known = count >= SEEN
    return np.where((known & (covered | lighter))[..., None], median, video[0]), known
