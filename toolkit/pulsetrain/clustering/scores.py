"""What physics alone says of a frame: light above the background, and fringes of particles side by side."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.ndimage
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering._framing import Framing, pictures, spread_sample
from pulsetrain.clustering._scores.autocorrelation import Background
from pulsetrain.clustering._scores.empties import Empties, find_empties, hit_signal, hit_sums
from pulsetrain.clustering._scores.kernels import fill
from pulsetrain.clustering._scores.reach import find_reach, fringes
from pulsetrain.clustering._scores.views import VIEW, pooled_power, stabilised
from pulsetrain.clustering.options import ClusteringOptions

__all__ = ["VIEW", "FrameScorer", "Measured"]

Float32 = NDArray[np.float32]
_MOST_LEARNT, _MOST_PIXELS = 2000, 128_000_000  # of the sample; more frames tell no more of these few figures
_HIT = 6.0  # hit score of frames from which the particles' size is taken
_BRIGHT = 100  # of them at most
_USUAL_REACH = 0.09  # of the side
_AT_ONCE = 64  # frames; what stays in the cache is quickest


@dataclass(frozen=True)
class Measured:
    """What was measured on a block of frames.

    Attributes
    ----------
    scores : dict of name to float32, shape (n,)
        ``hit_score``: light beyond the background's, in standard deviations of empty frames. ``fringe_score``: the
        highest peak of the autocorrelation beyond a single particle's reach, in units of the noise's mean.
        ``fringe_visibility``: the contrast of these fringes, about 1 for two equal particles. ``photons`` beyond the
        background. ``lit_pixels``: share of pixels with half a photon or more. ``ring_contrast``: scatter of the
        radial profile about its smooth course.
    views : float32, shape (n, 2, 64, 64)
        Square roots of the photons around the beam; log(1 + power) of the autocorrelation, lag 0 in the middle.
    """

    scores: dict[str, Float32]
    views: Float32


class FrameScorer:
    """Measures frames of one experiment; what it needs to know of the experiment it learns without labels.

    Made by `fit` or `of_arrays`. The same frames give the same scorer, and a block the same scores wherever it is cut.
    """

    def __init__(
        self, framing: Framing, options: ClusteringOptions, empties: Empties, rings: NDArray[np.int32], reach: float
    ) -> None:
        self.framing = framing
        self.options = options
        self.reach = reach
        self._empties = empties
        self._rings = rings

    @classmethod
    def fit(cls, frames: xr.DataArray, options: ClusteringOptions | None = None) -> FrameScorer:
        """Learn the beam's square, the background and the particles' size from a sample of the frames.

        Parameters
        ----------
        frames : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
        options : ClusteringOptions, optional
        """
        options = options or ClusteringOptions()
        shown = pictures(frames, options)
        framing = Framing.of(shown, options)
        return cls.of_block(framing.read(spread_sample(shown, _most(options))), framing, options)

    @classmethod
    def of_block(cls, block: Float32, framing: Framing, options: ClusteringOptions) -> FrameScorer:
        """Learn from frames that were read already, as squares."""
        block = spread_sample(xr.DataArray(block, dims=("pattern", "y", "x")), _most(options)).to_numpy()
        rings = _rings(options.side)
        dead = ~np.isfinite(block).any(axis=0).ravel()
        empties = find_empties(block, rings, dead)
        return cls(framing, options, empties, rings, _reach(block, rings, empties))

    def block(self, frames: xr.DataArray) -> Float32:
        """Return frames as squares around the beam, float32 (n, side, side), photons, NaN where masked."""
        return self.framing.block(pictures(frames, self.options).to_numpy())

    def measure(self, block: Float32) -> Measured:
        """Measure squares as `block` gives them."""
        parts = [self._measure(block[k : k + _AT_ONCE]) for k in range(0, max(len(block), 1), _AT_ONCE)]
        scores = {name: np.concatenate([part.scores[name] for part in parts]) for name in parts[0].scores}
        return Measured(scores, np.concatenate([part.views for part in parts]))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what was learnt, for `of_arrays`."""
        e, f = self._empties, self.framing
        return {
            "background": e.background.mean,
            "dead": e.background.dead,
            "filters": e.filters,
            "numbers": np.array([e.background.read, *e.scale, e.offset, e.spread, self.reach], dtype=np.float64),
            "framing": np.array([*f.shape, *f.first, f.binning], dtype=np.int64),
        }

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]], options: ClusteringOptions) -> FrameScorer:
        """Make a scorer again of its `arrays` and options."""
        read, scale, jitter, offset, spread, reach = (float(each) for each in arrays["numbers"])
        background = Background(np.asarray(arrays["background"]), read, np.asarray(arrays["dead"]).astype(bool))
        empties = Empties(background, np.asarray(arrays["filters"]), (scale, jitter), offset, spread)
        y, x, first_y, first_x, binning = (int(each) for each in arrays["framing"])
        framing = Framing((y, x), (first_y, first_x), binning, options.side, options.photon)
        return cls(framing, options, empties, _rings(options.side), reach)

    def _measure(self, block: Float32) -> Measured:
        n, side = len(block), self.framing.side
        flat = (n, side * side)
        e = self._empties
        block = np.ascontiguousarray(block, dtype=np.float32)
        filled = np.empty_like(block)
        dead = e.background.dead
        profile, counts, excess = fill(block.reshape(flat), self._rings, dead, e.filters, filled.reshape(flat))
        h, error, scale = hit_signal(hit_sums(filled.reshape(flat), excess, e.filters), e.scale)
        power, moments, fringe = fringes(filled, block, scale, e.background, self.reach)
        visibility = 2 * np.sqrt(fringe * moments[:, 0]) / np.maximum(moments[:, 1], 1)
        scores = {
            "hit_score": e.score(h, error),
            "fringe_score": fringe,
            "fringe_visibility": visibility,
            "photons": h,
            "lit_pixels": counts[:, 1] / np.maximum(counts[:, 2], 1),
            "ring_contrast": _ring_contrast(profile),
        }
        views = np.stack([stabilised(block, dead.reshape(side, side)), pooled_power(power)], axis=1)
        return Measured({name: values.astype(np.float32) for name, values in scores.items()}, views)


def _most(options: ClusteringOptions) -> int:
    return min(options.sample, _MOST_LEARNT, _MOST_PIXELS // options.side**2)


def _reach(block: Float32, rings: NDArray[np.int32], empties: Empties) -> float:
    """Measure how far one particle's autocorrelation reaches, on the brightest hits."""
    n, side = block.shape[:2]
    filled = np.empty_like(block)
    dead, filters = empties.background.dead, empties.filters
    excess = fill(block.reshape(n, -1), rings, dead, filters, filled.reshape(n, -1))[2]
    h, error, scale = hit_signal(hit_sums(filled.reshape(n, -1), excess, filters), empties.scale)
    score = empties.score(h, error)
    bright = np.argsort(-score, kind="stable")[: min(_BRIGHT, int((score > _HIT).sum()))]
    usual = _USUAL_REACH * side
    return find_reach(block[bright], filled[bright], scale[bright], empties.background, usual)


def _rings(side: int) -> NDArray[np.int32]:
    steps = np.arange(side) - (side - 1) / 2
    return np.asarray(np.hypot(steps[:, None], steps).round(), dtype=np.int32).ravel()


def _ring_contrast(profile: Float32) -> Float32:
    """Return the scatter of a radial profile's logarithm about a smooth one, shape (n,)."""
    inner = profile[:, : profile.shape[1] // 2]
    logs = np.log(np.maximum(inner, 0) + np.float32(0.05))
    width = max(3, inner.shape[1] // 6)
    smooth = scipy.ndimage.uniform_filter1d(logs, width, axis=1, mode="constant")
    middle = slice(width // 2, -(width // 2))
    return np.asarray((logs - smooth)[:, middle].std(axis=1), dtype=np.float32)
