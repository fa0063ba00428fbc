"""A model of how hits and indexed patterns respond to min-snr, min-pix-count and clen.

Patterns hold a crystal or none; crystals differ in brightness. A crystal's real peaks become fewer as min-snr and
min-pix-count rise; false peaks of noise become fewer faster, and those of hot pixels only as min-pix-count rises. A
crystal is indexed where it keeps enough real peaks, where these are not drowned by false ones, and where the camera
length is near enough to the true one for the cell to be accepted.
What differs from experiment to experiment are the latents below; `ResponsePrior` holds what is usual among them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, ndtri

__all__ = ["LATENTS", "Predicted", "ResponseModel"]

Array = NDArray[np.float64]

# Name → what it says; all are free of bounds, so that a normal distribution can hold them.
LATENTS = {
    "clen_offset": "camera length at which the cells come out right, over the middle of the space − 1, in %",
    "log_window": "ln of the half width of the range of clen that indexes, in %",
    "log_hot": "ln of the hot pixels per pattern",
    "log_peaks": "ln of the real peaks of the median crystal at min-snr 5, min-pix-count 2",
    "log_snr_fall": "ln of the rise of min-snr that costs a factor e of the real peaks",
    "log_pix_fall": "ln of the rise of min-pix-count that costs a factor e of the real peaks",
    "log_noise": "ln of the false peaks of noise at min-snr 3, min-pix-count 2",
    "log_noise_snr_fall": "ln of how fast ln(false peaks) falls with min-snr",
    "log_noise_pix_fall": "ln of how fast ln(false peaks) falls with ln(min-pix-count)",
    "crystals": "log-odds of the share of patterns that hold an indexable crystal",
    "log_spread": "ln of the spread of ln(brightness) among crystals",
    "log_needed": "ln of the real peaks at which half of the crystals are indexed",
    "log_purity": "ln of the hot pixels per real peak at which half of the crystals are lost",
}

_NODES = ndtri((np.arange(7) + 0.5) / 7)  # equal shares of a normal distribution
_SOFT_COUNT, _SOFT_PURITY = 0.25, 0.45  # of the two steps, in ln
_WINDOW_ORDER = 8
_HOT_FALL = 4.0  # of ln(hot pixels) with min-pix-count: they stand alone
_FULL = np.log(2e4)  # a detector has room for so many peaks
_WEAK = np.log(0.1)  # noise drowns less than hot pixels do: the strongest peaks are searched first


@dataclass(frozen=True)
class Predicted:
    """What latents make of settings; every array has shape (latent vector, setting).

    Attributes
    ----------
    rate, hits : share of all patterns
    log_peaks : ln(1 + peaks of the median hit)
    shift : mean relative change of the indexed cells, %
    """

    rate: Array
    hits: Array
    log_peaks: Array
    shift: Array


class ResponseModel:
    """Predict evaluations from latents, many vectors at once.

    Parameters
    ----------
    clen : float, metres
        Middle of the space; `clen_offset` is relative to it.
    min_peaks : int
        Fewest peaks of a hit.
    """

    def __init__(self, clen: float, min_peaks: int = 15) -> None:
        self.clen = clen
        self.min_peaks = min_peaks

    def predict(self, latents: Array, min_snr: Array, min_pix_count: Array, clen: Array) -> Predicted:
        """Predict settings of shape (setting,), or (latent vector, setting) where each vector has its own.

        Parameters
        ----------
        latents : numpy.ndarray, shape (latent vector, len(LATENTS))
        min_snr, min_pix_count : numpy.ndarray
        clen : numpy.ndarray, metres
        """
        indexed, hits, log_peaks = self.peaks(latents, min_snr, min_pix_count)
        window, shift = self.window(latents, clen)
        return Predicted(indexed * window, hits, log_peaks, shift)

    def peaks(self, latents: Array, min_snr: Array, min_pix_count: Array) -> tuple[Array, Array, Array]:
        """Return rate at the true clen, hits and ln(1 + peaks), each of shape (latent vector, setting)."""
        _, _, hot, peaks, snr_fall, pix_fall, noise, noise_snr, noise_pix, crystals, spread, needed, purity = latents.T[
            :, :, None
        ]
        min_snr, min_pix_count = np.atleast_2d(min_snr), np.atleast_2d(min_pix_count)
        extra = min_pix_count - 2
        real = peaks - (min_snr - 5) / np.exp(snr_fall) - extra / np.exp(pix_fall)
        log_hot = hot - _HOT_FALL * (extra + 1)
        log_noise = noise - np.exp(noise_snr) * (min_snr - 3) - np.exp(noise_pix) * np.log(min_pix_count / 2)
        log_noise = np.minimum(log_noise, _FULL)
        log_false = np.logaddexp(log_hot, log_noise)
        drowning = np.logaddexp(log_hot, log_noise + _WEAK)[..., None]
        real = real[..., None] + np.exp(spread)[..., None] * _NODES  # (latent vector, setting, brightness)
        total = np.logaddexp(real, log_false[..., None])
        least = np.log(self.min_peaks)
        hit = expit((total - least) / _SOFT_COUNT)
        kept = expit((real - needed[..., None]) / _SOFT_COUNT)
        pure = expit((purity[..., None] - drowning + real) / _SOFT_PURITY)
        share = expit(crystals)
        blank = expit((log_false - least) / _SOFT_COUNT)
        hits = share * hit.mean(axis=-1) + (1 - share) * blank
        median = (total * hit).sum(axis=-1) / np.maximum(hit.sum(axis=-1), 1e-9)
        return share * (hit * kept * pure).mean(axis=-1), hits, np.logaddexp(0.0, median)

    def window(self, latents: Array, clen: Array) -> tuple[Array, Array]:
        """Return the factor on the rate and the cells' shift in %, each of shape (latent vector, setting)."""
        true, half_width = latents.T[:2, :, None]
        off = 100 * (np.atleast_2d(clen) / self.clen - 1) - true
        return np.exp2(-(np.abs(off / np.exp(half_width)) ** _WINDOW_ORDER)), off
