"""What every boosting method offers: networks learnt from two sets, and what they make of a block of poor frames."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.nn import choose_device

__all__ = ["Boosted", "Learner", "Report", "make_learner"]

Floats = NDArray[np.float32]


Report = Callable[[int, int, float], None]
"""Told the step, the steps and the loss; may raise `Cancelled`."""


class Boosted(NamedTuple):
    """What each network makes of a block of frames, in photons of the good condition.

    Attributes
    ----------
    mean : float32, shape (network, n, y, x)
    std : float32, shape (network, n, y, x), or None
        What the photons leave open (aleatoric), where a method knows it.
    """

    mean: Floats
    std: Floats | None


class Learner(Protocol):
    """One boosting method, made as ``Learner(options, degradation, device)`` once the degradation is known.

    Networks have the attribute ``history``, a `pulsetrain.boosting._history.History`. Blocks are float32 (n, y, x),
    photons of the poor condition, NaN where masked.
    """

    @property
    def reach(self) -> int:
        """From how far away, in pixels, a pixel's image is influenced."""

    def build(self) -> Any:
        """Return an untrained network, a `torch.nn.Module` whose state is saved and loaded."""

    def learn(self, low: Floats, high: Floats, seed: int, report: Report) -> tuple[Any, list[float]]:
        """Return a network learnt from frames of both conditions, of different objects, and its loss over the steps."""

    def apply(self, networks: Sequence[Any], block: Floats) -> Boosted:
        """Return what networks make of a block; masked pixels may hold anything."""


def make_learner(options: BoostingOptions, degradation: Degradation) -> Learner:
    """Return the learner of ``options.method``."""
    device = choose_device(options.device)
    if options.method == "degradation":
        from pulsetrain.boosting._physics import PhysicsLearner

        return PhysicsLearner(options, degradation, device)
    from pulsetrain.boosting._gan import GanLearner

    return GanLearner(options, degradation, device)
