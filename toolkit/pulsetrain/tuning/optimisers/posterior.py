"""Expected improvement under the posterior of a response model's latents."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pulsetrain.tuning._particles import Particles
from pulsetrain.tuning.optimisers._history import History
from pulsetrain.tuning.response import Array
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["PosteriorOptimiser"]

_N_SNR, _N_CLEN, _MOST_PIXELS = 13, 17, 8
_DRAWN = 200  # particles that judge candidates
_DOUBT_ONLINE = 0.25
_IN_THE_DARK = 3  # evaluations without a single indexed pattern
OFF_MODEL = 0.1  # standard deviation of rates about the response model, where nothing has been evaluated
_NEAR = (0.12, 0.12, 0.1)  # settings this near in the cube are hardly different


@dataclass(frozen=True)
class Candidates:
    """A grid of settings and what each particle expects of it.

    Attributes
    ----------
    min_snr : numpy.ndarray, shape (snr,)
    min_pix_count : numpy.ndarray, shape (pixels,)
    clen : numpy.ndarray, shape (clen,), metres
    latents : numpy.ndarray, shape (particle, len(LATENTS))
        Drawn by weight.
    rates : numpy.ndarray, shape (particle, snr, pixels, clen)
    """

    min_snr: Array
    min_pix_count: Array
    clen: Array
    latents: Array
    rates: Array

    def setting(self, index: int) -> Setting:
        """Return the setting of a flat index into (snr, pixels, clen)."""
        i, j, k = np.unravel_index(index, self.rates.shape[1:])
        return Setting(float(self.min_snr[i]), int(self.min_pix_count[j]), float(self.clen[k]))


class PosteriorOptimiser(History):
    """Learns the latents of `pulsetrain.tuning.response` from rate, hits, peaks and cell shift; goes where most is won.

    Expected improvement: J. Mockus (1978); D. R. Jones et al., J. Global Optim. 13 (1998) 455. Here it is the mean over
    particles of what a setting wins over the present best under the same particle.

    Parameters
    ----------
    space, start, seed, n_patterns
        As of `History`.
    memory : float, optional
        Evaluations after which an old one counts a factor e less, for experiments that drift.
    """

    def __init__(
        self,
        space: SearchSpace,
        start: Setting,
        *,
        seed: int = 0,
        n_patterns: int = 200,
        memory: float | None = None,
    ) -> None:
        super().__init__(space, start, seed=seed, n_patterns=n_patterns)
        self.memory = memory
        self.particles = Particles(space, seed=seed, memory=memory)
        self._now_believed: tuple[Array, Array] | None = None

    def ingest(self, evaluation: Evaluation) -> None:
        """Weigh the particles by what the setting gave."""
        super().ingest(evaluation)
        self.particles.ingest(evaluation)
        self._now_believed = None

    def expected(self) -> Array:
        """Return the posterior mean of the rate at each evaluated setting, drawn to what was counted there."""
        mean, variance = self._believed()
        noise = self.noise()
        variance = variance + OFF_MODEL**2
        share = variance / (variance + noise)
        return mean + share * (self.rates() - mean)

    def _believed(self) -> tuple[Array, Array]:
        """Return mean and variance over the particles of the rates at the evaluated settings."""
        if self._now_believed is not None:
            return self._now_believed
        rates = self._predicted()
        mean = self.particles.weights @ rates
        self._now_believed = mean, self.particles.weights @ (rates - mean) ** 2
        return self._now_believed

    def _predicted(self, ages: Array | float = 0.0) -> Array:
        """Return each particle's rates at the evaluated settings, so many evaluations ago."""
        settings = [each.setting for each in self.evaluations]
        return self.particles.predict(
            np.array([each.min_snr for each in settings]),
            np.array([each.min_pix_count for each in settings]),
            np.array([each.clen for each in settings]),
            ages,
        ).rate

    def _propose(self, rng: np.random.Generator) -> Setting:
        candidates = self._candidates(rng)
        if self.memory is not None:
            return self._online(candidates, candidates.rates.mean(axis=0), candidates.rates.std(axis=0))
        best = self.evaluations[int(np.argmax(self._believed()[0]))].setting
        incumbent = self.particles.model.predict(candidates.latents, *_columns(best)).rate[:, :, None, None]
        return self._best_untried(candidates, np.maximum(candidates.rates - incumbent, 0.0).mean(axis=0))

    def _online(self, candidates: Candidates, mean: Array, doubt: Array) -> Setting:
        """Return the setting of a drifting experiment: patterns are lost by every poor one, so doubt weighs less."""
        return candidates.setting(int(np.argmax(mean + _DOUBT_ONLINE * doubt)))

    def _candidates(self, rng: np.random.Generator) -> Candidates:
        """Return a grid, shifted a little at random so that it is not always the same."""
        snr = np.clip(np.linspace(-1, 1, _N_SNR) + rng.uniform(-1, 1) / _N_SNR, -1, 1)
        clen = np.clip(np.linspace(-1, 1, _N_CLEN) + rng.uniform(-1, 1) / _N_CLEN, -1, 1)
        places = [self.space.from_cube(np.array([s, 0.0, 0.0])) for s in snr]
        min_snr = np.array([each.min_snr for each in places])
        lengths = np.array([self.space.from_cube(np.array([0.0, 0.0, c])).clen for c in clen])
        low, high = self.space.min_pix_count
        pixels = np.unique(
            np.rint(np.geomspace(low, high, _MOST_PIXELS)) if high - low >= _MOST_PIXELS else np.arange(low, high + 1)
        )
        grid = np.meshgrid(min_snr, pixels, indexing="ij")
        latents = self.particles.drawn(_DRAWN, rng)
        peaks, _, _ = self.particles.model.peaks(latents, grid[0].ravel(), grid[1].ravel())
        window, _ = self.particles.model.window(latents, lengths)
        rates = peaks.reshape(-1, *grid[0].shape)[..., None] * window[:, None, None, :]
        return Candidates(min_snr, pixels, lengths, latents, rates)

    def _best_untried(self, candidates: Candidates, gain: Array) -> Setting:
        """Return the setting of highest gain; where an evaluated one is near, less is new."""
        places = self._places(candidates)
        apart = np.linalg.norm((places[..., None, :] - self.places()) / _NEAR, axis=-1).min(axis=-1)
        worth = (gain + 1e-9) * -np.expm1(-0.5 * apart**2)
        if len(self.evaluations) >= _IN_THE_DARK and not self.rates().any():
            # A window of camera lengths so narrow that all of these missed it is unlike the model: halve the gaps.
            tried = np.array([each.setting.clen for each in self.evaluations])
            gaps = np.abs(candidates.clen[:, None] - tried).min(axis=1)
            worth = np.where(gaps == gaps.max(), worth, -1.0)
        return candidates.setting(int(np.argmax(worth)))

    def _places(self, candidates: Candidates) -> Array:
        """Return the candidates' places in the cube, shape (snr, pixels, clen, 3)."""
        grid = np.meshgrid(candidates.min_snr, candidates.min_pix_count, candidates.clen, indexing="ij")
        return np.stack([self._axis(values, axis) for axis, values in enumerate(grid)], axis=-1)

    def _axis(self, values: Array, axis: int) -> Array:
        ends = (np.log(self.space.min_snr), np.log(self.space.min_pix_count), np.array(self.space.clen))[axis]
        half = (ends[1] - ends[0]) / 2 if ends[1] > ends[0] else 1.0
        place: Array = ((values if axis == 2 else np.log(values)) - ends.mean()) / half
        return place


def _columns(setting: Setting) -> tuple[Array, Array, Array]:
    return np.array([setting.min_snr]), np.array([float(setting.min_pix_count)]), np.array([setting.clen])
