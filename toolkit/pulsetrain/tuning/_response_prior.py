"""What is usual among the latents of the response model, as fitted to tabulated responses of an engine."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from pulsetrain.tuning.response import LATENTS, Array
from pulsetrain.tuning.search import SearchSpace

__all__ = ["ResponsePrior"]

_FILE = Path(__file__).with_name("_response_prior.json")


@dataclass(frozen=True)
class ResponsePrior:
    """A normal distribution of the latents.

    Attributes
    ----------
    mean : numpy.ndarray, shape (len(LATENTS),)
    covariance : numpy.ndarray, shape (len(LATENTS), len(LATENTS))
    origin : str
        What it was fitted to.
    """

    mean: Array
    covariance: Array
    origin: str

    @classmethod
    @cache
    def load(cls) -> ResponsePrior:
        """Return the prior that ships with the package."""
        stored = json.loads(_FILE.read_text(encoding="utf-8"))
        if list(stored["mean"]) != list(LATENTS):
            raise ValueError(f"{_FILE.name}: got latents {', '.join(stored['mean'])}, need {', '.join(LATENTS)}")
        return cls(np.array(list(stored["mean"].values())), np.array(stored["covariance"]), stored["origin"])

    def save(self, path: Path = _FILE) -> None:
        """Write it as JSON."""
        mean = dict(zip(LATENTS, np.round(self.mean, 4).tolist(), strict=True))
        stored = {"origin": self.origin, "mean": mean, "covariance": np.round(self.covariance, 5).tolist()}
        path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")

    def within(self, space: SearchSpace) -> ResponsePrior:
        """Return the prior for a space: whoever searches a range of clen expects the true one inside of it."""
        mean, covariance = self.mean.copy(), self.covariance.copy()
        half = 50 * (space.clen[1] - space.clen[0]) / np.mean(space.clen)  # %
        mean[0], covariance[0], covariance[:, 0] = 0.0, 0.0, 0.0
        covariance[0, 0] = np.maximum(half / 2, 0.05) ** 2
        return ResponsePrior(mean, covariance, self.origin)

    def draw(self, n: int, rng: np.random.Generator, inflation: float = 1.0) -> Array:
        """Draw latents, shape (n, len(LATENTS)); `inflation` widens the distribution."""
        return rng.multivariate_normal(self.mean, inflation**2 * self.covariance, size=n, method="cholesky")

    def log_density(self, latents: Array) -> Array:
        """Return the logarithm of the density up to a constant, shape (n,)."""
        off = latents - self.mean
        density: Array = -0.5 * np.einsum("ni,ni->n", off, np.linalg.solve(self.covariance, off.T).T)
        return density
