"""Fit of the response model to tabulated experiments: what is usual among its latents."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.optimize import least_squares

from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.experiments import TabulatedExperiment
from pulsetrain.tuning.response import Array, ResponseModel

__all__ = ["BROAD", "fit_latents", "fit_prior"]

# Broad bounds of sense, mean and standard deviation; they decide where a table is silent.
BROAD = {
    "clen_offset": (0.0, 1.5),
    "log_window": (np.log(3.5), 0.4),
    "log_hot": (np.log(20.0), 1.5),
    "log_peaks": (np.log(30.0), 0.6),
    "log_snr_fall": (np.log(6.0), 0.5),
    "log_pix_fall": (np.log(4.0), 0.5),
    "log_noise": (np.log(100.0), 1.5),
    "log_noise_snr_fall": (np.log(2.2), 0.4),
    "log_noise_pix_fall": (np.log(2.7), 0.3),
    "crystals": (0.3, 0.8),
    "log_spread": (np.log(0.6), 0.4),
    "log_needed": (np.log(12.0), 0.3),
    "log_purity": (np.log(4.0), 0.7),
}
_MEAN, _DEVIATION = (np.array(values) for values in zip(*BROAD.values(), strict=True))
_RATE, _HITS, _PEAKS, _SHIFT = 0.1, 0.12, 0.25, 0.2  # of arcsin √share, of ln(1 + peaks), of the shift in %
_WORTH = 5  # tables that the broad bounds are worth


def fit_latents(table: TabulatedExperiment) -> tuple[Array, Array]:
    """Fit one experiment by least squares.

    Returns
    -------
    latents : numpy.ndarray, shape (len(LATENTS),)
    residual : numpy.ndarray, shape (snr, pixels, clen)
        Of arcsin √rate.
    """
    model = ResponseModel(float(np.mean(table.clen[[0, -1]])), min_peaks=table.about["min_peaks"])
    snr, pixels = (each.ravel() for each in np.meshgrid(table.min_snr, table.min_pix_count, indexing="ij"))
    hit = table.n_peaks >= table.about["min_peaks"]
    peaks = np.array(
        [
            np.median(n[h]) if h.any() else 0.0
            for n, h in zip(*(each.reshape(len(snr), -1) for each in (table.n_peaks, hit)), strict=True)
        ]
    )
    hits, has_hits = np.arcsin(np.sqrt(hit.mean(axis=-1).ravel())), peaks > 0
    arc, weight = np.arcsin(np.sqrt(table.rate)), 1 / np.sqrt(len(table.clen))
    shift, counted = 100 * table.cell_shift, table.indexed.sum(axis=-1)
    known = np.isfinite(shift) & (counted >= 3)

    def rates(latents: Array) -> tuple[Array, Array, Array, Array]:
        rate, hit_rate, log_peaks = model.peaks(latents[None], snr, pixels)
        window, off = model.window(latents[None], table.clen)
        return rate.reshape(*arc.shape[:2], 1) * window, hit_rate[0], log_peaks[0], off[0]

    def residuals(latents: Array) -> Array:
        rate, hit_rate, log_peaks, off = rates(latents)
        parts = (
            weight * (np.arcsin(np.sqrt(np.clip(rate, 0, 1))) - arc).ravel() / _RATE,
            (np.arcsin(np.sqrt(np.clip(hit_rate, 0, 1))) - hits) / _HITS,
            np.where(has_hits, (log_peaks - np.log1p(peaks)) / _PEAKS, 0.0),
            weight * (np.broadcast_to(off, shift.shape) - shift)[known] / _SHIFT / 3,
            (latents - _MEAN) / _DEVIATION,
        )
        return np.concatenate(parts)

    found: Array = least_squares(residuals, _MEAN, max_nfev=60).x
    return found, np.arcsin(np.sqrt(np.clip(rates(found)[0], 0, 1))) - arc


def fit_prior(tables: Sequence[TabulatedExperiment]) -> ResponsePrior:
    """Fit each table, and a normal distribution to what was found, drawn a little to the broad bounds."""
    found = np.array([fit_latents(table)[0] for table in tables])
    n = len(found)
    mean = (found.sum(axis=0) + _WORTH * _MEAN) / (n + _WORTH)
    off = found - mean
    covariance = (off.T @ off + _WORTH * np.diag(_DEVIATION**2)) / (n + _WORTH)
    families = ", ".join(sorted({table.family for table in tables}))
    engine = tables[0].about["engine"]
    return ResponsePrior(mean, covariance, f"{engine} {tables[0].about['version']}: {n} development tables, {families}")
