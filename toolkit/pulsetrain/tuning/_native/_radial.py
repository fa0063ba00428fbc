"""Background and noise of a pattern in rings around the beam."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["ring_limits"]

_ITERATIONS = 5
_FEWEST = 2  # pixels of a ring that has a spread


@numba.njit(nogil=True, cache=True)
def ring_limits(
    frame: NDArray[np.float32], order: NDArray[np.int32], starts: NDArray[np.int64], min_snr: float
) -> NDArray[np.float64]:
    """Return offset + min_snr · σ of each ring: A. Barty et al., J. Appl. Cryst. 47 (2014) 1118.

    Mean and spread are taken anew, up to five times, of the pixels below the limit of the time before: peaks drop out.

    Parameters
    ----------
    frame : numpy.ndarray, shape (pixel,), float32
        Not finite where masked.
    order : numpy.ndarray, shape (counting pixel,), int32
        The pixels, ring by ring.
    starts : numpy.ndarray, shape (ring + 1,)
        Where each ring begins in `order`.
    min_snr : float

    Returns
    -------
    numpy.ndarray, shape (ring,)
        Infinite where a ring has too few pixels to tell.
    """
    limits = np.full(starts.size - 1, np.inf)
    values = np.empty((starts[1:] - starts[:-1]).max() if limits.size else 0, np.float32)
    for k in range(limits.size):
        size = 0
        for j in range(starts[k], starts[k + 1]):
            value = frame[order[j]]
            if np.isfinite(value):
                values[size] = value
                size += 1
        for _ in range(_ITERATIONS):
            count, total, square = _moments(values[:size], limits[k])
            limit = np.inf
            if count >= _FEWEST:
                mean = total / count
                limit = mean + min_snr * np.sqrt(max(0.0, square / count - mean * mean))
            same = limit == limits[k]
            limits[k] = limit
            if same:
                break
    return limits


# Summation in another order lets the compiler take several pixels at once.
@numba.njit(nogil=True, cache=True, fastmath={"reassoc", "contract", "nsz"})
def _moments(values: NDArray[np.float32], limit: float) -> tuple[int, float, float]:
    """Return number, sum and sum of squares of the values below a limit."""
    count, total, square = 0, 0.0, 0.0
    for j in range(values.size):
        value = np.float64(values[j])
        below = value < limit
        counted = value if below else 0.0
        count += int(below)
        total += counted
        square += counted * counted
    return count, total, square
