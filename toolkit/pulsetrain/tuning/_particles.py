"""What evaluations say of the latents of the response model: weighted particles, moved where they have become few."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.response import LATENTS, Array, Predicted, ResponseModel
from pulsetrain.tuning.search import Evaluation, SearchSpace

__all__ = ["Particles"]

# What the model leaves unexplained, beyond counting: standard deviations of arcsin √share, of ln(1 + peaks), of the
# cells' shift (%) and of one crystal's.
_RATE_MODEL, _HITS_MODEL, _PEAKS_MODEL, _SHIFT_MODEL, _SHIFT_CRYSTAL = 0.08, 0.1, 0.25, 0.15, 0.5
_DRIFT = 0.05  # % of clen per evaluation that is usual, where there is a drift at all
_MOVES = 3
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
        Evaluations after which an old one counts a factor e less; the true camera length may then drift evenly. By
        default nothing drifts and all count alike.
    prior : ResponsePrior, optional
        By default the one that ships with the package.

    Attributes
    ----------
    weights : numpy.ndarray, shape (n,)
        They sum to 1.
    """

    def __init__(
        self,
        space: SearchSpace,
        *,
        seed: int = 0,
        n: int = 600,
        memory: float | None = None,
        prior: ResponsePrior | None = None,
    ) -> None:
        self.model = ResponseModel(float(np.mean(space.clen)))
        self._prior = (prior or ResponsePrior.load()).within(space)
        self._rng = np.random.default_rng([seed, 1])
        self._memory = memory
        self._told: list[Evaluation] = []
        self._times: list[int] = []
        self._now = 0
        self._states = self._prior.draw(n, self._rng)  # latents, and the drift of clen in % per evaluation, if any
        if memory is not None:
            self._states = np.column_stack([self._states, _DRIFT * self._rng.standard_normal(n)])
        self.weights = np.full(n, 1 / n)
        self._columns = np.zeros((n, 0))  # log-likelihood of each evaluation
        self._weighed = np.zeros(n)  # tempered log-likelihood that the present set of particles was drawn by

    def ingest(self, evaluation: Evaluation) -> None:
        """Weigh the particles by one more evaluation; a setting told before is replaced: its patterns are the same."""
        for i, old in enumerate(self._told):
            if old.setting == evaluation.setting:
                del self._told[i], self._times[i]
                self._columns = np.delete(self._columns, i, axis=1)
                break
        self._told.append(evaluation)
        self._times.append(self._now)
        self._columns = np.column_stack([self._columns, self._likelihood(self._states, slice(-1, None))])
        self._now += 1
        total = self._columns @ self._ages()
        self._reweigh(total)
        if 1 / np.sum(self.weights**2) < _FEW * len(self.weights):
            self._renew(total)

    @property
    def latents(self) -> Array:
        """Latents as they are now, shape (n, len(LATENTS))."""
        latents = self._states[:, : len(LATENTS)].copy()
        if self._memory is not None:
            latents[:, 0] += self._states[:, -1] * self._now
        return latents

    def drawn(self, n: int, rng: np.random.Generator) -> Array:
        """Return n latent vectors drawn by weight, shape (n, len(LATENTS))."""
        return self.latents[self._systematic(n, rng)]

    @property
    def ages(self) -> Array:
        """Evaluations from each that was told until the next, shape (evaluation,)."""
        return self._now - np.array(self._times, dtype=np.float64)

    @property
    def drift(self) -> Array:
        """By how many metres the true camera length grows per evaluation, shape (n,); 0 without memory."""
        return np.zeros(len(self._states)) if self._memory is None else self._states[:, -1] / 100 * self.model.clen

    def predict(self, min_snr: Array, min_pix_count: Array, clen: Array, ages: Array | float = 0.0) -> Predicted:
        """Return what the particles predict for settings, each of shape (setting,), so many evaluations ago."""
        # A true clen that was shorter then is as if the setting had been longer.
        return self.model.predict(self.latents, min_snr, min_pix_count, clen + self.drift[:, None] * ages)

    def _systematic(self, n: int, rng: np.random.Generator) -> NDArray[np.intp]:
        places = (np.arange(n) + rng.random()) / n
        return np.minimum(np.searchsorted(np.cumsum(self.weights), places), len(self.weights) - 1)

    def _ages(self) -> Array:
        age = self._now - 1 - np.array(self._times)
        return np.ones(len(age)) if self._memory is None else np.exp(-age / self._memory)

    def _log_prior(self, states: Array) -> Array:
        density = self._prior.log_density(states[:, : len(LATENTS)])
        return density if self._memory is None else density - 0.5 * (states[:, -1] / _DRIFT) ** 2

    def _reweigh(self, total: Array) -> None:
        log_weights = total - self._weighed
        weights = np.exp(log_weights - log_weights.max())
        self.weights = weights / weights.sum()

    def _renew(self, total: Array) -> None:
        n, rng = len(self.weights), self._rng
        chosen = self._systematic(n, rng)
        mean = self.weights @ self._states
        off = self._states - mean
        spread = (off * self.weights[:, None]).T @ off + np.diag(1e-8 + 1e-4 * self._states.var(axis=0))
        root = np.linalg.cholesky(spread)
        states, columns, total = self._states[chosen], self._columns[chosen], total[chosen]
        prior, ages = self._log_prior(states), self._ages()
        for move in range(_MOVES):
            scale = 2.38 / np.sqrt(len(mean)) * (1.0, 0.35)[move % 2]
            proposed = states + scale * rng.standard_normal(states.shape) @ root.T
            new_columns = self._likelihood(proposed, slice(None))
            new_total, new_prior = new_columns @ ages, self._log_prior(proposed)
            taken = np.log(rng.random(n)) < new_total + new_prior - total - prior
            states[taken], columns[taken] = proposed[taken], new_columns[taken]
            total[taken], prior[taken] = new_total[taken], new_prior[taken]
        self._states, self._columns, self._weighed = states, columns, total
        self.weights = np.full(n, 1 / n)

    def _likelihood(self, states: Array, which: slice) -> Array:
        """Return log-likelihoods of what was told, shape (state, evaluation)."""
        evaluations = self._told[which]
        settings = [each.setting for each in evaluations]
        clen = np.array([each.clen for each in settings])
        if self._memory is not None:  # a true clen that was shorter then is as if the setting had been longer
            clen = clen - states[:, -1:] * np.array(self._times[which]) / 100 * self.model.clen
        predicted = self.model.predict(
            states[:, : len(LATENTS)],
            np.array([each.min_snr for each in settings]),
            np.array([each.min_pix_count for each in settings]),
            clen,
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
