"""The network that corrects a rough image, and says how far it may be off."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import pixel_shuffle, pixel_unshuffle

from pulsetrain.boosting._history import History

__all__ = ["MULTIPLE", "REACH", "UNet"]

MULTIPLE = 4  # sides of what it is shown
REACH = 24  # px, how far away a pixel is seen from at most
_BINNED = 2  # side of the squares whose pixels are channels
_WIDTHS = (32, 64)


class UNet(nn.Module):
    """Two scales without normalisation, so that a tile gives what the whole frame would.

    Squares of 2 × 2 pixels are taken as channels (as in FFDNet, Zhang et al., IEEE Trans. Image Process. 27 (2018)
    4608): most of the work of a U-Net is done on its finest scale, where it is worth least.

    Parameters
    ----------
    channels : int
        Of the input, the first of which is the root that is corrected.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.history = History()
        (fine, coarse), pixels = _WIDTHS, _BINNED**2
        self.enter = _block(channels * pixels, fine)
        self.down = nn.Sequential(nn.Conv2d(fine, coarse, 2, stride=2), nn.ReLU(), *_block(coarse, coarse))
        self.up = nn.ConvTranspose2d(coarse, fine, 2, stride=2)
        self.join = _block(fine, fine)
        self.root = nn.Conv2d(fine, pixels, 3, padding=1)
        self.spread = nn.Sequential(
            nn.Conv2d(fine + pixels, fine, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(fine, fine, 1),
            nn.ReLU(),
            nn.Conv2d(fine, pixels, 1),
        )
        for name, values in self.named_parameters():
            if name.startswith("root."):
                nn.init.zeros_(values)
            elif name == "spread.4.bias":
                nn.init.constant_(values, -1.5)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch's stub has no such keyword

    def forward(self, views: Tensor) -> tuple[Tensor, Tensor]:
        """Return the corrected root and the logarithm of its standard deviation, each (n, 1, y, x), float32.

        The second learns from the first but does not teach it: learnt together they fail on bright diffraction.
        """
        fine = self.enter(pixel_unshuffle(views, _BINNED))
        fine = self.join(fine + self.up(self.down(fine)))
        root = views[:, :1] + pixel_shuffle(self.root(fine), _BINNED).float()
        spread = self.spread(torch.cat([fine, pixel_unshuffle(root, _BINNED)], dim=1).detach())
        return root, pixel_shuffle(spread, _BINNED).float()


def _block(before: int, width: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1), nn.ReLU()
    )
