"""What intervals are worth, where the truth is known."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, spearmanr

__all__ = ["Intervals", "judge_intervals"]

Floats = NDArray[np.float64]
Images = NDArray[np.floating]

_STEPS = 20  # of the sparsification curve


class Intervals(NamedTuple):
    """How intervals and standard deviations hold against the truth.

    Attributes
    ----------
    coverage : float
        Share of the pixels whose truth lies in image ± z std, z the Gaussian's quantile of the level.
    by_predicted, by_true : float, shape (4,)
        The same by quartile of the predicted and of the true intensity; NaN where equal intensities leave one empty.
    width : float, photons
        Mean width of the intervals.
    spearman : float
        Rank correlation of |error| and std; NaN where one of them is the same everywhere.
    attainable : float
        The same of Gaussian errors that have exactly these standard deviations: small where these differ little.
    sparsification, oracle : float, shape (20,)
        RMS error, relative to all pixels', once 0, 5 … 95 % of the pixels with the largest std (or error) are left out.
    ause : float
        Area between these two curves.
    """

    coverage: float
    by_predicted: Floats
    by_true: Floats
    width: float
    spearman: float
    attainable: float
    sparsification: Floats
    oracle: Floats
    ause: float


def judge_intervals(image: Images, std: Images, truth: Images, level: float = 0.9) -> Intervals:
    """Hold intervals against the truth.

    Parameters
    ----------
    image, std, truth : one shape, photons
        Pixels where one of them is not finite count nowhere.
    level : float
        Share of the truth that the intervals shall cover.
    """
    live = np.isfinite(image) & np.isfinite(std) & np.isfinite(truth)
    predicted, sigma, true = (np.asarray(each[live], dtype=float) for each in (image, std, truth))
    error, z = np.abs(predicted - true), float(norm.ppf((1 + level) / 2))
    inside = error <= z * sigma
    by_std, by_error = _sparsified(error, sigma), _sparsified(error, error)
    return Intervals(
        coverage=float(inside.mean()),
        by_predicted=_by_quartile(inside, predicted),
        by_true=_by_quartile(inside, true),
        width=float(2 * z * sigma.mean()),
        spearman=_ranked(error, sigma),
        attainable=_ranked(sigma * np.abs(np.random.default_rng(0).standard_normal(len(sigma))), sigma),
        sparsification=by_std,
        oracle=by_error,
        ause=float(np.mean(by_std - by_error)),
    )


def _ranked(error: Floats, sigma: Floats) -> float:
    return float(spearmanr(error, sigma).statistic) if np.ptp(sigma) and np.ptp(error) else float("nan")


def _by_quartile(inside: NDArray[np.bool_], values: Floats) -> Floats:
    quarter = np.searchsorted(np.quantile(values, (0.25, 0.5, 0.75)), values)
    covered, pixels = np.bincount(quarter, inside, 4), np.bincount(quarter, minlength=4)
    return np.asarray(np.divide(covered, pixels, out=np.full(4, np.nan), where=pixels > 0))


def _sparsified(error: Floats, by: Floats) -> Floats:
    """Return the RMS error of what is left when the first by `by` go, relative to that of all."""
    ordered = np.cumsum(error[np.argsort(by, kind="stable")] ** 2)
    left = np.rint(len(error) * (1 - np.arange(_STEPS) / _STEPS)).astype(int).clip(1)
    rms = np.sqrt(ordered[left - 1] / left)
    return np.asarray(rms / max(rms[0], np.finfo(float).tiny))
