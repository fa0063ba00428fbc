"""The plain convolutional network."""

from __future__ import annotations

from torch import Tensor, nn

from pulsetrain.spectra._networks.base import Network, refuse_short
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Convolutional", "convolve"]


class Convolutional(Network):
    """Three convolutions, each with batch norm and a pool of 2, down to four features at every 16th place."""

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        del options  # has no choices of its own
        refuse_short("CNN", channels, 71)
        places = _halve(_strided(_halve(_strided(channels, 5)), 3))
        features = 4 * _halve(places - 2)
        self.norm = nn.LayerNorm(channels)
        self.convolutions = nn.Sequential(
            *convolve(1, 64, kernel=5, stride=2), *convolve(64, 64, kernel=3, stride=2), *convolve(64, 4, kernel=3)
        )
        self.head = nn.Sequential(nn.Flatten(), nn.LayerNorm(features), nn.Linear(features, 1))

    def forward(self, spectra: Tensor) -> Tensor:
        features = self.convolutions(self.norm(spectra).unsqueeze(1))  # (spectrum, 4, place)
        logits: Tensor = self.head(features)
        return logits.squeeze(-1)


def convolve(inner: int, outer: int, *, kernel: int, stride: int = 1) -> list[nn.Module]:
    """Return convolution, batch norm, ReLU and a pool of 2."""
    return [nn.Conv1d(inner, outer, kernel, stride), nn.BatchNorm1d(outer), nn.ReLU(), nn.MaxPool1d(2)]


def _strided(length: int, kernel: int) -> int:
    return (length - kernel) // 2 + 1


def _halve(length: int) -> int:
    return length // 2
