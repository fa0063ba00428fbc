"""Sines and cosines by the hundred thousand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["sine_and_cosine"]

Singles = NDArray[np.float32]


def sine_and_cosine(x: NDArray[np.float64]) -> tuple[Singles, Singles]:
    """Return sine and cosine, right to 3e-7, of angles however large.

    Single precision is what NumPy computes many at a time; full turns are taken off in double precision before, so
    that a phase of thousands of radians is as exact as a small one.
    """
    within = (x - 2 * np.pi * np.rint(x / (2 * np.pi))).astype(np.float32)
    return np.sin(within), np.cos(within)
