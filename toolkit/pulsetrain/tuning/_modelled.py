"""Experiments drawn from the response model, one or many at a time."""

from __future__ import annotations

import numpy as np

from pulsetrain.tuning._observation import Told
from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.response import Array, ResponseModel
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

__all__ = ["ModelledExperiment", "ModelledExperiments", "draw_experiment"]

_CLEN, _PATTERNS = 0.1, 200
_INFLATION = 1.3  # the agent is to meet more than is usual
_CRYSTAL_SHIFT = 0.4  # standard deviation of one crystal's cell shift, %


class ModelledExperiments:
    """Experiments of the response model side by side, with the noise of counting.

    Parameters
    ----------
    latents : numpy.ndarray, shape (experiment, len(LATENTS))
    rng : numpy.random.Generator
    """

    space = SearchSpace.around(_CLEN)

    def __init__(self, latents: Array, rng: np.random.Generator) -> None:
        self._latents, self._rng = latents, rng
        self._model = ResponseModel(_CLEN)
        # Users start from something sensible, not from anywhere: min-snr about 3.5 … 9, min-pix-count 1 … 4.
        self.starts = np.stack(
            [rng.uniform(-0.5, 0.5, len(latents)), rng.uniform(-1.0, 0.3, len(latents)), np.zeros(len(latents))],
            axis=-1,
        )

    @classmethod
    def draw(cls, n: int, rng: np.random.Generator) -> ModelledExperiments:
        """Draw n experiments, a little wider than the prior."""
        return cls(ResponsePrior.load().within(cls.space).draw(n, rng, _INFLATION), rng)

    def evaluate(self, places: Array) -> tuple[Told, Array]:
        """Evaluate one place of the cube in each experiment.

        Parameters
        ----------
        places : numpy.ndarray, shape (experiment, 3)

        Returns
        -------
        Told
            With one evaluation; its places are those of the rounded settings.
        numpy.ndarray, shape (experiment,)
            Peaks of the median hit.
        """
        settings = [self.space.from_cube(place) for place in places]
        rounded = np.array([self.space.to_cube(each) for each in settings])
        predicted = self._model.predict(
            self._latents,
            np.array([[each.min_snr] for each in settings]),
            np.array([[float(each.min_pix_count)] for each in settings]),
            np.array([[each.clen] for each in settings]),
        )
        n_indexed = self._rng.binomial(_PATTERNS, np.clip(predicted.rate[:, 0], 0, 1))
        n_hits = np.maximum(n_indexed, self._rng.binomial(_PATTERNS, np.clip(predicted.hits[:, 0], 0, 1)))
        log_peaks = np.where(n_hits > 0, predicted.log_peaks[:, 0], 0.0)
        spread = _CRYSTAL_SHIFT / np.sqrt(np.maximum(n_indexed, 1))
        shift = (predicted.shift[:, 0] + spread * self._rng.standard_normal(len(places))) / 100
        shift = np.where(n_indexed > 0, shift, np.nan)
        half = (self.space.clen[1] - self.space.clen[0]) / 2
        clen = np.array([each.clen for each in settings])
        columns = (rounded, n_indexed / _PATTERNS, n_hits / _PATTERNS, log_peaks, clen * shift / (1 + shift) / half)
        return Told(*(column[:, None] for column in columns)), shift


class ModelledExperiment:
    """One experiment of the response model.

    Parameters
    ----------
    latents : numpy.ndarray, shape (len(LATENTS),)
    rng : numpy.random.Generator
    """

    def __init__(self, latents: Array, rng: np.random.Generator) -> None:
        self._one = ModelledExperiments(latents[None], rng)
        self.space = self._one.space
        self.start = self.space.from_cube(self._one.starts[0])

    def evaluate(self, setting: Setting) -> Evaluation:
        """Return what the setting gives, with the noise of counting."""
        told, shift = self._one.evaluate(self.space.to_cube(setting)[None])
        return Evaluation(
            setting=setting,
            n_patterns=_PATTERNS,
            n_hits=round(told.hits[0, 0] * _PATTERNS),
            n_indexed=round(told.rate[0, 0] * _PATTERNS),
            peaks_per_pattern=float(np.expm1(told.log_peaks[0, 0])),
            cell_shift=float(shift[0]),
            residual=float("nan"),
            seconds=0.0,
        )


def draw_experiment(rng: np.random.Generator) -> ModelledExperiment:
    """Draw an experiment, a little wider than the prior."""
    return ModelledExperiment(ResponsePrior.load().within(ModelledExperiments.space).draw(1, rng, _INFLATION)[0], rng)
