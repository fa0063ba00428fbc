"""What evaluations say of the latents of the response model: weighted particles, moved where they have become few."""

from __future__ import annotations

import numpy as np

from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.response import Array, Predicted, ResponseModel
from pulsetrain.tuning.search import Evaluation, SearchSpace

__all__ = ["Particles"]

# What the model leaves unexplained, beyond counting: standard deviations of arcsin √share, of ln(1 + peaks), of the
# cells' shift (%) and of one crystal's.
_RATE_MODEL, _HITS_MODEL, _PEAKS_MODEL, _SHIFT_MODEL, _SHIFT_CRYSTAL = 0.06, 0.08, 0.25, 0.12, 0.4
_MOVES = 4
_FEW = 0.4  # of the particles, below which they are drawn anew and moved


class Particles:
    """Posterior of the latents, given evaluations of one experiment.

    Weights follow from the likelihood of rate, hits, peaks and cell shift; few effective particles are drawn anew and
    moved by Metropolis steps (N. Chopin, Biometrika 89 (2002) 539).

    Parameters
    ----------
    space : SearchSpace
    seed : int
    n : int
        Particles.
    memory : float, optional
        Evaluations after which an old one counts a factor e less; by default all count alike.
    prior : ResponsePrior, optional
        By default the one that ships with the package.

    Attributes
    ----------
    latents : numpy.ndarray, shape (n, len(LATENTS))
    weights : numpy.ndarray, shape (n,)
        They sum to 1.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int = 0,
        n: int = 1200,
        memory: float | None = None,
        prior: ResponsePrior | None = None,
    ) -> None:
        self.model = ResponseModel(float(np.mean(space.clen)))
        self._prior = (prior or ResponsePrior.load()).within(space)
        self._rng = np.random.default_rng([seed, 1])
        self._memory = memory
        self._told: list[Evaluation] = []
        self.latents = self._prior.draw(n, self._rng)
        self.weights = np.full(n, 1 / n)
        self._columns = np.zeros((n, 0))  # log-likelihood of each evaluation
        self._weighed = np.zeros(n)  # tempered log-likelihood that the present set of particles was drawn by

    def ingest(self, evaluation: Evaluation) -> None:
        """Weigh the particles by one more evaluation; a setting told before is replaced: its patterns are the same."""
        for i, old in enumerate(self._told):
            if old.setting == evaluation.setting:
                del self._told[i]
                self._columns = np.delete(self._columns, i, axis=1)
                break
        self._told.append(evaluation)
        self._columns = np.column_stack([self._columns, self._likelihood(self.latents, [evaluation])])
        total = self._columns @ self._ages()
        self._reweigh(total)
        if 1 / np.sum(self.weights**2) < _FEW * len(self.weights):
            self._renew(total)

    def predict(self, min_snr: Array, min_pix_count: Array, clen: Array) -> Predicted:
        """Return what the particles predict for settings, each of shape (setting,)."""
        return self.model.predict(self.latents, min_snr, min_pix_count, clen)

    def _ages(self) -> Array:
        age = np.arange(len(self._told))[::-1]
        return np.ones(len(age)) if self._memory is None else np.exp(-age / self._memory)

    def _reweigh(self, total: Array) -> None:
        log_weights = total - self._weighed
        weights = np.exp(log_weights - log_weights.max())
        self.weights = weights / weights.sum()

    def _renew(self, total: Array) -> None:
        n, rng = len(self.weights), self._rng
        places = (np.arange(n) + rng.random()) / n
        chosen = np.minimum(np.searchsorted(np.cumsum(self.weights), places), n - 1)
        mean = self.weights @ self.latents
        off = self.latents - mean
        spread = (off * self.weights[:, None]).T @ off + 1e-6 * np.eye(len(mean))
        root = np.linalg.cholesky(spread)
        latents, columns, total = self.latents[chosen], self._columns[chosen], total[chosen]
        prior, ages = self._prior.log_density(latents), self._ages()
        for move in range(_MOVES):
            scale = 2.38 / np.sqrt(len(mean)) * (1.0, 0.35)[move % 2]
            proposed = latents + scale * rng.standard_normal(latents.shape) @ root.T
            new_columns = self._likelihood(proposed, self._told)
            new_total, new_prior = new_columns @ ages, self._prior.log_density(proposed)
            taken = np.log(rng.random(n)) < new_total + new_prior - total - prior
            latents[taken], columns[taken] = proposed[taken], new_columns[taken]
            total[taken], prior[taken] = new_total[taken], new_prior[taken]
        self.latents, self._columns, self._weighed = latents, columns, total
        self.weights = np.full(n, 1 / n)

    def _likelihood(self, latents: Array, evaluations: list[Evaluation]) -> Array:
        """Return log-likelihoods, shape (latent vector, evaluation)."""
        settings = [each.setting for each in evaluations]
        predicted = self.model.predict(
            latents,
            np.array([each.min_snr for each in settings]),
            np.array([each.min_pix_count for each in settings]),
            np.array([each.clen for each in settings]),
        )
        n = np.array([each.n_patterns for each in evaluations])
        indexed = np.array([each.n_indexed for each in evaluations])
        hits = np.array([each.n_hits for each in evaluations])
        likelihood = -0.5 * (_arc(indexed / n) - _arc(predicted.rate)) ** 2 / (0.25 / n + _RATE_MODEL**2)
        likelihood += -0.5 * (_arc(hits / n) - _arc(predicted.hits)) ** 2 / (0.25 / n + _HITS_MODEL**2)
        peaks = np.log1p([each.peaks_per_pattern for each in evaluations])
        likelihood += np.where(hits > 0, _robust((peaks - predicted.log_peaks) / _PEAKS_MODEL), 0.0)
        shift = 100 * np.array([each.cell_shift for each in evaluations])
        known = np.isfinite(shift) & (indexed > 0)
        error = np.sqrt(_SHIFT_MODEL**2 + _SHIFT_CRYSTAL**2 / np.maximum(indexed, 1))
        return likelihood + np.where(known, _robust((np.where(known, shift, 0.0) - predicted.shift) / error), 0.0)


def _arc(share: Array) -> Array:
    """Return arcsin √share, whose counting variance is 1/(4n) whatever the share."""
    arc: Array = np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0)))
    return arc


def _robust(off: Array) -> Array:
    """Return Student's log-density of 4 degrees of freedom, up to a constant: outliers are forgiven."""
    return -2.5 * np.log1p(off**2 / 4)


