"""Tree-structured Parzen estimator."""

from __future__ import annotations

from optuna.samplers import TPESampler

from pulsetrain.tuning.optimisers._optuna import OptunaOptimiser
from pulsetrain.tuning.search import SearchSpace, Setting

__all__ = ["TPEOptimiser"]


class TPEOptimiser(OptunaOptimiser):
    """Optuna's TPE; J. Bergstra et al., NeurIPS 24 (2011) 2546."""

    def __init__(self, space: SearchSpace, start: Setting, *, seed: int = 0, n_patterns: int = 200) -> None:
        super().__init__(space, start, TPESampler(seed=seed, n_startup_trials=8), seed=seed, n_patterns=n_patterns)
