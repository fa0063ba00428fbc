"""Peaks of a pattern, working out only what is not known yet."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from threading import local
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._native._radial import ring_limits
from pulsetrain.tuning._native._search import find_peaks
from pulsetrain.tuning._native.cache import Cache
from pulsetrain.tuning._native.detector import Detector, Rings
from pulsetrain.tuning.options import IndexingOptions

__all__ = ["PeakSearch"]

Frame = NDArray[Any]


class PeakSearch:
    """peakfinder8 after A. Barty et al., J. Appl. Cryst. 47 (2014) 1118, with a memory.

    Parameters
    ----------
    detector : Detector
    cache : Cache
    """

    def __init__(self, detector: Detector, cache: Cache) -> None:
        self._detector, self._cache = detector, cache
        self._rings: dict[tuple[float, float], Rings] = {}
        self._scratch = local()

    def known(self, pattern: Hashable, options: IndexingOptions) -> bool:
        """Whether a pattern's peaks can be told without its frame."""
        return self._cache.get(_search_key(pattern, options)) is not None

    def find(self, pattern: Hashable, frame: Callable[[], Frame], options: IndexingOptions) -> NDArray[np.float64]:
        """Return the peaks of a pattern.

        Parameters
        ----------
        pattern : hashable
            What it is known by.
        frame : callable
            Gives its values, shape (pixel,), if they are needed.
        options : IndexingOptions

        Returns
        -------
        numpy.ndarray, shape (peak, 6), float64
            Flat pixel, slow scan and fast scan in the module, intensity, snr and number of pixels.
        """
        key = _search_key(pattern, options)
        table = self._cache.get(key)
        if table is None:
            table = self._search(pattern, np.ascontiguousarray(frame(), dtype=np.float32), options)
            self._cache.put(key, table, table.nbytes)
        size = table[:, 5]
        chosen: NDArray[np.float64] = table[(size >= options.min_pix_count) & (size <= options.max_pix_count)]
        return chosen

    def prepare(self, options: IndexingOptions) -> None:
        """Sort the pixels into rings, once and for all threads."""
        self._rings_of(options)

    def _search(self, pattern: Hashable, frame: NDArray[np.float32], options: IndexingOptions) -> NDArray[np.float64]:
        rings, detector = self._rings_of(options), self._detector
        key = ("limits", pattern, options.min_res, options.max_res, options.min_snr)
        limits = self._cache.get(key)
        if limits is None:
            limits = ring_limits(frame, rings.order, rings.starts, options.min_snr)
            self._cache.put(key, limits, limits.nbytes)
        if not hasattr(self._scratch, "state"):
            self._scratch.state = np.zeros(frame.size, dtype=np.uint8)
        table = find_peaks(
            frame,
            rings.layout,
            np.maximum(limits, options.threshold),
            options.local_bg_radius,
            self._scratch.state,
        )
        table[:, 1] %= detector.module_rows
        return table

    def _rings_of(self, options: IndexingOptions) -> Rings:
        key = (options.min_res, options.max_res)
        rings = self._rings.get(key)
        if rings is None:
            rings = self._detector.rings(*key)
            self._rings = {key: rings}  # the last ones only: a slider would gather many
        return rings


def _search_key(pattern: Hashable, options: IndexingOptions) -> Hashable:
    o = options
    return "peaks", pattern, o.min_res, o.max_res, o.min_snr, o.threshold, o.local_bg_radius
