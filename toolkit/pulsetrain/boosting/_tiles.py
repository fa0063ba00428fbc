"""Large frames, a tile at a time, without seams."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pulsetrain.boosting._learner import Boosted

__all__ = ["in_tiles"]

Floats = NDArray[np.float32]

_RAMP = 8  # px over which one tile passes into the next
_GRID = 8  # tiles begin at its multiples, so that networks bin the same pixels in each


def in_tiles(block: Floats, apply: Callable[[Floats], Boosted], tile: int, reach: int) -> Boosted:
    """Apply something to frames of any size.

    Tiles overlap; what lies closer than `reach` to an inner edge of a tile, and so misses what influences it, is taken
    from the neighbour.

    Parameters
    ----------
    block : float32, shape (n, y, x)
    apply : callable
        Turns a block into `Boosted` of the same frames.
    tile : int
        Side of a tile; at least twice the overlap.
    reach : int
        From how far away, in pixels, a pixel is influenced.
    """
    y, x = block.shape[1:]
    overlap = 2 * reach + _RAMP
    step = -(-max(tile - overlap, overlap) // _GRID) * _GRID  # or most would be computed many times
    side = step + overlap
    if max(y, x) <= side:
        return apply(block)
    mean: Floats | None = None
    std: Floats | None = None
    rows, columns = (_spans(size, step, overlap) for size in (y, x))
    for top, bottom in rows:
        for left, right in columns:
            made = apply(block[:, top:bottom, left:right])
            weight = np.outer(_weight(top, bottom, y, reach), _weight(left, right, x, reach))
            if mean is None:
                mean = np.zeros((*made.mean.shape[:2], y, x), np.float32)
                std = None if made.std is None else np.zeros_like(mean)
            # The weights of all tiles add up to 1.
            mean[..., top:bottom, left:right] += weight * np.nan_to_num(made.mean)
            if std is not None and made.std is not None:
                std[..., top:bottom, left:right] += weight * np.nan_to_num(made.std)
    if mean is None:  # a frame has at least one pixel
        raise ValueError(f"block: got shape {block.shape}; allowed frames of one pixel or more")
    return Boosted(mean, std)


def _spans(size: int, step: int, overlap: int) -> list[tuple[int, int]]:
    """Return first pixel and last + 1 of the tiles along an axis."""
    return [(start, min(start + step + overlap, size)) for start in range(0, max(size - overlap, 1), step)]


def _weight(start: int, stop: int, size: int, reach: int) -> Floats:
    """Return how much of each pixel of a tile is taken from it along an axis."""
    at = np.arange(start, stop) + np.float32(0.5)
    weight = np.ones(stop - start, np.float32)
    if start > 0:
        weight = np.minimum(weight, ((at - start - reach) / _RAMP).clip(0, 1))
    if stop < size:
        weight = np.minimum(weight, ((stop - at - reach) / _RAMP).clip(0, 1))
    return weight
