"""What a detector sees beside particles: streaks of the jet and rings of ice."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["ice", "streak"]

Floats = NDArray[np.float64]
Place = tuple[float, float]


def streak(size: int, beam: Place, run: np.random.Generator, shot: np.random.Generator) -> Floats:
    """Return a streak through the beam, shape (y, x), in any unit.

    Parameters
    ----------
    size : int
    beam : tuple of float, px
        Right of and below the frame's middle.
    run, shot : numpy.random.Generator
        For what is the same in all patterns (the jet's direction), and for what is not.
    """
    x, y = _from_beam(size, beam)
    angle = run.uniform(0, np.pi) + 0.05 * shot.standard_normal()
    across, along = x * np.sin(angle) - y * np.cos(angle), x * np.cos(angle) + y * np.sin(angle)
    width, reach = shot.uniform(0.8, 1.6), shot.uniform(0.1, 0.3) * size
    return np.asarray(np.exp(-(across**2) / (2 * width**2)) / (1 + (along / reach) ** 2))


def ice(size: int, beam: Place, run: np.random.Generator, shot: np.random.Generator) -> Floats:
    """Return arcs of one powder ring, shape (y, x), in any unit; parameters as of `streak`."""
    x, y = _from_beam(size, beam)
    radius = run.uniform(0.25, 0.45) * size
    ring = np.exp(-((np.hypot(x, y) - radius) ** 2) / (2 * shot.uniform(0.8, 1.5) ** 2))
    azimuth = np.arctan2(y, x)
    grains = np.full_like(ring, 0.02)
    for place, sharpness in zip(shot.uniform(0, 2 * np.pi, 6), shot.uniform(20, 300, 6), strict=True):
        grains += np.exp(sharpness * (np.cos(azimuth - place) - 1))
    return np.asarray(ring * grains)


def _from_beam(size: int, beam: Place) -> tuple[Floats, Floats]:
    steps = np.arange(size) - (size - 1) / 2
    return np.asarray(steps - beam[0]), np.asarray(steps - beam[1])[:, None]
