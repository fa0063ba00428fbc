"""Intervals that cover what they say, by pairs of a test sample (split conformal prediction, in bins)."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from pulsetrain.data import DataError

__all__ = ["Calibration"]

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]

_BINS = 16
_LEAST = 200  # pixels of a bin
_NARROWEST = 1e-3  # of what the network says
_WIDEST = 1e6


@dataclass(frozen=True)
class Calibration:
    """By how much standard deviations are stretched, in bins of the predicted intensity.

    In each bin ``image ± z · scale · std`` covers the share `level` of the pairs' pixels, z being the Gaussian's
    quantile, so that stretched standard deviations are read as Gaussian ones. That holds for other frames of
    the same kind on average (Vovk 2012; Angelopoulos et al., im2im-uq, ICML 2022), not for each of them, and the better
    the more frames there are: pixels of one frame go together.

    Attributes
    ----------
    edges : float64, shape (bin − 1,), photons
        Between the bins.
    scale : float64, shape (bin,)
    level : float
    """

    edges: Doubles
    scale: Doubles
    level: float

    @classmethod
    def of(
        cls,
        image: NDArray[np.floating],
        std: NDArray[np.floating],
        truth: NDArray[np.floating],
        level: float,
        *,
        counted: bool = False,
    ) -> Self:
        """Learn from pairs.

        Parameters
        ----------
        image, std, truth : one shape, photons
            Pixels where one of them is not finite count nowhere.
        level : float
        counted : bool
            Whether the truth is a measured frame, whose counting noise is no fault of the image.

        Raises
        ------
        DataError
            If too few pixels are known in both.
        """
        known = np.isfinite(image) & np.isfinite(std) & np.isfinite(truth) & (std > 0)
        predicted, spread, error = image[known], std[known], np.abs(truth - image)[known]
        bins = min(_BINS, len(predicted) // _LEAST)
        if bins < 1:
            raise DataError("truth", f"{len(predicted)} pixels known in both", f"{_LEAST} or more", "give more pairs")
        edges = np.unique(np.quantile(predicted.astype(float), np.arange(1, bins) / bins))
        of = np.searchsorted(edges, predicted)
        noise = predicted.clip(min=0) if counted else np.zeros_like(predicted)
        scale = np.ones(len(edges) + 1)
        for number in range(len(scale)):
            there = of == number
            if there.any():
                scale[number] = _stretch(error[there], spread[there], noise[there], level)
        return cls(edges, scale, level)

    def __call__(self, image: Floats) -> Floats:
        """Return the scale of each pixel of boosted images; the last bin's where nothing is known."""
        return np.asarray(self.scale[np.searchsorted(self.edges, image)], np.float32)


def _stretch(error: Floats, spread: Floats, noise: Floats, level: float) -> float:
    z = float(norm.ppf((1 + level) / 2))
    rank = min(math.ceil((len(error) + 1) * level), len(error)) - 1
    if not noise.any():
        return float(np.partition(error / (z * spread), rank)[rank])
    # Error² = z² (scale² spread² + noise) solved for the scale of each pixel.
    scale = np.sqrt((error.astype(float) ** 2 / z**2 - noise).clip(min=0)) / spread
    return float(np.clip(np.partition(scale, rank)[rank], _NARROWEST, _WIDEST))
