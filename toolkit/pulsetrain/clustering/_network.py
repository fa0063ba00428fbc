"""The network that turns the two views of a frame into a point of the latent space."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["LATENT", "VIEW", "FrameNetwork"]

LATENT = 32
VIEW = 64  # px, side of both views
_WIDTHS = (12, 24, 48, 64)


class FrameNetwork(nn.Module):
    """Two small branches, one for the picture and one for its autocorrelation, joined on the unit sphere.

    About 11 MFLOP a frame: the physics scores beside it cost as much. Group norm, so that a frame's latent vector does
    not depend on which others it is computed with.
    """

    def __init__(self) -> None:
        super().__init__()
        self.picture = _branch()
        self.autocorrelation = _branch()
        self.join = nn.Sequential(nn.Linear(4 * _WIDTHS[-1], 128), nn.ReLU(), nn.Linear(128, LATENT))

    def forward(self, views: Tensor) -> Tensor:
        """Return unit vectors (n, LATENT) of views (n, 2, 64, 64)."""
        parts = [self.picture(views[:, :1]), self.autocorrelation(views[:, 1:])]
        # What is where does not matter (rotation), but how much of it there is and how strong it gets.
        pooled = [part for each in parts for part in (each.mean(dim=(2, 3)), each.amax(dim=(2, 3)))]
        return nn.functional.normalize(self.join(torch.cat(pooled, dim=1)), dim=1)


def _branch() -> nn.Sequential:
    layers: list[nn.Module] = []
    before = 1
    for width in _WIDTHS:
        size = 5 if before == 1 else 3
        layers += [
            nn.Conv2d(before, width, size, stride=2, padding=size // 2, bias=False),
            nn.GroupNorm(4, width),
            nn.ReLU(),
        ]
        before = width
    return nn.Sequential(*layers)
