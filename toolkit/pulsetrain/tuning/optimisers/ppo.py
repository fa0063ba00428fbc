"""The trained agent as an optimiser."""

from __future__ import annotations

from typing import Literal

import numpy as np

from pulsetrain.tuning._observation import apply_action, observe, told_of
from pulsetrain.tuning.agent import Agent
from pulsetrain.tuning.optimisers._history import History
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["AgentOptimiser"]


class AgentOptimiser(History):
    """Actions of the agent, from the best evaluation so far.

    Parameters
    ----------
    space, start, seed, n_patterns
        As of `History`.
    memory : float, optional
        The agent sees only as many of the latest evaluations, for experiments that drift.
    reward : {"best", "delta"}
        What the agent was trained on.
    agent : Agent, optional
        By default the shipped one.
    """

    def __init__(
        self,
        space: SearchSpace,
        start: Setting,
        *,
        seed: int = 0,
        n_patterns: int = 200,
        memory: float | None = None,
        reward: Literal["best", "delta"] = "best",
        agent: Agent | None = None,
    ) -> None:
        super().__init__(space, start, seed=seed, n_patterns=n_patterns)
        self._agent = agent or Agent.load(reward)
        self._memory = memory

    def ingest(self, evaluation: Evaluation) -> None:
        """Take in what a setting gave, and forget what is too old."""
        super().ingest(evaluation)
        if self._memory is not None:
            self.evaluations = self.evaluations[-max(1, round(self._memory)) :]

    def _propose(self, rng: np.random.Generator) -> Setting:
        told = told_of(self.evaluations, self.space)
        action = self._agent.act(observe(told).clip(-10, 10), rng)
        return self.space.from_cube(apply_action(told, action)[0])
