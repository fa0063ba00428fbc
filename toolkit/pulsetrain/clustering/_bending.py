"""Clouds of latent vectors brought to one shape, beyond mean and covariance."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bend"]

Doubles = NDArray[np.float64]

_STEPS = 12
_LEVELS = np.linspace(0.01, 0.99, 12)
_PART = 0.7  # of the way, at each step: the steps after it see to the rest
_FEW = 30  # frames; of so many, each step goes half as far
_SEED = 5  # of the axes: any will do, the same for all experiments, so that their clouds are bent alike


@dataclass(frozen=True)
class Bend:
    """A map, not affine, that gives one cloud of points the density of another.

    Pitié, Kokaram and Dahyot, "N-dimensional probability density function transfer" (ICCV 2005): along the axes of one
    random frame after the other, the quantiles of the first cloud are moved to those of the second.

    Attributes
    ----------
    axes : float64, shape (step, latent, latent)
    places, moves : float64, shape (step, latent, level)
        Along each axis, where the first cloud's quantiles lie and how far they are moved; linear in between.
    """

    axes: Doubles
    places: Doubles
    moves: Doubles

    @classmethod
    def onto(cls, target: Doubles, target_weight: Doubles, own: Doubles, own_weight: Doubles) -> Self:
        """Learn to move points (n, latent) of these weights (n,) to where the target's lie."""
        rng = np.random.default_rng(_SEED)
        number = min(own_weight.sum(), target_weight.sum())
        part = _PART * number / (number + _FEW)
        size = own.shape[1]
        axes = np.stack([np.linalg.qr(rng.standard_normal((size, size)))[0] for _ in range(_STEPS)])
        places = np.zeros((_STEPS, size, len(_LEVELS)))
        moves = np.zeros_like(places)
        bend = cls(axes, places, moves)
        for step in range(_STEPS):
            places[step] = _quantiles(own @ axes[step], own_weight)
            moves[step] = part * (_quantiles(target @ axes[step], target_weight) - places[step])
            own = bend._moved(own, step)
        return bend

    def __call__(self, latent: Doubles) -> Doubles:
        """Return points (n, latent), moved."""
        for step in range(len(self.axes)):
            latent = self._moved(latent, step)
        return latent

    def _moved(self, latent: Doubles, step: int) -> Doubles:
        """Return points (n, latent) after one of the steps."""
        along = latent @ self.axes[step]
        pairs = zip(along.T, self.places[step], self.moves[step], strict=True)
        moves = np.stack([np.interp(*each) for each in pairs], axis=1)
        return np.asarray(latent + moves @ self.axes[step].T)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of_arrays` makes it again of."""
        return asdict(self)

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make a bend again of its `arrays`."""
        return cls(arrays["axes"], arrays["places"], arrays["moves"])


def _quantiles(along: Doubles, weight: Doubles) -> Doubles:
    """Return the quantiles of weighted points (n, axis) along each axis, shape (axis, level)."""
    order = along.argsort(axis=0)
    found = []
    for axis, rows in enumerate(order.T):
        share = np.cumsum(weight[rows])
        found.append(np.interp(_LEVELS, (share - weight[rows] / 2) / share[-1], along[rows, axis]))
    return np.stack(found)
