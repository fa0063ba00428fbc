"""Posterior first, then a Gaussian process on what the response model leaves over; the default."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr

from pulsetrain.tuning.optimisers._gaussian import GaussianProcess
from pulsetrain.tuning.optimisers.posterior import OFF_MODEL, PosteriorOptimiser
from pulsetrain.tuning.response import Array
from pulsetrain.tuning.search import Setting

__all__ = ["HybridOptimiser"]

_POSTERIOR_ALONE = 4  # evaluations


class HybridOptimiser(PosteriorOptimiser):
    """The first 4 evaluations follow the posterior; later ones correct it where the experiment is unlike the model.

    The rate is the particles' mean plus a Gaussian process on the residuals; its doubt is that of the process and of
    the particles together, and the next setting that of the highest expected improvement.
    """

    def expected(self) -> Array:
        """Return the rate that is expected at each evaluated setting, shape (evaluation,)."""
        return self._believed()[0] + self._residuals().mean(self.places())

    def _propose(self, rng: np.random.Generator) -> Setting:
        if len(self.evaluations) < _POSTERIOR_ALONE:
            return super()._propose(rng)
        candidates = self._candidates(rng)
        mean, variance = candidates.rates.mean(axis=0), candidates.rates.var(axis=0)
        residuals = self._residuals()
        places = self._places(candidates).reshape(-1, 3)
        mean += residuals.mean(places).reshape(mean.shape)
        doubt = np.sqrt(residuals.deviation(places).reshape(mean.shape) ** 2 + variance)
        if self.memory is not None:
            return self._online(candidates, mean, doubt)
        ahead = mean - self.expected().max()
        z = ahead / np.maximum(doubt, 1e-9)
        gain = ahead * ndtr(z) + doubt * np.exp(-0.5 * z**2) / np.sqrt(2 * np.pi)
        return self._best_untried(candidates, gain)

    def _residuals(self) -> GaussianProcess:
        if self.memory is None:
            return GaussianProcess(self.places(), self.rates() - self._believed()[0], self.noise(), OFF_MODEL)
        # Each evaluation is held against what was to be expected then, at its place beside what was the true clen.
        ages, weights = self.particles.ages, self.particles.weights
        places, half = self.places(), (self.space.clen[1] - self.space.clen[0]) / 2
        places[:, 2] += ages * (weights @ self.particles.drift) / (half or 1.0)
        off = self.rates() - weights @ self._predicted(ages)
        forgotten = OFF_MODEL**2 * np.expm1(np.minimum((ages - 1) / self.memory, 20.0))  # old residuals say less
        return GaussianProcess(places, off, self.noise() + forgotten, OFF_MODEL)
