"""What a network looks at: a frame's middle, and its autocorrelation, at one size whatever the frame's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["VIEW", "pooled_power", "stabilised"]

Float32 = NDArray[np.float32]

VIEW = 64  # side of a view, px


def stabilised(block: Float32, dead: NDArray[np.bool_]) -> Float32:
    """Return √(I + 3/8) − √(3/8) of the middle of frames, whose noise is alike at all intensities; 0 where masked.

    Parameters
    ----------
    block : float32, shape (n, side, side), photons, NaN where masked
    dead : bool, shape (side, side)

    Returns
    -------
    float32, shape (n, 64, 64)
    """
    middle = _middle(np.where(dead, np.float32(np.nan), block))
    root = np.sqrt(np.maximum(middle, 0) + np.float32(0.375)) - np.float32(np.sqrt(0.375))
    return np.where(np.isnan(root), np.float32(0), root)


def pooled_power(power: Float32) -> Float32:
    """Return log(1 + power) of a half-plane of lags as a whole plane, pooled, lag 0 in the middle.

    Parameters
    ----------
    power : float32, shape (n, side, side // 2 + 1)

    Returns
    -------
    float32, shape (n, 64, 64)
    """
    n, side, half = power.shape
    logs = np.log1p(power)
    whole = np.empty((n, side, side), dtype=np.float32)
    whole[:, :, :half] = logs
    columns = np.arange(half, side)
    rows = -np.arange(side) % side
    whole[:, :, half:] = logs[:, rows][:, :, side - columns]
    whole = np.roll(whole, (side // 2, side // 2), axis=(1, 2))
    factor = max(1, side // VIEW)
    whole = _middle(whole, VIEW * factor)
    pooled = np.zeros((n, VIEW, VIEW), dtype=np.float32)
    for row in range(factor):
        for column in range(factor):
            pooled += whole[:, row::factor, column::factor]
    return pooled / np.float32(factor**2)


def _middle(planes: NDArray[np.float32], wanted: int = VIEW) -> NDArray[np.float32]:
    """Cut the middle of planes, or lay smaller ones into the middle of zeros."""
    side = planes.shape[-1]
    if side >= wanted:
        first = (side - wanted) // 2
        return planes[:, first : first + wanted, first : first + wanted]
    out = np.zeros((len(planes), wanted, wanted), dtype=planes.dtype)
    first = (wanted - side) // 2
    out[:, first : first + side, first : first + side] = planes
    return out
