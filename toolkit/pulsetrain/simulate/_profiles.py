"""Shapes that the series simulator is made of: peaks along the axis, drift and transition along the series."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

Floats = NDArray[np.float64]
Transition = Literal["logistic", "normal", "linear", "nucleation", "mirrored_nucleation"]


def peak_profile(shape: Literal["gaussian", "pseudo_voigt"], offset: Floats, fwhm: Floats) -> Floats:
    """Return a peak of unit height; the pseudo-Voigt is half Gaussian, half Lorentzian."""
    gaussian = np.exp(-4 * np.log(2) * (offset / fwhm) ** 2)
    if shape == "gaussian":
        return np.asarray(gaussian)
    return np.asarray(0.5 * gaussian + 0.5 / (1 + 4 * (offset / fwhm) ** 2))


def drift(form: Literal["polynomial", "saturating", "wave"], progress: Floats, rng: np.random.Generator) -> Floats:
    """Return a smooth curve that starts at 0 and ends near 1, with a random bend."""
    if form == "polynomial":
        bend = rng.uniform(-0.6, 0.6)
        return np.asarray((1 - bend) * progress + bend * progress**2)
    if form == "saturating":
        rate = rng.uniform(0.5, 3.0)
        return np.asarray((1 - np.exp(-rate * progress)) / (1 - np.exp(-rate)))
    swing = rng.uniform(-0.15, 0.15)
    return np.asarray(progress + swing * np.sin(2 * np.pi * progress * rng.uniform(0.7, 1.5)))


def transition_fraction(form: Transition, distance: Floats, width: float) -> Floats:
    """Return the share of the new phase at a signed distance from the boundary.

    Parameters
    ----------
    form
        ``"nucleation"`` is Avrami's law, 1 − exp(−ln 2·(t/t½)²), slow to end and abrupt to start; mirrored, the
        other way round.
    distance : numpy.ndarray, spectra
        From the place where the share is ½.
    width : float, spectra
        From 10 % to 90 %.
    """
    z = distance / width
    if form == "logistic":
        return np.asarray(0.5 * (1 + np.tanh(np.log(9) * z)))
    if form == "normal":
        return np.asarray(ndtr(2 * ndtri(0.9) * z))
    if form == "linear":
        return np.clip(0.5 + 0.8 * z, 0.0, 1.0)
    if form == "mirrored_nucleation":
        return 1 - transition_fraction("nucleation", -distance, width)
    times = np.sqrt(-np.log1p(-np.array([0.1, 0.5, 0.9])) / np.log(2))  # in units of the half time
    elapsed = np.maximum(z * (times[2] - times[0]) + 1, 0.0)
    return np.asarray(1 - np.exp(-np.log(2) * elapsed**2))
