"""What all optimisers share: the evaluations so far, the start, and a choice of the best that noise does not fool."""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from pulsetrain.tuning.optimisers._gaussian import GaussianProcess
from pulsetrain.tuning.response import Array
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["History"]


class History(ABC):
    """An optimiser that has only to say where to go after the start.

    Parameters
    ----------
    space : SearchSpace
    start : Setting
        Suggested first; clipped to the space.
    seed : int
        Every suggestion is drawn from it and the number of evaluations so far: a search that was cut off and is told
        its evaluations again goes on as it would have.
    n_patterns : int

    Attributes
    ----------
    evaluations : list of Evaluation
        One for each setting, in the order they came; a repeated setting replaces its older evaluation, because the
        patterns are the same.
    """

    def __init__(self, space: SearchSpace, start: Setting, *, seed: int = 0, n_patterns: int = 200) -> None:
        self.space, self.n_patterns, self.seed = space, n_patterns, seed
        self.start = inside(space, start)
        self.evaluations: list[Evaluation] = []

    def suggest(self) -> Setting:
        """Return the setting to try next."""
        if not self.evaluations:
            return self.start
        return inside(self.space, self._propose(np.random.default_rng([self.seed, len(self.evaluations)])))

    def ingest(self, evaluation: Evaluation) -> None:
        """Take in what a setting gave, whether it was suggested or not.

        Raises
        ------
        ValueError
            For an evaluation of no patterns.
        """
        if evaluation.n_patterns < 1:
            raise ValueError("evaluation: got one of 0 patterns, which says nothing; evaluate at least one")
        self.evaluations = [each for each in self.evaluations if each.setting != evaluation.setting]
        self.evaluations.append(evaluation)

    def best(self) -> Setting:
        """Return the evaluated setting with the highest expected rate: neighbours lend each other weight.

        Raises
        ------
        RuntimeError
            Before the first evaluation.
        """
        if not self.evaluations:
            raise RuntimeError("nothing has been evaluated yet; ingest an evaluation first")
        return self.evaluations[int(np.argmax(self.expected()))].setting

    def expected(self) -> Array:
        """Return the rate that is expected at each evaluated setting, shape (evaluation,)."""
        places, rates = self.places(), self.rates()
        expected: Array = GaussianProcess(places, rates - rates.mean(), self.noise()).mean(places) + rates.mean()
        return expected

    def places(self) -> Array:
        """Return the evaluated places in the cube, shape (evaluation, 3)."""
        return np.array([self.space.to_cube(each.setting) for each in self.evaluations])

    def rates(self) -> Array:
        """Return the rates, shape (evaluation,)."""
        return np.array([each.rate for each in self.evaluations])

    def noise(self) -> Array:
        """Return the variances of the rates among settings, shape (evaluation,).

        The same patterns are indexed each time: about half of the binomial variance is common to all settings.
        """
        n = np.array([each.n_patterns for each in self.evaluations])
        shrunk = (self.rates() * n + 1) / (n + 2)
        variance: Array = 0.5 * shrunk * (1 - shrunk) / n
        return variance

    @abstractmethod
    def _propose(self, rng: np.random.Generator) -> Setting:
        """Return the next setting; there is at least one evaluation."""


def inside(space: SearchSpace, setting: Setting) -> Setting:
    """Return the setting, clipped to the space."""
    return Setting(
        float(np.clip(setting.min_snr, *space.min_snr)),
        int(np.clip(setting.min_pix_count, *space.min_pix_count)),
        float(np.clip(setting.clen, *space.clen)),
    )
