"""Random settings: what every optimiser has to beat."""

from __future__ import annotations

import numpy as np

from pulsetrain.tuning.optimisers._history import History
from pulsetrain.tuning.search import Setting

__all__ = ["RandomOptimiser"]


class RandomOptimiser(History):
    """Settings drawn evenly from the cube."""

    def _propose(self, rng: np.random.Generator) -> Setting:
        return self.space.from_cube(rng.uniform(-1, 1, 3))
