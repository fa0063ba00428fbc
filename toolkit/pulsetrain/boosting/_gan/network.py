"""A generator with the scales it was trained in: from photons of the poor condition to those of the good one."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from pulsetrain.boosting._gan.generator import STRIDE, Generator
from pulsetrain.boosting._gan.scale import Scale
from pulsetrain.boosting._history import History
from pulsetrain.nn import precision

__all__ = ["GanNetwork"]

Floats = NDArray[np.float32]

_AT_ONCE = 2**18  # pixels that are carried over together


class GanNetwork(nn.Module):
    """A generator and, as buffers, its scales; saved and loaded by its state.

    Parameters
    ----------
    generator : Generator
    low, high : Scale

    Attributes
    ----------
    history : History
        Of the training; not part of the state.
    """

    low: Tensor
    high: Tensor

    def __init__(self, generator: Generator, low: Scale, high: Scale) -> None:
        super().__init__()
        self.generator, self.history = generator, History()
        self.register_buffer("low", torch.tensor(low, dtype=torch.float64))
        self.register_buffer("high", torch.tensor(high, dtype=torch.float64))

    def forward(self, photons: Tensor) -> Tensor:
        """Return images of frames, both (n, y, x); NaN where masked goes in, but does not come out."""
        y, x = photons.shape[1:]
        low, high = (Scale(*scale.tolist()) for scale in (self.low, self.high))
        whole = nn.functional.pad(photons, (0, -x % STRIDE, 0, -y % STRIDE), value=float("nan"))
        with precision(photons.device):
            made: Tensor = self.generator(*low.batch(whole))
        return high.outward(made[:, 0, :y, :x].float()).clamp(min=0)

    def images(self, block: Floats) -> Floats:
        """Return images (n, y, x) of frames, some at a time."""
        made = np.empty(block.shape, np.float32)
        rows = max(1, _AT_ONCE // (block.shape[1] * block.shape[2]))
        with torch.inference_mode():
            for start in range(0, len(block), rows):
                some = torch.from_numpy(np.ascontiguousarray(block[start : start + rows], np.float32))
                made[start : start + rows] = self(some.to(self.low.device)).cpu().numpy()
        return made
