"""Foam as X-ray imaging sees it: bubbles and a few dense grains in a slab, in absorption."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.simulate._images.instrument import margin
from pulsetrain.simulate._images.options import ImageOptions

__all__ = ["phantom_light"]

Floats = NDArray[np.float64]

_PARTS = 2  # of a pixel's side: what a pixel sees is the mean over its parts
_RADIUS = (1.5, 12.0)  # px, of the family's own size
_DEPTH = 40.0  # px, thickness of the slab
_BESIDE = 40.0  # px, how far beside the frame objects still are
_TRIED = 0.03  # balls of a square pixel; those that would touch an earlier one are left out
_TRANSMITTED = (0.1, 0.3)  # through the slab without bubbles
_GRAINS, _DENSER = 0.1, 1.0  # share of the balls that are grains, and how much more than the slab those absorb


def phantom_light(o: ImageOptions, rng: np.random.Generator) -> Floats:
    """Draw one object, and return what it transmits in frame and margin, in any unit."""
    edge = margin(o)
    side = o.size + 2 * edge
    centre, radius = _foam(o, rng)
    absorption = -np.log(rng.uniform(*_TRANSMITTED)) / (_DEPTH * o.scale)  # 1/px
    contrast = np.where(rng.random(len(radius)) < _GRAINS, _DENSER, -1.0)
    steps = (np.arange(side * _PARTS) + 0.5) / _PARTS - edge
    thickness = np.full((len(steps), len(steps)), _DEPTH * o.scale)
    for (x, y), r, denser in zip(centre, radius, contrast, strict=True):
        rows, columns = (slice(*np.searchsorted(steps, (place - r, place + r))) for place in (y, x))
        square = r**2 - (steps[rows, None] - y) ** 2 - (steps[columns] - x) ** 2
        thickness[rows, columns] += denser * 2 * np.sqrt(np.maximum(square, 0))  # a ball's chord
    through = np.exp(-absorption * thickness)
    return np.asarray(through.reshape(side, _PARTS, side, _PARTS).mean(axis=(1, 3)))


def _foam(o: ImageOptions, rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Draw balls that do not touch, large ones first; return centres (ball, xy) and radii, in pixels of the frame."""
    low, high, depth = (o.scale * length for length in (*_RADIUS, _DEPTH))
    ends = np.array([-_BESIDE, o.size + _BESIDE])
    tried = rng.poisson(_TRIED * np.ptp(ends) ** 2 / o.scale**2)
    radius = np.sort(np.exp(rng.uniform(np.log(low), np.log(high), tried)))[::-1]
    across = rng.uniform(ends[0], ends[1], (tried, 2))
    along = rng.uniform(radius, depth - radius)[:, None]
    centre = np.concatenate([across, along], axis=1)
    kept = np.zeros(tried, dtype=bool)
    for k in range(tried):
        apart = np.sum((centre[kept] - centre[k]) ** 2, axis=1)
        kept[k] = bool((apart > (radius[kept] + radius[k]) ** 2).all())
    return centre[kept, :2], radius[kept]
