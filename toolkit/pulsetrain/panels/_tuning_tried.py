"""What the tuning control knows: what was tried, by hand and by the search, and what the engine said last."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from pulsetrain.panels._tuning_options import comparable
from pulsetrain.panels._tuning_search import TuningSearch
from pulsetrain.panels._tuning_work import TuningWork
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Evaluation, Setting, as_good_and_right

__all__ = ["Tried"]


class Tried:
    """Evaluations that compare with each other: all have one threshold, tolerance and so on.

    Parameters
    ----------
    work : TuningWork
    search : TuningSearch
    options : TuningOptions
        That the control opens with.

    Attributes
    ----------
    own : list of Evaluation
        By hand.
    shown : Evaluation or None
        Of them, the last.
    result : xarray.Dataset or None
        What the engine said last of all patterns of an evaluation.
    at : Setting or None
        Of that result.
    hits : list of int
        The patterns that are hits there.
    """

    def __init__(self, work: TuningWork, search: TuningSearch, options: TuningOptions) -> None:
        self._work, self._search = work, search
        self._comparable: dict[str, Any] = comparable(options)
        self.own: list[Evaluation] = []
        self.shown: Evaluation | None = None
        self.result: xr.Dataset | None = None
        self.at: Setting | None = None
        self.hits: list[int] = []

    @property
    def evaluations(self) -> list[Evaluation]:
        """By hand, then by the search."""
        return [*self.own, *self._search.evaluations]

    @property
    def best(self) -> Evaluation | None:
        """The search's best; without a search, that of the settings tried by hand."""
        if self._search.evaluations and self._search.tuner is not None:
            return self._search.tuner.best
        highest = max(self.own, key=lambda each: each.rate, default=None)
        return highest and as_good_and_right(highest, self.own)

    def compares(self, options: TuningOptions) -> bool:
        """Whether what these options give can be compared with what there is."""
        return comparable(options) == self._comparable

    def renew(self, options: TuningOptions) -> None:
        """Forget everything, for options that do not compare with what there is."""
        self._comparable = comparable(options)
        self._search.forget()
        self.own, self.hits = [], []
        self.shown = self.result = self.at = None

    def by_hand(self, evaluation: Evaluation) -> None:
        """Take in an evaluation by hand."""
        self.shown = evaluation
        if all(each.setting != evaluation.setting for each in self.own):
            self.own.append(evaluation)

    def found(self, options: TuningOptions, result: xr.Dataset) -> None:
        """Take in what the engine has said of all patterns of an evaluation."""
        self.result, self.at = result, Setting.of(options, self._work.clen)
        self.hits = self._work.chosen(options)[result["hit"].to_numpy()].tolist()

    def position(self, options: TuningOptions, pattern: int) -> int | None:
        """Return where a pattern stands in a result with these options; None if it was not indexed for it."""
        place = np.flatnonzero(self._work.chosen(options) == pattern)
        return int(place[0]) if len(place) else None
