"""Covariance matrix adaptation."""

from __future__ import annotations

from optuna.samplers import CmaEsSampler

from pulsetrain.tuning.optimisers._optuna import OptunaOptimiser, quiet
from pulsetrain.tuning.search import SearchSpace, Setting

__all__ = ["CMAESOptimiser"]


class CMAESOptimiser(OptunaOptimiser):
    """Optuna's CMA-ES with margin, which keeps the integer min-pix-count from freezing; it begins mid-space.

    N. Hansen, Evol. Comput. 11 (2003) 1; R. Hamano et al., GECCO 2022, 639.
    """

    def __init__(self, space: SearchSpace, start: Setting, *, seed: int = 0, n_patterns: int = 200) -> None:
        with quiet():
            sampler = CmaEsSampler(seed=seed, n_startup_trials=1, warn_independent_sampling=False, with_margin=True)
        super().__init__(space, start, sampler, seed=seed, n_patterns=n_patterns)
