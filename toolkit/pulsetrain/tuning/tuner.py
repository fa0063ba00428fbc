"""The search itself: suggest a setting, index the same patterns with it, learn, and confirm the best on fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from importlib.metadata import version

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.progress import Progress
from pulsetrain.tuning._doubts import doubts
from pulsetrain.tuning.clen import refine_clen
from pulsetrain.tuning.engines import Engine
from pulsetrain.tuning.optimisers import make_optimiser
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.path import path_of
from pulsetrain.tuning.search import Evaluation, Optimiser, SearchSpace, Setting, as_good_and_right

_FEW = 3  # indexed patterns, from which on their cells are believed
_KNOWN = 2e-3  # relative error of a refined camera length that is worth a try

__all__ = ["Tuner", "choose_patterns"]


class Tuner:
    """Looks for the setting that indexes most of some patterns.

    Parameters
    ----------
    engine : NativeEngine or CrystFELEngine
    patterns : xarray.DataArray, dims (pattern, …)
        All patterns there are: ``options.patterns`` of them, evenly spread, are indexed at each setting, and others,
        ``options.fresh_patterns`` at most, confirm the best.
    options : TuningOptions, optional
        The search starts from its min_snr, min_pix_count and clen.
    optimiser : Optimiser, optional
        In place of the one that ``options.optimiser`` names.

    Attributes
    ----------
    space : SearchSpace
    start : Setting
    evaluations : list of Evaluation
        In the order they were made.
    result : xarray.Dataset or None
        What the engine said last.
    confirmed, confirmed_start : Evaluation or None
        The best setting, and the start beside it, on fresh patterns.

    Examples
    --------
    >>> from pulsetrain.simulate.crystals import simulate_crystals
    >>> from pulsetrain.tuning import NativeEngine, TuningOptions
    >>> example = simulate_crystals(seed=1)
    >>> engine = NativeEngine(example.geometry, example.cell)
    >>> tuner = Tuner(engine, example.frames, TuningOptions(patterns=32, evaluations=10))     # doctest: +SKIP
    >>> float(tuner.run().best_clen)                                                           # doctest: +SKIP
    0.12
    """

    def __init__(
        self,
        engine: Engine,
        patterns: xr.DataArray,
        options: TuningOptions | None = None,
        optimiser: Optimiser | None = None,
    ) -> None:
        self.engine, self.options = engine, options or TuningOptions()
        if "frame" not in patterns.coords:
            # Where each pattern stands in its file, by which an engine can read the file itself.
            patterns = patterns.assign_coords(frame=("pattern", np.arange(patterns.sizes["pattern"])))
        chosen, fresh = choose_patterns(patterns.sizes["pattern"], self.options.patterns, self.options.fresh_patterns)
        self._patterns, self._fresh = patterns.isel(pattern=chosen), patterns.isel(pattern=fresh)
        self.start = Setting.of(self.options, engine.geometry.clen)
        if not np.isfinite(self.start.clen):
            raise OptionError("clen: the geometry takes it from the data file; give it in metres")
        self.start.put_into(self.options)  # refuses a camera length out of bounds
        self.space = SearchSpace.around(
            self.start.clen,
            clen_range=self.options.clen_range,
            max_min_snr=self.options.max_min_snr,
            max_min_pix_count=self.options.max_min_pix_count,
        )
        self._optimiser = optimiser or make_optimiser(
            self.options.optimiser,
            self.space,
            self.start,
            seed=self.options.seed,
            n_patterns=len(chosen),
            reward=self.options.reward,
        )
        self.evaluations: list[Evaluation] = []
        self.result: xr.Dataset | None = None
        self._of_best: tuple[Setting, xr.Dataset] | None = None
        self.confirmed: Evaluation | None = None
        self.confirmed_start: Evaluation | None = None

    @property
    def best(self) -> Evaluation:
        """The evaluation that the optimiser trusts most; among equals the one whose cells come out right."""
        if not self.evaluations:
            raise RuntimeError("nothing has been evaluated yet; call step() or run()")
        setting = self._optimiser.best()
        same = [each for each in self.evaluations if each.setting == setting]
        found = same[-1] if same else max(self.evaluations, key=lambda each: each.rate)
        return as_good_and_right(found, self.evaluations)

    def step(self, progress: Progress | None = None) -> Evaluation:
        """Try one setting: the start first, then what the optimiser suggests."""
        setting = self._optimiser.suggest() if self.evaluations else self.start
        return self.evaluate(setting, progress)

    def evaluate(self, setting: Setting, progress: Progress | None = None) -> Evaluation:
        """Try a setting of one's own; the optimiser learns from it too."""
        evaluation, self.result = self._index(setting, self._patterns, progress)
        self._optimiser.ingest(evaluation)
        self.evaluations.append(evaluation)
        self.confirmed = self.confirmed_start = None
        return evaluation

    def refine(self, progress: Progress | None = None) -> Evaluation | None:
        """Try the best setting at the camera length at which its cells come out right.

        Returns
        -------
        Evaluation or None
            None where too few patterns are indexed to say, where that has been tried, and outside of what is searched.
        """
        best = self.best
        refined = self._refined(progress) if best.n_indexed >= _FEW else None
        if refined is None or not self.space.clen[0] <= refined[0] <= self.space.clen[1]:
            return None
        setting = replace(best.setting, clen=refined[0])
        if abs(best.setting.clen - setting.clen) <= refined[1]:
            return None
        return self.evaluate(setting, progress)

    def recall(self, evaluations: Iterable[Evaluation]) -> None:
        """Take in evaluations that an earlier run of the same search has finished; nothing is indexed."""
        for evaluation in evaluations:
            self._optimiser.ingest(evaluation)
            self.evaluations.append(evaluation)

    def index_best(self, progress: Progress | None = None) -> xr.Dataset:
        """Return what the engine says of the search's patterns at the best setting, peaks and crystals included.

        It is remembered until another setting is the best: with CrystFEL, asking again would take minutes.
        """
        setting = self.best.setting
        if self._of_best is None or self._of_best[0] != setting:
            self._of_best = setting, self._index(setting, self._patterns, progress)[1]
        return self._of_best[1]

    def run(
        self, progress: Progress | None = None, on_evaluation: Callable[[Evaluation], None] | None = None
    ) -> xr.Dataset:
        """Try settings until ``options.evaluations`` are made, refine the best's camera length, and confirm it.

        Parameters
        ----------
        progress : callable, optional
            Told ``(evaluation, evaluations, message, rate=…, best=…)``; may raise `pulsetrain.progress.Cancelled`,
            after which `evaluations` and `path` hold what was finished, and `run` goes on from there.
        on_evaluation : callable, optional
            Given each evaluation as it is made.

        Returns
        -------
        xarray.Dataset
            As of `path`.
        """
        total = self.options.evaluations
        while (done := len(self.evaluations)) < total:
            evaluation = self.step(_within(progress, done, total))
            if on_evaluation:
                on_evaluation(evaluation)
            if progress:
                progress(done + 1, total, "tuning", rate=evaluation.rate, best=self.best.rate)
        if self.confirmed is None:
            refined = self.refine(_within(progress, total, total))
            if refined and on_evaluation:
                on_evaluation(refined)
            self.confirm()
        return self.path()

    def confirm(self, progress: Progress | None = None) -> Evaluation | None:
        """Index fresh patterns with the best setting and with the start: the highest of many rates flatters itself.

        Returns
        -------
        Evaluation or None
            None where there are no fresh patterns.
        """
        if self._fresh.sizes["pattern"]:
            self.confirmed, _ = self._index(self.best.setting, self._fresh, progress)
            self.confirmed_start, _ = self._index(self.start, self._fresh, progress)
        return self.confirmed

    @property
    def flags(self) -> list[str]:
        """What is doubtful about the best setting, one sentence each."""
        return doubts(self.best, self.space, self.confirmed, self.confirmed_start)

    def path(self) -> xr.Dataset:
        """Return what was tried and what came of it.

        Returns
        -------
        xarray.Dataset, dims (evaluation,)
            What `path_of` returns; of the whole ``best_min_snr``, ``best_min_pix_count``, ``best_clen``,
            ``confirmed_rate`` with ``confirmed_interval`` (bound,) and ``confirmed_start_rate``, NaN where there were
            no fresh patterns. ``attrs["flags"]`` says in words what is doubtful, one sentence a line.
        """
        best = self.best
        path = path_of(self.evaluations).assign_attrs(
            options=self.options.model_dump_json(),
            engine=type(self.engine).__name__,
            flags="\n".join(self.flags),
            version=version("pulsetrain"),
            fingerprint=str(self._patterns.attrs.get("fingerprint", "")),
            source=str(self._patterns.attrs.get("source", "")),
        )
        path["best_min_snr"], path["best_min_pix_count"] = best.setting.min_snr, best.setting.min_pix_count
        path["best_clen"] = ((), best.setting.clen, {"units": "m"})
        fresh = self.confirmed
        path["confirmed_rate"] = np.nan if fresh is None else fresh.rate
        path["confirmed_interval"] = ("bound", [np.nan, np.nan] if fresh is None else list(fresh.interval))
        path["confirmed_patterns"] = 0 if fresh is None else fresh.n_patterns
        path["confirmed_start_rate"] = np.nan if self.confirmed_start is None else self.confirmed_start.rate
        return path

    def _refined(self, progress: Progress | None) -> tuple[float, float] | None:
        try:
            clen, error = refine_clen(self.index_best(progress), self.engine.geometry, self.engine.cell)
        except DataError:  # no crystal has spots enough
            return None
        return (clen, error) if np.isfinite(clen) and error < _KNOWN * clen else None

    def _index(
        self, setting: Setting, patterns: xr.DataArray, progress: Progress | None
    ) -> tuple[Evaluation, xr.Dataset]:
        result = self.engine.evaluate(patterns, setting.put_into(self.options), progress)
        return Evaluation.of(setting, result, self.engine.cell), result


def choose_patterns(n: int, tuned: int, fresh: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose which of n patterns the search sees and which confirm it: both spread evenly, none in both.

    With fewer patterns than asked for, at most a third is kept back as fresh ones.

    Returns
    -------
    tuple of numpy.ndarray, int
        Positions, ascending.
    """
    kept = min(fresh, max(n - tuned, n // 3))
    taken = min(tuned, n - kept)
    spread = np.linspace(0, n, taken + kept, endpoint=False).astype(np.int64)
    is_fresh = np.zeros(len(spread), dtype=bool)
    if kept:
        is_fresh[np.linspace(0, len(spread), kept, endpoint=False).astype(np.int64)] = True
    return spread[~is_fresh], spread[is_fresh]


def _within(progress: Progress | None, done: int, total: int) -> Progress | None:
    """Return a progress for one evaluation: it may cancel, and tells how far the patterns are in its message."""
    if progress is None:
        return None

    def told(part: int, parts: int, message: str = "", /, **values: float) -> None:
        progress(done, total, f"{message or 'indexing'} {part}/{parts}", **values)

    return told
