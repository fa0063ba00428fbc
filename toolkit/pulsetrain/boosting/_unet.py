"""The network that corrects a rough image, and says how far it may be off."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from pulsetrain.boosting._gan.history import GanHistory

__all__ = ["MULTIPLE", "REACH", "UNet"]

MULTIPLE = 4  # sides of what it is shown
REACH = 28  # px, how far away a pixel is seen from at most
_WIDTHS = (16, 40, 80)


class UNet(nn.Module):
    """Three scales without normalisation, so that a tile gives what the whole frame would.

    Parameters
    ----------
    channels : int
        Of the input, the first of which is the root that is corrected.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.history = GanHistory()
        fine, middle, coarse = _WIDTHS
        self.enter = _block(channels, fine)
        self.down = nn.ModuleList([_down(fine, middle), _down(middle, coarse)])
        self.up = nn.ModuleList([_up(coarse, middle), _up(middle, fine)])
        self.join = nn.ModuleList([_block(middle, middle), _block(fine, fine)])
        self.root = nn.Conv2d(fine, 1, 1)
        self.spread = nn.Sequential(
            nn.Conv2d(fine + 1, fine, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(fine, fine, 1),
            nn.ReLU(),
            nn.Conv2d(fine, 1, 1),
        )
        nn.init.zeros_(self.root.weight)
        nn.init.zeros_(self.root.bias)  # type: ignore[arg-type]
        nn.init.constant_(self.spread[-1].bias, -1.5)  # type: ignore[arg-type]

    def forward(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return the corrected root and the logarithm of its standard deviation, each (n, 1, y, x).

        The second learns from the first but does not teach it: learnt together they fail on bright diffraction.
        """
        fine = self.enter(views)
        middle = self.down[0](fine)
        coarse = self.down[1](middle)
        middle = self.join[0](middle + self.up[0](coarse))
        fine = self.join[1](fine + self.up[1](middle))
        root = views[:, :1] + self.root(fine)
        return root, self.spread(torch.cat([fine, root], dim=1).detach())


def _block(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU()
    )


def _down(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 2, stride=2),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
        nn.Conv2d(width, width, 3, padding=1),
        nn.ReLU(),
    )


def _up(before: int, width: int) -> nn.ConvTranspose2d:
    return nn.ConvTranspose2d(before, width, 2, stride=2)
