"""Frames of either condition, made when they are read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._lazy import Rows
from pulsetrain.simulate._images.crystals import CrystalLight
from pulsetrain.simulate._images.instrument import Instrument
from pulsetrain.simulate._images.options import FamilyName, ImageOptions
from pulsetrain.simulate._images.particles import particle_light
from pulsetrain.simulate._images.phantoms import phantom_light

__all__ = ["Condition", "ImageFrames", "Light", "Objects", "make_light"]

Floats = NDArray[np.float64]

Condition = Literal["low", "high"]
Light = Callable[[np.random.Generator], Floats]
_PHOTONS: dict[FamilyName, float] = {"particles": 15.0, "crystals": 15.0, "phantoms": 40.0}  # of a pixel
_BLOCK = 64  # frames


def make_light(o: ImageOptions, seed: int) -> Light:
    """Return what draws the objects of an experiment: noise-free light in frame and margin, in any unit."""
    if o.family == "crystals":
        return CrystalLight(o, seed)
    return partial(particle_light if o.family == "particles" else phantom_light, o)


class Objects:
    """Objects of one set; each depends on seed, set and its own number only.

    Parameters
    ----------
    instrument : Instrument
    light : callable
        As of `make_light`.
    seed : tuple of int
        Of the experiment and of the set.
    """

    def __init__(self, instrument: Instrument, light: Light, seed: tuple[int, ...]) -> None:
        self.instrument, self._light, self._seed = instrument, light, seed

    def light(self, number: int) -> Floats:
        """Return the photons that the good condition expects of an object, shape (y, x) of frame and margin."""
        rng = self.rng(number, 0)
        o, live = self.instrument.o, self.instrument.live
        drawn = self._light(rng)
        mean = _PHOTONS[o.family] if o.photons is None else o.photons
        photons = mean * rng.lognormal(-(o.photons_spread**2) / 2, o.photons_spread)
        edge = (len(drawn) - o.size) // 2
        share = drawn[edge : edge + o.size, edge : edge + o.size][live].mean()
        return np.asarray(photons * (o.background + (1 - o.background) * drawn / share))

    def rng(self, number: int, what: int) -> np.random.Generator:
        """Return the generator of an object itself (0), or of its noise in the poor (1) or the good (2) condition."""
        return np.random.default_rng([*self._seed, number, what])


class ImageFrames(Rows):
    """The frames of one set in one condition.

    Parameters
    ----------
    objects : Objects
    n : int
    condition : {'low', 'high'}
    """

    def __init__(self, objects: Objects, n: int, condition: Condition) -> None:
        size = objects.instrument.o.size
        self.shape, self.dtype = (n, size, size), np.dtype(np.float32)
        self._objects, self._condition = objects, condition

    @property
    def rows_per_block(self) -> int:
        return _BLOCK

    def read(self, start: int, stop: int) -> NDArray[Any]:
        frames = np.empty((stop - start, *self.shape[1:]), np.float32)
        for number in range(start, stop):
            frames[number - start] = self._frame(number)
        return frames

    def _frame(self, number: int) -> Floats:
        light, instrument = self._objects.light(number), self._objects.instrument
        if self._condition == "low":
            return instrument.low(light, self._objects.rng(number, 1))
        return instrument.high(light, self._objects.rng(number, 2))
