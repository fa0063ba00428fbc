"""The detector of a simulated experiment: which pixels live, how they amplify, where light without particle falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.simulate._particles.options import ParticleOptions

__all__ = ["Detector", "make_detector"]

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Detector:
    """What is the same in all frames.

    Attributes
    ----------
    live : numpy.ndarray, shape (y, x), bool
        False in the hole, in gaps and where pixels are bad.
    gain : numpy.ndarray, shape (y, x)
        About 1.
    background : numpy.ndarray, shape (y, x)
        Share of the background that each pixel gets; 1 over all live pixels.
    """

    live: NDArray[np.bool_]
    gain: Floats
    background: Floats


def make_detector(o: ParticleOptions, rng: np.random.Generator) -> Detector:
    """Draw the detector of an experiment.

    Raises
    ------
    DataError
        If no pixel is left.
    """
    steps = np.arange(o.size) - (o.size - 1) / 2
    # The hole lies where the beam is meant to pass; the beam's jitter does not move it.
    radius = np.hypot(steps - o.beam_x, (steps - o.beam_y)[:, None])
    live = radius >= o.hole
    live &= ~(_gaps(o.size, o.module_rows, o.gap)[:, None] | _gaps(o.size, o.module_columns, o.gap))
    live &= rng.random((o.size, o.size)) >= o.bad_pixels
    if not live.any():
        got = f"no live pixel of {o.size}² (hole {o.hole:g} px, gap {o.gap} px)"
        raise DataError("detector", got, "at least one", "make hole, gaps or share of bad pixels smaller")
    gain = rng.lognormal(-(o.gain_spread**2) / 2, o.gain_spread, (o.size, o.size))
    return Detector(live, gain, _background(o, radius, live))


def _gaps(size: int, modules: int, gap: int) -> NDArray[np.bool_]:
    """Return which rows (or columns) lie between modules of equal size."""
    width = (size - (modules - 1) * gap) / modules
    place = np.arange(size) % (width + gap)
    return np.asarray((place >= width) & (np.arange(size) < size - 1))


def _background(o: ParticleOptions, radius: Floats, live: NDArray[np.bool_]) -> Floats:
    halo = np.exp(-radius / (o.halo_width * o.size))
    parts = [part / part[live].sum() for part in (np.ones_like(halo), halo)]
    return np.asarray((1 - o.halo) * parts[0] + o.halo * parts[1])
