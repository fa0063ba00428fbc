"""The tuning of indexing parameters as a Gymnasium environment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Literal, Protocol

import gymnasium
import numpy as np
from numpy.typing import NDArray

from pulsetrain.options import OptionError
from pulsetrain.tuning._observation import EPISODE, OBSERVATION_SIZE, apply_action, observe, told_of
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["Experiment", "TuningEnvironment"]


class Experiment(Protocol):
    """Whoever answers a setting with an evaluation: a tabulated experiment, a response model, a `Tuner` on patterns."""

    space: SearchSpace
    start: Setting

    def evaluate(self, setting: Setting) -> Evaluation:
        """Return what the setting gives, on the same patterns every time."""


class TuningEnvironment(gymnasium.Env[NDArray[np.float32], NDArray[np.float32]]):
    """One episode is one experiment: evaluations from its start, each action a step from the best setting so far.

    The action is a step in ln(min-snr), ln(min-pix-count) and clen, Box(−1, 1)³; min-pix-count is rounded. The
    observation is that of `pulsetrain.tuning._observation`; ``info`` holds the ``rate``.

    Parameters
    ----------
    experiments : sequence of Experiment, or callable
        One is drawn for each episode; a callable is given the random generator and returns one.
    reward : {"best", "delta"}
        The gain over the best rate so far (0 without), or the change since the evaluation before.
    evaluations : int
        Of an episode, that of the start included.

    Attributes
    ----------
    evaluations : list of Evaluation
        Of the present episode.

    Examples
    --------
    >>> from pulsetrain.tuning._modelled import draw_experiment
    >>> environment = TuningEnvironment(draw_experiment)
    >>> observation, info = environment.reset(seed=1)
    >>> observation, reward, terminated, truncated, info = environment.step(environment.action_space.sample())
    """

    def __init__(
        self,
        experiments: Sequence[Experiment] | Callable[[np.random.Generator], Experiment],
        *,
        reward: Literal["best", "delta"] = "best",
        evaluations: int = EPISODE,
    ) -> None:
        if reward not in ("best", "delta"):
            raise OptionError(f"reward: got {reward!r}, allowed 'best' or 'delta'")
        if not 2 <= evaluations <= EPISODE:
            raise OptionError(f"evaluations: got {evaluations}, allowed 2 … {EPISODE}, that of the start included")
        if not callable(experiments) and not len(experiments):
            raise OptionError("experiments: got none; give at least one to draw from")
        self._experiments, self._reward, self._evaluations = experiments, reward, evaluations
        self.action_space = gymnasium.spaces.Box(-1.0, 1.0, (3,), np.float32)
        self.observation_space = gymnasium.spaces.Box(-10.0, 10.0, (OBSERVATION_SIZE,), np.float32)
        self._experiment: Experiment | None = None
        self.evaluations: list[Evaluation] = []

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[NDArray[np.float32], dict[str, Any]]:
        """Draw an experiment and evaluate its start."""
        super().reset(seed=seed, options=options)
        if callable(self._experiments):
            self._experiment = self._experiments(self.np_random)
        else:
            self._experiment = self._experiments[int(self.np_random.integers(len(self._experiments)))]
        self.evaluations = [self._experiment.evaluate(self._experiment.start)]
        return self._observation(), {"rate": self.evaluations[-1].rate}

    def step(self, action: NDArray[np.float32]) -> tuple[NDArray[np.float32], float, bool, bool, dict[str, Any]]:
        """Evaluate the setting that the action leads to."""
        experiment = self._experiment
        if experiment is None:
            raise RuntimeError("the episode has not begun; call reset() first")
        steps = np.clip(np.asarray(action, dtype=np.float64), -1.0, 1.0)
        place = apply_action(told_of(self.evaluations, experiment.space), steps[None])[0]
        evaluation = experiment.evaluate(experiment.space.from_cube(place))
        before = self.evaluations[-1].rate if self._reward == "delta" else max(each.rate for each in self.evaluations)
        gain = evaluation.rate - before
        self.evaluations.append(evaluation)
        reward = gain if self._reward == "delta" else max(gain, 0.0)
        over = len(self.evaluations) >= self._evaluations
        return self._observation(), float(reward), False, over, {"rate": evaluation.rate}

    def _observation(self) -> NDArray[np.float32]:
        if self._experiment is None:
            raise RuntimeError("the episode has not begun; call reset() first")
        seen = observe(told_of(self.evaluations, self._experiment.space))[0]
        return np.asarray(np.clip(seen, -10, 10), dtype=np.float32)
