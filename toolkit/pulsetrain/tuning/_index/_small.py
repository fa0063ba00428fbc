"""Compiled algebra of 3 × 3 matrices, for which a call of LAPACK costs more than the work.

Here and in all that compiles this, loops stand where an expression of arrays would do: it takes numba many times as
long to compile, and the first pattern of a new installation waits for that.
"""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = [
    "across",
    "compiled",
    "determinant",
    "inverse",
    "nearest_turn",
    "product",
    "shift",
    "transposed",
    "unit",
    "write",
    "write_vector",
]

compiled = numba.njit(nogil=True, cache=True, error_model="numpy")  # division by zero gives inf or NaN, as of arrays


@compiled
def determinant(m: NDArray[np.float64]) -> float:
    """Return the determinant."""
    value: float = 0.0
    for c in range(3):
        d, e = (c + 1) % 3, (c + 2) % 3
        value += m[0, c] * (m[1, d] * m[2, e] - m[1, e] * m[2, d])
    return value


@compiled
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


@compiled
def product(m: NDArray[np.float64], n: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the matrix product."""
    out = np.empty((3, 3))
    for r in range(3):
        for s in range(3):
            out[r, s] = m[r, 0] * n[0, s] + m[r, 1] * n[1, s] + m[r, 2] * n[2, s]
    return out


@compiled
def transposed(m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the transpose, in an array of its own."""
    out = np.empty((3, 3))
    for r in range(3):
        for s in range(3):
            out[r, s] = m[s, r]
    return out


@compiled
def write(m: NDArray[np.float64], into: NDArray[np.float64]) -> None:
    """Write a matrix into another."""
    for r in range(3):
        for s in range(3):
            into[r, s] = m[r, s]


@compiled
def write_vector(v: NDArray[np.float64], into: NDArray[np.float64]) -> None:
    """Write a vector into another."""
    for r in range(3):
        into[r] = v[r]


@compiled
def shift(v: NDArray[np.float64], m: NDArray[np.float64], w: NDArray[np.float64]) -> None:
    """Add the product of a matrix and a vector to another vector."""
    for r in range(3):
        v[r] += m[r, 0] * w[0] + m[r, 1] * w[1] + m[r, 2] * w[2]


@compiled
def unit(v: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector of length 1 along another."""
    length = np.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])
    out = np.empty(3)
    for r in range(3):
        out[r] = v[r] / length
    return out


@compiled
def across(v: NDArray[np.float64], w: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the vector product."""
    out = np.empty(3)
    for r in range(3):
        s, t = (r + 1) % 3, (r + 2) % 3
        out[r] = v[s] * w[t] - v[t] * w[s]
    return out


@compiled
def nearest_turn(m: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the orthogonal matrix nearest to one with a positive determinant.

    Newton's iteration for the polar factor: N. J. Higham, SIAM J. Sci. Stat. Comput. 7 (1986) 1160.
    """
    x = np.empty((3, 3))
    scale = np.cbrt(determinant(m))
    for r in range(3):
        for s in range(3):
            x[r, s] = m[r, s] / scale
    for _ in range(20):
        y = inverse(x)
        step = 0.0
        for r in range(3):
            for s in range(3):
                new = 0.5 * (x[r, s] + y[s, r])
                step = max(step, abs(new - x[r, s]))
                x[r, s] = new
        if step < 1e-12:
            break
    return x
