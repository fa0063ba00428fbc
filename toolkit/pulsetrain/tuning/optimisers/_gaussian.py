"""A small Gaussian process over the cube of settings."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cho_solve, cholesky

from pulsetrain.tuning.response import Array

__all__ = ["GaussianProcess"]

# Along min-snr, min-pix-count and clen of the cube [−1, 1]³: how far rates resemble each other.
LENGTHS = np.array([0.3, 0.4, 0.3])


class GaussianProcess:
    """Zero-mean process with a squared-exponential kernel, conditioned on noisy values.

    C. E. Rasmussen & C. K. I. Williams, Gaussian Processes for Machine Learning (2006), equations 2.25 and 2.26.

    Parameters
    ----------
    places : numpy.ndarray, shape (n, 3)
    values : numpy.ndarray, shape (n,)
    noise : numpy.ndarray, shape (n,)
        Variances.
    amplitude : float
        Standard deviation of the process.
    """

    def __init__(self, places: Array, values: Array, noise: Array, amplitude: float = 0.2) -> None:
        self._places, self._amplitude = places, amplitude
        self._root = cholesky(self._kernel(places, places) + np.diag(noise + 1e-6), lower=True)
        self._solved = cho_solve((self._root, True), values)

    def mean(self, places: Array) -> Array:
        """Return the expected values at places of shape (m, 3)."""
        expected: Array = self._kernel(places, self._places) @ self._solved
        return expected

    def deviation(self, places: Array) -> Array:
        """Return the standard deviations at places of shape (m, 3)."""
        cross = self._kernel(places, self._places)
        explained = np.einsum("mn,nm->m", cross, cho_solve((self._root, True), cross.T))
        deviation: Array = np.sqrt(np.maximum(self._amplitude**2 - explained, 0.0))
        return deviation

    def _kernel(self, left: Array, right: Array) -> Array:
        apart = (left[:, None] - right[None]) / LENGTHS
        kernel: Array = self._amplitude**2 * np.exp(-0.5 * np.sum(apart**2, axis=-1))
        return kernel
