"""What the tuning control computes: in a thread, with no widget in reach."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.figures.detector import FlatDetector
from pulsetrain.figures.tuning import peak_pixels, spot_pixels
from pulsetrain.panels._tuning_input import PatternsInput
from pulsetrain.progress import Progress
from pulsetrain.tuning.engines import engine_of
from pulsetrain.tuning.options import IndexingOptions, TuningOptions
from pulsetrain.tuning.search import Evaluation, Setting

__all__ = ["Look", "TuningWork"]

_QUICK = 12  # patterns of the first, rough figure


@dataclass(frozen=True)
class Look:
    """One pattern and what was found in it.

    Attributes
    ----------
    pattern : int
        Its position in the frames.
    picture : xarray.DataArray, dims (y, x), or None
        None where only what was found has changed.
    peaks, spots : numpy.ndarray, shape (place, 2)
        x and y in the picture.
    crystals : int
    hit : bool
    setting : Setting
        At which that was found.
    """

    pattern: int
    picture: xr.DataArray | None
    peaks: NDArray[np.float64]
    spots: NDArray[np.float64]
    crystals: int
    hit: bool
    setting: Setting


class TuningWork:
    """The engine and the patterns of a control; one thing is indexed at a time.

    Parameters
    ----------
    given : PatternsInput
    engine : Engine, optional
        In place of the one that the options name.

    Attributes
    ----------
    lock : threading.Lock
        Held while the engine is at work.
    detector : FlatDetector
    warm : bool
        Whether the engine has answered before: its first answer waits for the compiler.
    """

    def __init__(self, given: PatternsInput, engine: Any = None) -> None:
        self._given, self._engine = given, engine
        self._engines: dict[tuple[str, int | None], Any] = {}
        self.lock = threading.Lock()
        self.detector = FlatDetector(given.geometry)
        self.warm = False

    @property
    def clen(self) -> float:
        """The geometry's own camera length, metres; NaN where it takes it from the data."""
        return self._given.geometry.clen

    def engine(self, options: TuningOptions) -> Any:
        """Return the engine that options ask for; made once."""
        if self._engine is not None:
            return self._engine
        asked = (options.engine, options.processes)
        if asked not in self._engines:
            self._engines = {
                asked: engine_of(options.engine, self._given.geometry, self._given.cell, processes=options.processes)
            }
        return self._engines[asked]

    def chosen(self, options: TuningOptions) -> NDArray[np.int64]:
        """Return the positions of the patterns that are indexed at each setting."""
        from pulsetrain.tuning.tuner import choose_patterns

        return choose_patterns(self._given.frames.sizes["pattern"], options.patterns, options.fresh_patterns)[0]

    def rate(
        self, options: TuningOptions, progress: Progress, quick: Callable[[Evaluation], None]
    ) -> tuple[Evaluation, xr.Dataset]:
        """Index a few patterns for a quick figure, then all that are chosen.

        Parameters
        ----------
        options : TuningOptions
        progress : callable
            Told how far it is; may raise `Cancelled`.
        quick : callable
            Given the quick figure.
        """
        chosen, engine = self.chosen(options), self.engine(options)
        setting = Setting.of(options, self.clen)
        if len(chosen) > 2 * _QUICK:
            few = chosen[np.linspace(0, len(chosen), _QUICK, endpoint=False).astype(int)]
            quick(self._evaluation(setting, self.index(engine, few, options, progress)))
        result = self.index(engine, chosen, options, progress)
        return self._evaluation(setting, result), result

    def refine(self, options: TuningOptions, progress: Progress) -> tuple[float, float]:
        """Return the camera length at which the indexed cells come out right, with its error, metres."""
        from pulsetrain.tuning.clen import refine_clen

        result = self.index(self.engine(options), self.chosen(options), options, progress)
        return refine_clen(result, self._given.geometry, self._given.cell)

    def index(
        self, engine: Any, positions: NDArray[np.int64], options: IndexingOptions, progress: Progress
    ) -> xr.Dataset:
        """Return what the engine says of some patterns."""
        with self.lock:
            progress(0, 1)  # something newer may have come while the engine was busy
            result: xr.Dataset = engine.evaluate(self._given.frames.isel(pattern=positions), options, progress)
            self.warm = True
        return result

    def look(self, pattern: int, options: TuningOptions, progress: Progress, *, picture: bool) -> Look:
        """Return one pattern with its peaks and predicted spots."""
        result = self.index(self.engine(options), np.array([pattern]), options, progress)
        return self.found(pattern, 0, result, options, picture=picture)

    def found(
        self, pattern: int, position: int, result: xr.Dataset, options: TuningOptions, *, picture: bool = False
    ) -> Look:
        """Return what a result says of one pattern, at a position in the result."""
        geometry = self._given.geometry
        moved = geometry if options.clen is None else geometry.with_clen(options.clen)
        drawn = None
        if picture:
            drawn = self.detector.picture(self._given.frames.isel(pattern=pattern).to_numpy(), geometry.bad)
        return Look(
            pattern,
            drawn,
            self.detector.places(peak_pixels(result, position)),
            self.detector.places(spot_pixels(result, position, moved, self._given.cell)),
            int(result["n_crystals"][position]),
            bool(result["hit"][position]),
            Setting.of(options, self.clen),
        )

    def _evaluation(self, setting: Setting, result: xr.Dataset) -> Evaluation:
        return Evaluation.of(setting, result, self._given.cell)
