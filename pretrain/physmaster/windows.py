"""Square windows of clips, aligned with the latents' cells: what moves is a small part of most clips, so that a decoder
learns several times as fast from windows around it.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional as F

from .losses import moved


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


def corners_near_motion(video, side, cells, random):
    """Corners, for every clip of video [B, 3, T, S, S], of a window of `cells` of `side` latents that contains something
    that has moved; of any window where nothing has.
    """
    batch, _, frames, size, _ = video.shape
    shown = torch.stack([one[:, t] for one, t in zip(video, random.integers(1, frames, batch).tolist())])
    share = F.avg_pool2d(moved(shown[:, :, None], video[:, :, 0])[:, :, 0], size // side).flatten(1)
    place = torch.multinomial(share + 1e-6, 1).cpu().numpy()
    centre = np.concatenate([place // side, place % side], 1)
    corners = np.clip(centre - random.integers(0, cells, (batch, 2)), 0, side - cells)
    return [tuple(corner) for corner in corners.tolist()]
