"""The fully connected network."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from pulsetrain.spectra._networks.base import Network, refuse_short
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Dense"]


class Dense(Network):
    """Three hidden layers, each normalised: 256, 512, 64."""

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        del options  # has no choices of its own
        refuse_short("1D FCNN", channels, 2)
        widths = (channels, 256, 512, 64)
        hidden = [
            layer
            for inner, outer in pairwise(widths)
            for layer in (nn.Linear(inner, outer), nn.LayerNorm(outer), nn.ReLU())
        ]
        self.layers = nn.Sequential(nn.LayerNorm(channels), *hidden, nn.Linear(64, 1))

    def forward(self, spectra: Tensor) -> Tensor:
        logits: Tensor = self.layers(spectra)
        return logits.squeeze(-1)
