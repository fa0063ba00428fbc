"""What an instrument makes of the light: which pixels live, and what they read in either condition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pulsetrain.data import DataError
from pulsetrain.simulate._images.options import FamilyName, ImageOptions

__all__ = ["Instrument", "make_instrument", "margin"]

Floats = NDArray[np.float64]

_HOLE: dict[FamilyName, float] = {"particles": 3.0, "crystals": 0.0, "phantoms": 0.0}  # px
_TAIL = 4  # widths at which the point spread ends
_NOISIER = 8  # the second gain stage


def margin(o: ImageOptions) -> int:
    """Return how far beside the frame light falls that blurring brings into it, in pixels."""
    return int(np.ceil(_TAIL * o.point_spread))


@dataclass(frozen=True)
class Instrument:
    """What is the same in all frames.

    Attributes
    ----------
    o : ImageOptions
    open : numpy.ndarray, shape (y, x) of frame and margin, bool
        False in the hole: its light passes the detector and is blurred into no neighbour.
    live : numpy.ndarray, shape (y, x), bool
        False in the hole and where pixels are dead.
    """

    o: ImageOptions
    open: NDArray[np.bool_]
    live: NDArray[np.bool_]

    def truth(self, light: Floats) -> Floats:
        """Return what the good condition expects in each pixel, photons; NaN where none lives."""
        return np.where(self.live, self._frame(light), np.nan)

    def high(self, light: Floats, rng: np.random.Generator) -> Floats:
        """Return a frame of the good condition, in its photons."""
        return self._read(rng.poisson(self._frame(light)), self.o.read_noise_high, rng)

    def low(self, light: Floats, rng: np.random.Generator) -> Floats:
        """Return a frame of the poor condition, in its photons."""
        counts = rng.poisson(self.expected(light)).astype(float)
        if self.o.binning == 1:
            return self._read(counts, self.o.read_noise, rng)
        side = self.o.binning
        short = -self.o.size % side
        whole = np.pad(np.where(self.live, counts, 0.0), (0, short))
        squares = whole.reshape(len(whole) // side, side, -1, side).sum(axis=(1, 3))
        read = self._amplified(squares, self.o.read_noise, rng) / side**2
        shared = read.repeat(side, axis=0).repeat(side, axis=1)[: self.o.size, : self.o.size]
        return np.where(self.live, shared, np.nan)

    def expected(self, light: Floats) -> Floats:
        """Return what the poor condition expects in each pixel, photons, whether it lives or not."""
        blurred = gaussian_filter(np.where(self.open, light, 0.0), self.o.point_spread, mode="constant", truncate=_TAIL)
        return self.o.gain * self._frame(blurred)

    def _read(self, counts: NDArray[np.number], noise: float, rng: np.random.Generator) -> Floats:
        return np.where(self.live, self._amplified(counts.astype(float), noise, rng), np.nan)

    def _amplified(self, counts: Floats, noise: float, rng: np.random.Generator) -> Floats:
        second = counts >= (np.inf if self.o.gain_switch is None else self.o.gain_switch)
        amplified = np.where(second, 1 + self.o.gain_step, 1.0) * counts
        return np.asarray(amplified + noise * np.where(second, _NOISIER, 1) * rng.standard_normal(counts.shape))

    def _frame(self, light: Floats) -> Floats:
        edge = margin(self.o)
        return light[edge : edge + self.o.size, edge : edge + self.o.size]


def make_instrument(o: ImageOptions, rng: np.random.Generator) -> Instrument:
    """Draw an instrument.

    Raises
    ------
    DataError
        If no pixel is left.
    """
    edge = margin(o)
    steps = np.arange(-edge, o.size + edge) - (o.size - 1) / 2
    beside = np.hypot(steps, steps[:, None]) >= (_HOLE[o.family] if o.hole is None else o.hole)
    inner = slice(edge, edge + o.size)
    live = beside[inner, inner] & (rng.random((o.size, o.size)) >= o.dead_pixels)
    if not live.any():
        got = f"no live pixel of {o.size}²"
        raise DataError("instrument", got, "at least one", "make the hole or the share of dead pixels smaller")
    return Instrument(o, beside, live)
