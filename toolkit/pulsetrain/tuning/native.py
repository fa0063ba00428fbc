"""The built-in engine: finds peaks and indexes without CrystFEL."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Generator, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from dask.system import CPU_COUNT
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data._inputs import PathLike
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.progress import Progress
from pulsetrain.tuning._index import KnownCellIndexer
from pulsetrain.tuning._native.cache import Cache
from pulsetrain.tuning._native.detector import Detector
from pulsetrain.tuning._native.patterns import Patterns
from pulsetrain.tuning._native.peak_search import PeakSearch
from pulsetrain.tuning.options import IndexingOptions
from pulsetrain.tuning.results import Crystals, Peaks, indexing_result

__all__ = ["NativeEngine"]

_MEMORY = 2**30  # bytes of what is kept between evaluations: 500 patterns of AGIPD


@dataclass(frozen=True)
class _Crystal:
    axes: NDArray[np.float64]
    residual: float
    n_indexed: int


_Found = tuple[NDArray[np.float64], list[_Crystal]]  # peaks and lattices of one pattern


class NativeEngine:
    """Finds peaks and lattices by itself, and remembers what another setting does not change.

    Parameters
    ----------
    geometry : path or CrystFELGeometry
    cell : path or UnitCell
    processes : int, optional
        Patterns worked on side by side; left out, one per core that this process may use.
    memory : int, bytes
        Limit of what is kept between evaluations: frames, statistics, peaks and lattices.

    Raises
    ------
    DataError
        For files that cannot be read, a geometry without photon energy, or a cell that cannot be indexed.

    Examples
    --------
    >>> engine = NativeEngine("agipd.geom", "lysozyme.cell")                            # doctest: +SKIP
    >>> engine.evaluate(frames, IndexingOptions(min_snr=4.5)).indexing_rate.item()      # doctest: +SKIP
    0.42
    """

    def __init__(
        self,
        geometry: PathLike | CrystFELGeometry,
        cell: PathLike | UnitCell,
        *,
        processes: int | None = None,
        memory: int = _MEMORY,
    ) -> None:
        self.geometry, self.cell = CrystFELGeometry.of(geometry), UnitCell.of(cell)
        self.processes = processes or CPU_COUNT
        KnownCellIndexer(self.cell)  # refuses a cell beyond its reach here, before anything is written
        self._detector = Detector.of(self.geometry)
        self._cache = Cache(memory)
        self._search = PeakSearch(self._detector, self._cache)

    def evaluate(
        self, patterns: xr.DataArray, options: IndexingOptions, progress: Progress | None = None
    ) -> xr.Dataset:
        """Find the peaks of each pattern, and the lattices of each hit.

        Parameters
        ----------
        patterns : xarray.DataArray, dims (pattern, …)
            Of the geometry's shape. Pixels that are not finite are left out, and so are the geometry's bad regions.
        options : IndexingOptions
        progress : Progress, optional

        Returns
        -------
        xarray.Dataset
            See `pulsetrain.tuning.results.indexing_result`.

        Raises
        ------
        DataError
            For patterns of another shape, or without a camera length.
        Cancelled
            If `progress` raises it.
        """
        begun = time.perf_counter()
        clen = self._clen(options)
        source = Patterns(patterns, self.geometry.shape)
        indexer = KnownCellIndexer(
            self.cell, tolerance=options.tolerance, angle_tolerance=options.angle_tolerance, multi=options.multi
        )
        self._cache.begin()
        self._search.prepare(options)
        found: list[_Found] = []
        n_hits = n_indexed = 0
        with closing(self._each(source, clen, indexer, options)) as each:
            for peaks, crystals in each:
                found.append((peaks, crystals))
                n_hits += len(peaks) >= options.min_peaks
                n_indexed += bool(crystals)
                if progress is not None:
                    progress(len(found), len(source), "indexing", hits=n_hits, indexed=n_indexed)
        return indexing_result(
            patterns,
            np.array([len(peaks) >= options.min_peaks for peaks, _ in found], dtype=bool),
            _peaks([peaks for peaks, _ in found]),
            _crystals([crystals for _, crystals in found]),
            options=options,
            cell=self.cell,
            engine="native",
            seconds=time.perf_counter() - begun,
        )

    @property
    def memory_used(self) -> int:
        """Bytes of what is kept between evaluations."""
        return self._cache.size

    def _clen(self, options: IndexingOptions) -> float:
        clen = self.geometry.clen if options.clen is None else options.clen
        if not np.isfinite(clen):
            place = self.geometry.path or "geometry"
            got = "a camera length that is not in the file"
            raise DataError(place, got, "metres", "give clen in the options, or write 'clen = …' into it")
        return clen

    def _each(
        self, source: Patterns, clen: float, indexer: KnownCellIndexer, options: IndexingOptions
    ) -> Generator[_Found, None, None]:
        """Yield the peaks and lattices of each pattern in turn; closed early, it gives up what is not begun."""
        waiting: deque[Future[_Found]] = deque()
        pool = ThreadPoolExecutor(self.processes)
        try:
            for block in source.blocks():
                # While the threads work on one block the next is read; no more than two are in memory.
                ahead = len(waiting)
                for key, frame in self._frames(source, block, options):
                    waiting.append(pool.submit(self._one, key, frame, clen, indexer, options))
                for _ in range(ahead):
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            pool.shutdown(cancel_futures=True)

    def _frames(
        self, source: Patterns, block: range, options: IndexingOptions
    ) -> list[tuple[Hashable, Callable[[], NDArray[Any]]]]:
        """Return key of each pattern of a block, and what gives its frame; blocks that are not needed are not read."""
        if source.in_memory:
            return [(source.key(0, frame), partial(_given, frame)) for frame in source.read(block)]
        keys = [source.key(number, None) for number in block]
        frames = [None if self._search.known(key, options) else self._cache.get(("frame", key)) for key in keys]
        missing = [
            frame is None and not self._search.known(key, options) for key, frame in zip(keys, frames, strict=True)
        ]
        if any(missing):
            read = source.read(block)
            for k in np.flatnonzero(missing):
                frame = frames[k] = read[k].copy()  # alone, so that giving it up frees memory
                self._cache.put(("frame", keys[k]), frame, frame.nbytes)
        # A frame that is not needed now may be after all, if another thread's evaluation makes the cache give up more.
        return [
            (key, partial(source.frame, number) if frame is None else partial(_given, frame))
            for key, number, frame in zip(keys, block, frames, strict=True)
        ]

    def _one(
        self,
        key: Hashable,
        frame: Callable[[], NDArray[Any]],
        clen: float,
        indexer: KnownCellIndexer,
        options: IndexingOptions,
    ) -> _Found:
        """Find the peaks and lattices of one pattern."""
        peaks = self._search.find(key, frame, options)
        if len(peaks) < options.min_peaks:
            return peaks, []
        crystals_key = ("crystals", key, options.model_copy(update={"clen": clen}))
        crystals: list[_Crystal] | None = self._cache.get(crystals_key)
        if crystals is None:
            crystals = self._index(peaks, clen, indexer)
            self._cache.put(crystals_key, crystals, 1024)
        return peaks, crystals

    def _index(self, peaks: NDArray[np.float64], clen: float, indexer: KnownCellIndexer) -> list[_Crystal]:
        detector, pixel = self._detector, peaks[:, 0].astype(np.int64)
        places = detector.places(pixel, peaks[:, 1], peaks[:, 2], clen)
        crystals = []
        for lattice in indexer.index(detector.q_of(places), peaks[:, 3]):
            on = lattice.explained
            off = detector.pixels_off(pixel[on], places[on], lattice.predicted[on])
            crystals.append(_Crystal(lattice.axes, float(np.sqrt(np.mean(off**2))), lattice.n_indexed))
        return crystals


def _given(frame: NDArray[Any]) -> NDArray[Any]:
    return frame


def _peaks(found: list[NDArray[np.float64]]) -> Peaks:
    table = np.concatenate([np.empty((0, 6)), *found])
    return Peaks(
        pattern=np.repeat(np.arange(len(found)), [len(each) for each in found]),
        pixel=table[:, 0].astype(np.int64),
        slow_scan=table[:, 1],
        fast_scan=table[:, 2],
        intensity=table[:, 3],
        snr=table[:, 4],
    )


def _crystals(found: list[list[_Crystal]]) -> Crystals:
    every = [crystal for crystals in found for crystal in crystals]
    return Crystals(
        pattern=np.repeat(np.arange(len(found)), [len(each) for each in found]),
        axes=np.array([crystal.axes for crystal in every]).reshape(-1, 3, 3),
        residual=np.array([crystal.residual for crystal in every]),
        n_indexed=np.array([crystal.n_indexed for crystal in every], dtype=np.int64),
    )
