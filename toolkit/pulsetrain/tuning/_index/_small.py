"""Compiled algebra of 3 × 3 matrices, for which a call of LAPACK costs more than the work."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["determinant", "inverse", "nearest_turn"]


@numba.njit(nogil=True, cache=True)
def determinant(m: NDArray[np.float64]) -> float:
    """Return the determinant."""
    value: float = 0.0
    for c in range(3):
        d, e = (c + 1) % 3, (c + 2) % 3
        value += m[0, c] * (m[1, d] * m[2, e] - m[1, e] * m[2, d])
    return value


@numba.njit(nogil=True, cache=True)
def inverse(m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inverse (Cramer's rule); the matrix must have one."""
    out = np.empty((3, 3))
    scale = 1.0 / determinant(m)
    for r in range(3):
        a, b = (r + 1) % 3, (r + 2) % 3
        for s in range(3):
            c, d = (s + 1) % 3, (s + 2) % 3
            out[s, r] = (m[a, c] * m[b, d] - m[a, d] * m[b, c]) * scale
    return out


@numba.njit(nogil=True, cache=True)
def nearest_turn(m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the orthogonal matrix nearest to one with a positive determinant.

    Newton's iteration for the polar factor: N. J. Higham, SIAM J. Sci. Stat. Comput. 7 (1986) 1160.
    """
    x: NDArray[np.float64] = m / np.cbrt(determinant(m))
    for _ in range(20):
        y = inverse(x).T
        new = 0.5 * (x + y)
        step = np.abs(new - x).max()
        x = new
        if step < 1e-12:
            break
    return x
