"""What the clustering control computes: in threads, with no widget in reach."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.options import Augmentations, ClusteringOptions
from pulsetrain.figures.clustering import map_latent, thumbnails
from pulsetrain.panels._task import part
from pulsetrain.progress import Progress

if TYPE_CHECKING:
    from pulsetrain.clustering import FrameClusterer, FrameScorer

__all__ = ["ClusteringWork", "Found", "Look", "Preview"]

_COPIES = 7
_PIECES = 50
_CHANCE = 0.001  # that a frame without a hit, or a hit without fringes, scores higher than the lines drawn


@dataclass(frozen=True)
class Found:
    """What is known of some of the frames.

    Attributes
    ----------
    patterns : numpy.ndarray, shape (n,), int
        Their positions in the input.
    result : xarray.Dataset
        Of these frames.
    clusterer : FrameClusterer or None
        That found it.
    map : numpy.ndarray, shape (n, 2), or None
        Of the latent space, where one was learnt.
    """

    patterns: NDArray[np.int64]
    result: xr.Dataset
    clusterer: FrameClusterer | None
    map: NDArray[np.float32] | None

    @property
    def words(self) -> str:
        """What was done, in words."""
        learnt = "learnt" if self.map is not None else "physics scores alone; press Fit to learn"
        return f"{len(self.patterns):,} frames sorted: {learnt}."

    @property
    def nulls(self) -> dict[str, float]:
        """Scores that one in a thousand frames without a hit, or without fringes, exceeds."""
        if self.clusterer is None:
            return {}
        peak = self.clusterer.experiments_[0].kinds.peak
        return {
            "hit_score": NormalDist().inv_cdf(1 - _CHANCE),
            "fringe_score": peak - float(np.log(-np.log1p(-_CHANCE))),
        }


@dataclass(frozen=True)
class Look:
    """One frame: its picture, and what is beside it.

    Attributes
    ----------
    pattern : int
    picture : xarray.DataArray, dims (y, x)
    power : numpy.ndarray, shape (64, 64)
        log(1 + power) of the autocorrelation.
    """

    pattern: int
    picture: xr.DataArray
    power: NDArray[np.float32]


@dataclass(frozen=True)
class Preview:
    """A frame and augmented copies of it.

    Attributes
    ----------
    tiles : numpy.ndarray, shape (n, side, side), uint8
        Thumbnails; the first is the frame itself.
    cosine : numpy.ndarray, shape (n,), or None
        Of each one's latent vector with the frame's; None while nothing is learnt.
    """

    tiles: NDArray[np.uint8]
    cosine: NDArray[np.float64] | None


class ClusteringWork:
    """The frames of a control, and what measures them.

    Parameters
    ----------
    frames : xarray.DataArray, dims (pattern, …)
    """

    def __init__(self, frames: xr.DataArray) -> None:
        self.frames = frames
        self._lock = threading.Lock()
        self._scorers: dict[Any, FrameScorer] = {}

    def scores(self, options: ClusteringOptions, progress: Progress) -> Found:
        """Measure at most ``options.sample`` of the frames by physics alone."""
        patterns = _spread(self.frames.sizes["pattern"], options.sample)
        return self._found(options.replace(epochs=0), patterns, progress)

    def fit(self, options: ClusteringOptions, progress: Progress) -> Found:
        """Learn from a sample and sort all frames."""
        return self._found(options, np.arange(self.frames.sizes["pattern"]), progress)

    def take(self, clusterer: FrameClusterer) -> None:
        """Measure as a clusterer does that has sorted these frames, where that is of one experiment."""
        if len(clusterer.experiments_) == 1:
            with self._lock:
                self._scorers = {_measuring(clusterer.options): clusterer.scorer}

    def lay_out(
        self, result: xr.Dataset, clusterer: FrameClusterer | None, options: ClusteringOptions, progress: Progress
    ) -> Found:
        """Make the map of a result that was given."""
        places = map_latent(result["latent"].to_numpy(), seed=options.seed, progress=progress)
        return Found(np.arange(result.sizes["pattern"]), result, clusterer, places)

    def scorer(self, options: ClusteringOptions) -> FrameScorer:
        """Return what measures frames as options say; learnt once."""
        from pulsetrain.clustering import FrameScorer

        asked = _measuring(options)
        with self._lock:
            if asked not in self._scorers:
                self._scorers = {asked: FrameScorer.fit(self.frames, options)}
            return self._scorers[asked]

    def tiles(self, patterns: NDArray[np.int64], options: ClusteringOptions) -> NDArray[np.uint8]:
        """Return thumbnails of frames."""
        order = np.argsort(patterns)  # chunks are read once each
        block = self.scorer(options).block(self.frames.isel(pattern=patterns[order]))
        made = np.empty(len(patterns), dtype=np.int64)
        made[order] = np.arange(len(patterns))
        return thumbnails(block)[made]

    def look(self, pattern: int, options: ClusteringOptions) -> Look:
        """Return one frame and its autocorrelation."""
        one = self.frames.isel(pattern=[pattern])
        scorer = self.scorer(options)
        power = scorer.measure(scorer.block(one)).views[0, 1]
        if "module" in one.dims:
            from pulsetrain.data.assembly import assemble

            one = assemble(one, options.geometry or None)
        return Look(pattern, one[0].compute(), power)

    def preview(
        self, pattern: int, options: Augmentations, clusterer: FrameClusterer | None, base: ClusteringOptions
    ) -> Preview:
        """Return a frame and copies of it, augmented as options say; the same copies for the same pattern."""
        from pulsetrain.clustering.augment import augment

        block = self.scorer(base).block(self.frames.isel(pattern=[pattern]))
        copies = augment(np.repeat(block, _COPIES, axis=0), options, np.random.default_rng([pattern, 1]))
        all_ = np.concatenate([block, copies])
        cosine = None
        if clusterer is not None:
            latent = clusterer.assign(all_).get("latent")
            if latent is not None:
                unit = np.asarray(latent, dtype=np.float64)
                unit /= np.maximum(np.linalg.norm(unit, axis=1, keepdims=True), 1e-12)
                cosine = unit @ unit[0]
        return Preview(thumbnails(all_), cosine)

    def _found(self, options: ClusteringOptions, patterns: NDArray[np.int64], progress: Progress) -> Found:
        from pulsetrain.clustering import FrameClusterer

        some = self.frames.isel(pattern=patterns) if len(patterns) < self.frames.sizes["pattern"] else self.frames
        learns = options.epochs > 0
        clusterer = FrameClusterer(**options.model_dump())
        clusterer.fit(self.frames, part(progress, 0.0, 0.6 if learns else 0.3))
        result = clusterer.predict(some, part(progress, 0.6 if learns else 0.3, 0.85 if learns else 1.0))
        places = None
        if "latent" in result:
            latent = result["latent"].to_numpy()
            places = map_latent(latent, seed=options.seed, progress=part(progress, 0.85, 1.0))
        with self._lock:
            self._scorers = {_measuring(options): clusterer.scorer}
        return Found(patterns, result, clusterer, places)


def _measuring(options: ClusteringOptions) -> tuple[Any, ...]:
    """Return what the scorer of some frames depends on."""
    return tuple(getattr(options, name) for name in ("geometry", "photon", "centre_x", "centre_y", "side", "sample"))


def _spread(n: int, most: int) -> NDArray[np.int64]:
    """Return the positions of at most so many frames, in runs of neighbours, so that few chunks are read for them."""
    if n <= most:
        return np.arange(n)
    pieces = min(_PIECES, most)
    length = most // pieces
    starts = np.linspace(0, n - length, pieces).astype(np.int64)
    return np.unique(starts[:, None] + np.arange(length))
