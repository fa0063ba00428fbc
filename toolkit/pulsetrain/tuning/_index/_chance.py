"""Whether a lattice explains more spots than chance would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._fit import count_near

__all__ = ["log_false_alarms"]

_WIDTHS = np.array([0.03, 0.05, 0.08, 0.12, 0.17, 0.25])
_TURNS = np.deg2rad(20 + 320 * (np.arange(1, 33) * 0.6180339887498949 % 1))


def log_false_alarms(
    q: NDArray[np.float64], axes: NDArray[np.float64], reduced: NDArray[np.float64], spans: tuple[float, float]
) -> float:
    """Return log10 of how many lattices as good a search would find in spots at random (a-contrario criterion).

    That is the number of trials that differ, times the probability that one of them has as many spots near its nodes
    (Hoeffding's bound of the binomial tail). See A. Desolneux, L. Moisan, J.-M. Morel, Int. J. Comput. Vis. 40
    (2000) 7.

    Parameters
    ----------
    q : numpy.ndarray, shape (n, 3), 1/Å
    axes : numpy.ndarray, shape (3, 3), Å
    reduced : numpy.ndarray, shape (3, 3), Å
        Known cell.
    spans : tuple of float
        Relative half-range of lengths, half-range of angles in rad.
    """
    n, near, chance = count_near(q, axes, _WIDTHS, _TURNS)
    if n == 0:
        return 0.0
    share = near / n
    # Never below what spots without any order give, nor below one in the spots that were turned.
    chance = np.maximum(chance, (2 * _WIDTHS) ** 3)
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(share > 0, share * np.log(share / chance), 0.0)
        second = np.where(share < 1, (1 - share) * np.log((1 - share) / (1 - np.minimum(chance, 0.999))), 0.0)
    tail = np.where(share > chance, -n * (first + second), 0.0) / np.log(10)
    return float(np.min(_log_trials(q, reduced, spans) + tail))


def _log_trials(
    q: NDArray[np.float64], reduced: NDArray[np.float64], spans: tuple[float, float]
) -> NDArray[np.float64]:
    """Return log10 of the number of lattices that differ by more than the width, shape (width,)."""
    a, b, c = np.linalg.norm(reduced, axis=1)
    step = 2 * _WIDTHS / np.sqrt(np.mean((q**2).sum(axis=1)))
    length, angle = 2 * spans[0], 2 * spans[1]
    sizes = (a, a, length * a, b, length * b, angle * b, length * c, angle * c, angle * c)
    trials = 4 * np.pi**2 * np.prod([np.maximum(size / step, 1.0) for size in sizes], axis=0)
    logarithm: NDArray[np.float64] = np.log10(trials)
    return logarithm
