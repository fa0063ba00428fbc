"""The network that tells patches of made images from those of real ones."""

from __future__ import annotations

from torch import nn

__all__ = ["Discriminator"]


class Discriminator(nn.Sequential):
    """Judges overlapping patches of 34 px (PatchGAN, Isola et al., CVPR 2017): (n, 1, y, x) → (n, 1, y', x').

    Nothing is normalised by a patch's own statistics: a wrong flux must be seen.

    Parameters
    ----------
    width : int
        Filters of the first layer.
    """

    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Conv2d(1, width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 4, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(4 * width, 1, 4, padding=1),
        )
