"""The search of the tuning control, which can be paused: what it has tried, and when it begins anew."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import xarray as xr

from pulsetrain.panels._task import part
from pulsetrain.panels._tuning_input import PatternsInput
from pulsetrain.panels._tuning_work import TuningWork
from pulsetrain.progress import Progress
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Evaluation

if TYPE_CHECKING:
    from pulsetrain.tuning.tuner import Tuner

__all__ = ["TuningSearch"]

_FREE = {"min_snr", "min_pix_count", "clen", "evaluations"}  # may change while a search is paused

OnEvaluation = Callable[[Evaluation, xr.Dataset], None]


class TuningSearch:
    """One search after the other, over the same patterns.

    Parameters
    ----------
    given : PatternsInput
    work : TuningWork

    Attributes
    ----------
    tuner : Tuner or None
        Of the search under way, paused or finished.
    """

    def __init__(self, given: PatternsInput, work: TuningWork) -> None:
        self._given, self._work = given, work
        self._pausing = threading.Event()
        self._over = False
        self.tuner: Tuner | None = None

    @property
    def evaluations(self) -> list[Evaluation]:
        """Of the search, in their order."""
        return [] if self.tuner is None else list(self.tuner.evaluations)

    @property
    def path(self) -> xr.Dataset | None:
        """What was tried, as of `Tuner.path`; None before the first."""
        return self.tuner.path() if self.tuner is not None and self.evaluations else None

    @property
    def confirmed(self) -> Evaluation | None:
        """The best setting on fresh patterns."""
        return None if self.tuner is None else self.tuner.confirmed

    def pause(self) -> None:
        """Ask for an end after the evaluation under way; `run` goes on from there."""
        self._pausing.set()

    def end(self) -> None:
        """Let the next `run` begin anew."""
        self._over = True

    def forget(self) -> list[Evaluation]:
        """Drop the search; return what it has tried."""
        tried, self.tuner, self._over = self.evaluations, None, False
        return tried

    def goes_on(self, options: TuningOptions) -> bool:
        """Return whether a run with these options would go on with the search there is."""
        if self.tuner is None or self._over or len(self.tuner.evaluations) >= options.evaluations:
            return False
        return self.tuner.options.model_dump(exclude=_FREE) == options.model_dump(exclude=_FREE)

    def run(
        self,
        options: TuningOptions,
        steps: int | None,
        progress: Progress,
        tried: OnEvaluation,
        before: Callable[[], object],
    ) -> xr.Dataset | None:
        """Try settings until all are made, some steps are done or it is paused; runs in a thread.

        Returns the engine's result at the best setting so far.

        Parameters
        ----------
        options : TuningOptions
        steps : int, optional
            How many at most.
        progress : callable
        tried : callable
            Given each evaluation and the engine's result.
        before : callable
            Called before each evaluation, to let others have the engine.
        """
        from pulsetrain.tuning.tuner import Tuner

        self._pausing.clear()
        progress(0, 1, "Preparing the search")
        if self.tuner is None or not self.goes_on(options):
            self.tuner = Tuner(self._work.engine(options), self._given.frames, options)
            self._over = False
        tuner, total = self.tuner, options.evaluations
        while (k := len(tuner.evaluations)) < total and not self._pausing.is_set() and steps != 0:
            before()
            words = f"Setting {k + 1} of {total}" if self._work.warm else "Compiling the engine, once"
            with self._work.lock:
                evaluation = tuner.step(_said(part(progress, k / total, (k + 1) / total), words))
                self._work.warm = True
            if tuner.result is not None:
                tried(evaluation, tuner.result)
            steps = None if steps is None else steps - 1
        if len(tuner.evaluations) >= total and tuner.confirmed is None:
            before()
            with self._work.lock:
                refined = tuner.refine(_said(progress, "Refining the camera length from the cells"))
            if refined is not None and tuner.result is not None:
                tried(refined, tuner.result)
            self.confirm(options, [], progress)
        if not tuner.evaluations:
            return None
        with self._work.lock:
            return tuner.index_best(_said(progress, "Indexing at the best setting"))

    def confirm(self, options: TuningOptions, own: Sequence[Evaluation], progress: Progress) -> Evaluation | None:
        """Index fresh patterns with the best setting, of the search or else of the user's own; runs in a thread."""
        from pulsetrain.tuning.tuner import Tuner

        tuner = self.tuner
        if tuner is None:
            tuner = Tuner(self._work.engine(options), self._given.frames, options.replace(optimiser="scan"))
            tuner.recall(own)
        with self._work.lock:
            return tuner.confirm(_said(progress, "Confirming on fresh patterns"))


def _said(progress: Progress, words: str) -> Progress:
    """Return a progress that says the same words all the time."""

    def told(done: int, total: int, _message: str = "", /, **values: float) -> None:
        progress(done, total, words, **values)

    return told
