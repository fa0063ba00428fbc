"""Forms that the share of the new phase can take along the series."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Shape = Literal["logistic", "linear", "nucleation", "mirrored"]

SHAPES: tuple[Shape, ...] = ("logistic", "linear", "nucleation", "mirrored")

# Avrami's law 1 − exp(−ln 2·x²) reaches 10 % and 90 % at these multiples of its half time.
_FROM, _TO = np.sqrt(-np.log1p(-np.array([0.1, 0.9])) / np.log(2))


def share(shape: Shape, distance: ArrayLike) -> Floats:
    """Return the share of the new phase at a distance from where it is ½.

    Parameters
    ----------
    shape : str
        ``"nucleation"`` is Avrami's law with exponent 2, abrupt to start and slow to end; ``"mirrored"`` the other way
        round.
    distance : array of float
        In widths from 10 % to 90 %.
    """
    z = np.asarray(distance, dtype=float)
    if shape == "logistic":
        return np.asarray(0.5 * (1 + np.tanh(np.log(9) * z)))
    if shape == "linear":
        return np.clip(0.5 + 0.8 * z, 0.0, 1.0)
    if shape == "mirrored":
        return np.asarray(1 - share("nucleation", -z))
    return np.asarray(1 - np.exp(-np.log(2) * np.maximum(1 + (_TO - _FROM) * z, 0.0) ** 2))
