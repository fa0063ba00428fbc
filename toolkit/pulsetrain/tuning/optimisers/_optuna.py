"""Optuna's samplers behind suggest and ingest."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import optuna
from optuna.distributions import BaseDistribution, FloatDistribution, IntDistribution
from optuna.samplers import BaseSampler
from optuna.trial import create_trial

from pulsetrain.tuning.optimisers._history import History
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["OptunaOptimiser", "quiet"]


class OptunaOptimiser(History):
    """A study that maximises the rate; what was not suggested is added as a trial of its own.

    T. Akiba et al., KDD 2019, 2623. An axis of no extent is left out of the study.
    """

    def __init__(
        self, space: SearchSpace, start: Setting, sampler: BaseSampler, *, seed: int = 0, n_patterns: int = 200
    ) -> None:
        super().__init__(space, start, seed=seed, n_patterns=n_patterns)
        self._axes: dict[str, BaseDistribution] = {}
        if space.min_snr[1] > space.min_snr[0]:
            self._axes["min_snr"] = FloatDistribution(*space.min_snr, log=True)
        if space.min_pix_count[1] > space.min_pix_count[0]:
            self._axes["min_pix_count"] = IntDistribution(*space.min_pix_count, log=True)
        if space.clen[1] > space.clen[0]:
            self._axes["clen"] = FloatDistribution(*space.clen)
        storage = optuna.storages.InMemoryStorage()
        with quiet():
            self._study = optuna.create_study(storage=storage, sampler=sampler, direction="maximize")
        self._asked: dict[Setting, optuna.Trial] = {}

    def ingest(self, evaluation: Evaluation) -> None:
        """Tell the study; a point of the user's own outside of the space is kept, but the study cannot hold it."""
        super().ingest(evaluation)
        trial = self._asked.pop(evaluation.setting, None)
        with quiet():
            if trial is not None:
                self._study.tell(trial, evaluation.rate)
                return
            params = {name: getattr(evaluation.setting, name) for name in self._axes}
            if all(axis._contains(axis.to_internal_repr(params[name])) for name, axis in self._axes.items()):  # noqa: SLF001
                self._study.add_trial(create_trial(params=params, distributions=self._axes, value=evaluation.rate))

    def _propose(self, rng: np.random.Generator) -> Setting:
        del rng  # the sampler has its own
        for setting in self._asked:
            return setting  # asked before, and not answered
        with quiet():
            trial = self._study.ask(self._axes)
        chosen = {"min_snr": self.space.min_snr[0], "min_pix_count": self.space.min_pix_count[0]}
        chosen = {**chosen, "clen": self.space.clen[0], **trial.params}
        setting = Setting(float(chosen["min_snr"]), int(chosen["min_pix_count"]), float(chosen["clen"]))
        self._asked[setting] = trial
        return setting


@contextmanager
def quiet() -> Iterator[None]:
    """Optuna announces every study and warns of what it calls experimental; its settings are left as they were."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield
    finally:
        optuna.logging.set_verbosity(level)
