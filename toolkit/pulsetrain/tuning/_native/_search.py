"""Peaks: connected pixels above the threshold of their ring."""

from __future__ import annotations

from typing import NamedTuple

import numba
import numpy as np
from numpy.typing import NDArray

__all__ = ["COLUMNS", "Layout", "find_peaks"]

# Columns of the table of peaks.
COLUMNS = ("pixel", "slow_scan", "fast_scan", "intensity", "snr", "n_pixels")

_BLOCK = 64  # pixels


class Layout(NamedTuple):
    """How the pixels of a pattern lie.

    Attributes
    ----------
    ring : numpy.ndarray, shape (pixel,), int16
        −1 for pixels that do not count.
    panel : numpy.ndarray, shape (pixel,), int16
        −1 outside of all.
    width : int
        Pixels along the last axis.
    """

    ring: NDArray[np.int16]
    panel: NDArray[np.int16]
    width: int


@numba.njit(nogil=True, cache=True)
def find_peaks(
    frame: NDArray[np.float32],
    layout: Layout,
    limit: NDArray[np.float64],
    background_radius: int,
    state: NDArray[np.uint8],
) -> NDArray[np.float64]:
    """Find all groups of pixels above the limit of their ring.

    Pixels touch along edges and corners. A group stays within its panel, and has a pixel that is not at the panel's
    edge. Groups of any size are returned: the cuts on the number of pixels are the caller's.

    Parameters
    ----------
    frame : numpy.ndarray, shape (pixel,), float32
        Not finite where masked.
    layout : Layout
    limit : numpy.ndarray, shape (ring,)
    background_radius : int
        The local background is the mean of the pixels below their limit within twice this radius of the peak.
    state : numpy.ndarray, shape (pixel,), uint8
        Scratch; all zero before and after.

    Returns
    -------
    numpy.ndarray, shape (peak, 6), float64
        See `COLUMNS`. Slow and fast scan are those of the whole array, whose rows are `width` long.
    """
    bright = _bright(frame, layout.ring, limit)
    for i in bright:
        state[i] = 1
    peaks = np.empty((bright.size, 6))
    group = np.empty(bright.size, np.int64)
    found = 0
    for start in bright:
        if state[start] == 1:
            n, inner = _grow(start, layout, state, group)
            if inner:
                peaks[found] = _measure(frame, layout, limit, 2 * background_radius, group[:n])
                found += 1
    for i in bright:
        state[i] = 0
    return peaks[:found].copy()


@numba.njit(nogil=True, cache=True)
def _bright(frame: NDArray[np.float32], ring: NDArray[np.int16], limit: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the pixels above the limit of their ring, in order."""
    lowest = np.float32(limit.min())  # rounded: hence >= below
    bright = np.empty(_BLOCK, np.int64)
    n = 0
    for first in range(0, frame.size, _BLOCK):
        last = min(first + _BLOCK, frame.size)
        # Nearly all blocks are dark, which the compiler finds out several pixels at once.
        if _count(frame[first:last], lowest) == 0:
            continue
        if n + _BLOCK > bright.size:
            grown = np.empty(2 * bright.size + _BLOCK, np.int64)
            grown[:n] = bright[:n]
            bright = grown
        for i in range(first, last):
            k = ring[i]
            if k >= 0 and frame[i] > limit[k] and np.isfinite(frame[i]):
                bright[n] = i
                n += 1
    return bright[:n]


@numba.njit(nogil=True, cache=True)
def _count(values: NDArray[np.float32], lowest: np.float32) -> int:
    count = 0
    for i in range(values.size):
        count += values[i] >= lowest
    return count


@numba.njit(nogil=True, cache=True)
def _grow(start: int, layout: Layout, state: NDArray[np.uint8], group: NDArray[np.int64]) -> tuple[int, bool]:
    """Gather the group of a pixel; return its size, and whether one of its pixels is not at the panel's edge."""
    panel, width = layout.panel, layout.width
    group[0], n, done, inner = start, 1, 0, False
    state[start] = 2
    while done < n:
        i = group[done]
        done += 1
        row, column = i // width, i % width
        neighbours = 0
        for r in range(row - 1, row + 2):
            for c in range(column - 1, column + 2):
                j = r * width + c
                if 0 <= c < width and 0 <= j < panel.size and panel[j] == panel[i]:
                    neighbours += 1
                    if state[j] == 1:
                        state[j] = 2
                        group[n] = j
                        n += 1
        inner |= neighbours == 9
    return n, inner


@numba.njit(nogil=True, cache=True)
def _measure(
    frame: NDArray[np.float32], layout: Layout, limit: NDArray[np.float64], reach: int, group: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return a peak's row: centre of mass, sum over the local background, and height in units of its spread."""
    panel, width = layout.panel, layout.width
    total, row, column, highest = 0.0, 0.0, 0.0, -np.inf
    for i in group:
        value = np.float64(frame[i])
        total += value
        row += value * (i // width)
        column += value * (i % width)
        highest = max(highest, value)
    row /= total
    column /= total
    near_row, near_column = int(np.rint(row)), int(np.rint(column))
    n, mean, square = 0, 0.0, 0.0
    for r in range(near_row - reach, near_row + reach + 1):
        for c in range(max(0, near_column - reach), min(width, near_column + reach + 1)):
            j = r * width + c
            if 0 <= j < panel.size and panel[j] == panel[group[0]] and layout.ring[j] >= 0:
                far = (r - near_row) ** 2 + (c - near_column) ** 2 > reach * reach
                value = np.float64(frame[j])
                if not far and value <= limit[layout.ring[j]] and np.isfinite(value):
                    n += 1
                    mean += value
                    square += value * value
    spread = 0.0
    if n:
        mean /= n
        spread = np.sqrt(max(0.0, square / n - mean * mean))
    snr = (highest - mean) / spread if spread > 0 else np.inf
    pixel = near_row * width + near_column
    return np.array([pixel, row + 0.5, column + 0.5, total - mean * group.size, snr, group.size])
