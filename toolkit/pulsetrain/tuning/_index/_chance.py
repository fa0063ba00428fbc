"""Whether a lattice explains more spots than chance would."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._fit import count_near, fit_lattice, turned
from pulsetrain.tuning._index._small import compiled, inverse, transposed, write

__all__ = ["log_false_alarms", "narrow"]

_WIDTHS = np.array([0.03, 0.05, 0.08, 0.12, 0.17, 0.25])
_TURNS = np.deg2rad(20 + 320 * (np.arange(1, 33) * 0.6180339887498949 % 1))


@compiled
def log_false_alarms(
    q: NDArray[np.float64], axes: NDArray[np.float64], known: NDArray[np.float64], spans: tuple[float, float]
) -> float:
    """Return log10 of how many lattices as good a search would find in spots at random (a-contrario criterion).

    That is the number of trials that differ, times the probability that one of them has as many spots near its nodes
    (Hoeffding's bound of the binomial tail). See A. Desolneux, L. Moisan, J.-M. Morel, Int. J. Comput. Vis. 40
    (2000) 7.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å
    axes : float64, shape (3, 3), Å
    known : float64, shape (3, 3), Å
        Reduced axes of the known cell.
    spans : tuple of float
        Relative half-range of lengths, half-range of angles in rad.
    """
    n, near, chance = count_near(q, axes, _WIDTHS, _TURNS)
    if n == 0:
        return 0.0
    square = 0.0
    for i in range(len(q)):
        square += q[i, 0] ** 2 + q[i, 1] ** 2 + q[i, 2] ** 2
    radius = np.sqrt(square / len(q))
    fewest = np.inf
    for k in range(len(_WIDTHS)):
        # Never below what spots without any order give, nor below what the turned spots gave.
        p = min(max(chance[k], (2 * _WIDTHS[k]) ** 3), 0.999)
        share = near[k] / n
        if share <= p:
            continue
        tail = share * np.log(share / p)
        if share < 1:
            tail += (1 - share) * np.log((1 - share) / (1 - p))
        # Trials that differ by more than the width: the first axis lies anywhere in a shell, the second in a ring
        # around it, the third in a box.
        step = 2 * _WIDTHS[k] / radius
        trials = np.log10(4 * np.pi**2)
        for i in range(3):
            length = np.sqrt(known[i, 0] ** 2 + known[i, 1] ** 2 + known[i, 2] ** 2) / step
            trials += np.log10(max(1.0, 2 * spans[0] * length))
            trials += (2 - i) * np.log10(max(1.0, length)) + i * np.log10(max(1.0, 2 * spans[1] * length))
        fewest = min(fewest, trials - n * tail / np.log(10))
    return fewest


@compiled
def narrow(
    q: NDArray[np.float64],
    axes: NDArray[np.float64],
    widths: NDArray[np.float64],
    known: NDArray[np.float64],
    spans: tuple[float, float],
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Refine a lattice with fewer and fewer outliers, from where it is and from the known cell turned onto it.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å
    axes : float64, shape (3, 3), Å
    widths : float64, shape (width,), falling
        Farthest from whole indices of the spots that take part.
    known : float64, shape (3, 3), Å
    spans : tuple of float

    Returns
    -------
    axes : float64, shape (2 · width, 3, 3), Å
    alarms : float64, shape (2 · width,)
        See `log_false_alarms`.
    """
    n = len(widths)
    found = np.empty((2 * n, 3, 3))
    alarms = np.empty(2 * n)
    everything = np.array([len(q)])
    current = axes.copy()
    for k in range(2 * n):
        if k == n:
            current = transposed(inverse(turned(known, inverse(axes))))
        fit_lattice(q, current, everything, widths[k % n], known)
        write(current, found[k])
        alarms[k] = log_false_alarms(q, current, known, spans)
    return found, alarms
