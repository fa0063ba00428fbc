"""Masked pixels: where no sensor is, and where one is dead though light falls on it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_opening, gaussian_filter

__all__ = ["filled", "without_sensor"]

Floats = NDArray[np.float32]
Masks = NDArray[np.bool_]

_BLOCK = np.ones((1, 3, 3), bool)
_NEIGHBOURS = np.zeros((3, 3, 3), bool)
_NEIGHBOURS[1] = [[False, True, False], [True, True, True], [False, True, False]]
_ATTACHED = 4  # px around a hole or gap within which masked pixels that touch it belong to it
_REACH = (1.5, 6.0, 24.0)  # px, from how far dead pixels are filled, nearer ones first


def without_sensor(live: Masks) -> Masks:
    """Return where there is no sensor: a masked 3 × 3 and what touches it (holes, gaps).

    Their light is blurred into no neighbour; that of a lone dead pixel is.

    Parameters
    ----------
    live : bool, shape (n, y, x)
    """
    if len(live) > 1 and (live == live[:1]).all():
        return np.broadcast_to(without_sensor(live[:1]), live.shape)
    core = binary_opening(~live, _BLOCK)
    if not core.any():
        return np.zeros_like(live)
    # No farther: a dead row that runs into a gap would be one thing in the whole frame, another in a tile without it.
    return np.asarray(binary_dilation(core, _NEIGHBOURS, iterations=_ATTACHED, mask=~live))


def filled(frames: Floats, noise: Callable[[Floats], Floats] | None = None) -> Floats:
    """Return frames with dead pixels as their live neighbours are, and 0 where there is no sensor.

    Parameters
    ----------
    frames : float32, shape (n, y, x), NaN where masked
    noise : callable, optional
        What is made of the means that dead pixels are filled with, such as counts drawn of them.
    """
    live = np.isfinite(frames)
    if live.all():
        return frames
    hole = without_sensor(live)
    dead = ~live & ~hole
    known = np.where(live, frames, np.float32(0))
    if not dead.any():
        return known
    mean, open_ = np.zeros_like(known), dead.copy()
    for reach in _REACH:
        weight = _smooth(live.astype(np.float32), reach)
        there = open_ & (weight > 1e-3)
        mean[there] = (_smooth(known, reach)[there] / weight[there]).clip(min=0)
        open_ &= ~there
        if not open_.any():
            break
    return np.where(dead, mean if noise is None else noise(mean), known)


def _smooth(frames: Floats, reach: float) -> Floats:
    return np.asarray(gaussian_filter(frames, (0, reach, reach), mode="constant", truncate=3), np.float32)
