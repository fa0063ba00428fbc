"""From measured spectra to what a network is fed: baseline, intensity, scale, and the noise of the data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from pulsetrain.options import OptionError
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Preparation", "is_signed", "noise_level", "spectra_values"]

Array = NDArray[np.float32]

# Asymmetric least squares as in the reference paper.
_SMOOTHNESS, _ASYMMETRY, _ROUNDS = 1e5, 0.002, 10
# Background subtraction leaves a little below zero; a reduced pair distribution function is half below.
_SIGNED_SHARE = 0.05


@dataclass(frozen=True)
class Preparation:
    """What is done to every spectrum, one at a time, before a network sees it.

    Attributes
    ----------
    baseline : bool
        Subtract an asymmetric-least-squares baseline.
    normalise : bool
        Divide by the spectrum's own mean.
    scale : float
        Divide by this; one number for all spectra.
    """

    baseline: bool
    normalise: bool
    scale: float = 1.0

    @classmethod
    def learn(cls, values: NDArray[np.float64], options: SpectraOptions) -> Preparation:
        """Choose what the options and the labelled spectra, (spectrum, channel), ask for.

        Raises
        ------
        OptionError
            If a baseline is asked for under signed data.
        """
        signed = is_signed(values)
        published = options.protocol == "published"
        if options.baseline and signed:
            raise OptionError("baseline: got True for signed data, which have no baseline below them; leave it off")
        baseline = published and not signed if options.baseline is None else options.baseline
        if published:
            return cls(baseline, normalise=False)
        unscaled = cls(baseline, options.normalise and not signed)
        return cls(unscaled.baseline, unscaled.normalise, float(unscaled(values).std()) or 1.0)

    def __call__(self, values: NDArray[np.float64]) -> Array:
        """Return prepared spectra, (spectrum, channel) float32."""
        if self.baseline:
            from pybaselines import Baseline  # loads numba

            fitter = Baseline()
            values = np.stack(
                [row - fitter.asls(row, lam=_SMOOTHNESS, p=_ASYMMETRY, max_iter=_ROUNDS, tol=0)[0] for row in values]
            )
        if self.normalise:
            mean = values.mean(axis=1, keepdims=True)
            values = values / np.where(mean > 0, mean, 1.0)
        return np.asarray(values / self.scale, dtype=np.float32)


def spectra_values(series: xr.DataArray) -> NDArray[np.float64]:
    """Return the intensities of a series, (spectrum, channel) float64.

    Raises
    ------
    ValueError
        If the dimensions are others or values are missing.
    """
    if set(series.dims) != {"spectrum", "channel"}:
        raise ValueError(
            f"series: got dimensions {tuple(map(str, series.dims))}, allowed ('spectrum', 'channel'); "
            "pulsetrain.open_spectra returns such a series"
        )
    values = np.asarray(series.transpose("spectrum", "channel").values, dtype=float)
    lost = np.flatnonzero(~np.isfinite(values).all(axis=1))
    if lost.size:
        raise ValueError(
            f"series: got {lost.size} spectra with missing or infinite values, the first is {lost[0]}; "
            "drop them or cut the axis where all are finite"
        )
    return values


def is_signed(values: NDArray[np.float64]) -> bool:
    """Return whether spectra swing below zero by nature, as G(r) does."""
    return bool(-values[values < 0].sum() > _SIGNED_SHARE * np.abs(values).sum())


def noise_level(values: Array) -> Array:
    """Return the standard deviation of the noise at each channel, (channel,).

    From second differences along the axis, in which peaks that are sampled finely vanish and noise does not; the
    median over the spectra, smoothed along the axis, because counts scatter more on a peak than beside it.
    """
    difference = values[:, 2:] - 2 * values[:, 1:-1] + values[:, :-2]
    # The second difference of white noise has √6 times its spread; 1.4826 takes a median deviation to a spread.
    spread = np.pad(np.median(np.abs(difference), axis=0) * 1.4826 / np.sqrt(6), 1, mode="edge")
    return np.asarray(uniform_filter1d(spread, min(51, len(spread)), mode="nearest"), dtype=np.float32)
