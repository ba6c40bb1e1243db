"""Square windows of clips, aligned with the latents' cells: what moves is a small part of most clips, so that a decoder
learns several times as fast from windows around it.
"""

from dataclasses import dataclass

import numpy as np
import torch


@dataclass(frozen=True)
class Windows:
    """A window of every clip of a batch: top left corners (row, column) and height and width, in latents, of clips that
    are `side` latents wide.
    """

    corners: list
    cells: int
    side: int

    def of(self, x):
        """The windows [B, .., n, n] of x [B, .., m, m], which may be latents or pixels."""
        scale = x.shape[-1] // self.side
        size = self.cells * scale
        return torch.stack([one[..., row * scale:row * scale + size, column * scale:column * scale + size]
                            for one, (row, column) in zip(x, self.corners)])

    def corners_in(self, image):
        """Places x, y of the windows' first pixels in images [B, 3, S, S]: [B, 2]."""
        scale = image.shape[-1] // self.side
        return torch.tensor([(column * scale, row * scale) for row, column in self.corners])


def cut(x, window):
    """The windows of x, or all of it without."""
    return x if window is None else window.of(x)


def corner_near_motion(video, side, cells, random):
    """Corner of a window of `cells` of `side` latents that contains something of u8 video [T, S, S, 3] that has moved."""
    t = int(random.integers(1, len(video)))
    moved = np.argwhere(np.abs(video[t].astype(np.int16) - video[0]).max(-1) > 8) // (video.shape[1] // side)
    centre = moved[random.integers(len(moved))] if len(moved) else random.integers(0, side, 2)
    return tuple(int(x) for x in np.clip(centre - random.integers(0, cells, 2), 0, side - cells))
