"""The multi-scale residual network: three branches that see the axis through kernels of 3, 5 and 7."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool1d, relu

from pulsetrain.spectra._networks.base import Network, refuse_short
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Residual"]

_KERNELS = (3, 5, 7)
_WIDEST_POOL = 16  # of the branch with the longest output; the others' follow from the common length


class Residual(Network):
    """Stem, three residual branches brought to one length by average pools of their own, sum, linear head.

    The published count holds a Linear(4023 → 512) that no spectrum passes through: ``options.idle_layer`` adds it.
    """

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        refuse_short("ResNets", channels, 535)
        self.norm = nn.LayerNorm(channels)
        self.stem = nn.Sequential(
            nn.Conv1d(1, 64, 7, stride=2, padding=3, bias=False),
            nn.BatchNorm1d(64),
            nn.ReLU(),
            nn.MaxPool1d(5, stride=2, padding=1),
        )
        self.branches = nn.ModuleList(
            nn.Sequential(_Block(64, 64, kernel), _Block(64, 64, kernel), _Block(64, 8, kernel)) for kernel in _KERNELS
        )
        stem = ((channels - 1) // 2 + 1 + 2 - 5) // 2 + 1
        self.places = _branch_length(stem, _KERNELS[0]) - _WIDEST_POOL + 1
        self.head = nn.Sequential(nn.Flatten(), nn.LayerNorm(8 * self.places), nn.Linear(8 * self.places, 1))
        if options.idle_layer:
            self.idle = nn.Linear(channels, 512)

    def forward(self, spectra: Tensor) -> Tensor:
        stem = self.stem(self.norm(spectra).unsqueeze(1))  # (spectrum, 64, place)
        scales = [branch(stem) for branch in self.branches]  # (spectrum, 8, a few places more or less)
        pooled = [avg_pool1d(scale, scale.shape[-1] - self.places + 1, stride=1) for scale in scales]
        logits: Tensor = self.head(torch.stack(pooled).sum(dim=0))
        return logits.squeeze(-1)


class _Block(nn.Module):
    """Two convolutions beside a 1×1 shortcut, cropped to the shorter of the two lengths."""

    def __init__(self, inner: int, outer: int, kernel: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            nn.Conv1d(inner, outer, kernel, stride=2, padding=1, bias=False),
            nn.BatchNorm1d(outer),
            nn.ReLU(),
            nn.Conv1d(outer, outer, kernel, padding=1, bias=False),
            nn.BatchNorm1d(outer),
        )
        self.shortcut = nn.Sequential(nn.Conv1d(inner, outer, 1, stride=2, bias=False), nn.BatchNorm1d(outer))

    def forward(self, features: Tensor) -> Tensor:
        path, shortcut = self.path(features), self.shortcut(features)
        places = min(path.shape[-1], shortcut.shape[-1])
        return relu(path[..., :places] + shortcut[..., :places])


def _branch_length(length: int, kernel: int) -> int:
    for _ in range(3):
        shortcut = (length - 1) // 2 + 1
        first = (length + 2 - kernel) // 2 + 1
        length = min(shortcut, first + 2 - kernel + 1)
    return length
