"""Compiled loops over the pixels of frames; each has a plain NumPy twin in the tests."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["fill", "ring_means", "weigh"]

Float32 = NDArray[np.float32]

_LIT = 0.5  # photons
_compiled = numba.njit(cache=True, nogil=True, fastmath={"reassoc", "contract", "nsz", "arcp"})


@_compiled
def ring_means(frame: Float32, rings: NDArray[np.int32], dead: NDArray[np.bool_], means: Float32) -> None:
    """Write the mean of each ring of a flat frame; rings that are masked take the nearest within, or else outside."""
    n = len(means)
    count = np.zeros(n, np.float32)
    means[:] = 0
    for i in range(len(frame)):
        if not dead[i] and np.isfinite(frame[i]):
            means[rings[i]] += frame[i]
            count[rings[i]] += 1
    first = 0
    while first < n and count[first] == 0:
        first += 1
    if first == n:
        return
    value = means[first] / count[first]
    for k in range(n):
        if count[k] > 0:
            value = means[k] / count[k]
        means[k] = value


@_compiled
def fill(
    block: Float32, rings: NDArray[np.int32], dead: NDArray[np.bool_], filters: Float32, filled: Float32
) -> tuple[Float32, Float32, Float32]:
    """Fill masked pixels by the mean of their ring, and say what must be taken off sums over the filled frames.

    Parameters
    ----------
    block : float32, shape (n, pixels), NaN where masked
    rings : int32, shape (pixels,)
        Which ring around the beam each pixel is of.
    dead : bool, shape (pixels,)
        Masked in every frame.
    filters : float32, shape (4, pixels)
        As `Empties` has them.
    filled : float32, shape (n, pixels)
        Written.

    Returns
    -------
    profile : float32, shape (n, rings)
    counts : float32, shape (n, 3)
        Photons, lit pixels and valid pixels.
    excess : float32, shape (n, 5)
        What pixels that are masked in this frame only add to the sums that `hit_sums` forms.
    """
    n, pixels = block.shape
    profile = np.zeros((n, rings.max() + 1), np.float32)
    counts = np.zeros((n, 3), np.float32)
    excess = np.zeros((n, 5), np.float32)
    for j in range(n):
        ring_means(block[j], rings, dead, profile[j])
        total = lit = valid = np.float32(0)
        for i in range(pixels):
            value = block[j, i]
            if not dead[i] and np.isfinite(value):
                filled[j, i] = value
                total += value
                lit += value >= _LIT
                valid += 1
                continue
            filled[j, i] = profile[j, rings[i]]
            if not dead[i]:
                excess[j, 0] += filled[j, i] * filters[2, i]
                excess[j, 1] += filled[j, i] * filters[3, i]
                excess[j, 2] += filters[0, i] * filters[2, i]
                excess[j, 3] += filters[0, i] * filters[3, i]
                excess[j, 4] += filters[1, i] * filters[3, i]
        counts[j, 0], counts[j, 1], counts[j, 2] = total, lit, valid
    return profile, counts, excess


@_compiled
def weigh(block: Float32, envelope: Float32, behind: Float32, scale: Float32, out: Float32) -> Float32:
    """Write w·(I − S), and return Σ w²·(S + read) and Σ w·(S − b) per frame, shape (n, 2).

    w is the share of the light that the particle gives, so that a fringe weighs as much as it can be seen; 0 where
    masked, and falling to 0 at the edge of the square.

    Parameters
    ----------
    block, envelope : float32, shape (n, pixels)
    behind : float32, shape (3, pixels)
        The background b, the window (0 where dead), and the variance of the read noise in photons².
    scale : float32, shape (n,)
        Of the background in each frame.
    out : float32, shape (n, pixels)
        Written.
    """
    n, pixels = block.shape
    moments = np.zeros((n, 2), np.float32)
    for j in range(n):
        variance = signal = np.float32(0)
        for i in range(pixels):
            value = block[j, i]
            window = behind[1, i]
            if window == 0 or not np.isfinite(value):
                out[j, i] = 0
                continue
            stray = scale[j] * behind[0, i]
            particle = max(envelope[j, i] - stray, np.float32(0))
            noise = max(envelope[j, i], stray) + behind[2, i]
            weight = window * particle / (noise + np.float32(1e-6))
            out[j, i] = weight * (value - envelope[j, i])
            variance += weight * weight * noise
            signal += weight * particle
        moments[j, 0], moments[j, 1] = variance, signal
    return moments
