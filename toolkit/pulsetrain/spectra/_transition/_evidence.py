"""Score every possible switch: how well is each channel explained by smooth curves and one switch there.

A channel is modelled as g(t) + (f(t) − ½)·d(t) + noise, f the share of the new phase, g and d smooth: Gaussian
processes with a squared-exponential kernel, written as linear regression on the kernel's leading eigenvectors.
Their coefficients and the size of the noise are integrated out in closed form, stiffness and signal-to-noise ratio by a
sum over a few values, each channel for itself. So a channel whose drift the model does not follow says little, and no
threshold is needed to keep it from spoiling the rest.
(C. Rasmussen & C. Williams, Gaussian Processes for Machine Learning, MIT Press 2006, chapters 2.7 and 5.4.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pulsetrain.spectra._transition._shapes import Shape, share

Floats = NDArray[np.float64]

_STIFFNESSES = (0.2, 0.5)  # length scales of g and d, in lengths of the series
_STRENGTHS = (1e1, 1e3, 1e5)  # prior variances of g and d, in units of the noise variance
_OFFSET = 3.0  # prior standard deviation of a channel's mean, in units of g's
_NEGLIGIBLE = 1e-4  # eigenvalues of the kernel below this share of the largest are left out
_ROWS_OUTSIDE = 4  # spectra averaged into one row where the labels leave no doubt


@dataclass(frozen=True)
class Rows:
    """A series in rows: single spectra in the gap, means of several outside, every channel in units of its noise."""

    values: Floats  # (row, channel)
    index: Floats  # (row,), spectra
    progress: Floats  # (row,), 0 to 1
    count: Floats  # (row,), spectra in the row


def rows(aligned: Floats, progress: Floats, last_before: int, first_after: int) -> Rows:
    """Bring an aligned series, no channel of which is constant, into the form that `evidence` takes."""
    total = len(aligned)
    step = 1 if total < 100 else _ROWS_OUTSIDE
    gap = np.arange(last_before, first_after + 1)
    start = np.unique(np.concatenate([np.arange(0, last_before, step), gap, np.arange(first_after + 1, total, step)]))
    count = np.diff(np.append(start, total)).astype(float)
    mean = [np.add.reduceat(x, start, axis=0) for x in (aligned, np.arange(total, dtype=float), progress)]
    values, index, place = (m / (count[:, None] if m.ndim == 2 else count) for m in mean)
    values = values - np.average(values, axis=0, weights=count)
    noise = np.sqrt(np.median(np.diff(values, axis=0) ** 2, axis=0) / (2 * 0.4549))  # median of χ²₁: 0.4549
    noise = np.maximum(noise, 1e-3 * np.std(values, axis=0))
    return Rows(values / noise, index, place, count)


def evidence(
    data: Rows,
    shapes: tuple[Shape, ...],
    widths: Floats,
    centres: Floats,
    tick: Callable[[], None] = lambda: None,
) -> Floats:
    """Return the log evidence of every switch in every channel, up to a constant of the channel.

    Parameters
    ----------
    data : Rows
    shapes : tuple of str
    widths : numpy.ndarray, (width,), spectra
    centres : numpy.ndarray, (centre,), spectra
    tick : callable
        Called once for each shape and width.

    Returns
    -------
    numpy.ndarray, (shape, width, centre, channel)
    """
    score = np.full((len(shapes), len(widths), len(centres), data.values.shape[1]), -np.inf)
    root = np.sqrt(data.count)[:, None]
    values = data.values * root
    smooth = [basis(data.progress, stiffness) for stiffness in _STIFFNESSES]
    for a, shape in enumerate(shapes):
        for b, width in enumerate(widths):
            needed = _needed(centres, float(width))
            for c in needed:
                contrast = share(shape, (data.index - centres[c]) / width)[:, None] - 0.5
                for g in smooth:
                    design = np.concatenate([g, contrast * g], axis=1) * root
                    np.logaddexp(score[a, b, c], log_evidence(design, values), out=score[a, b, c])
            if len(needed) < len(centres):
                score[a, b] = CubicSpline(centres[needed], score[a, b, needed])(centres)
            tick()
    return score


def without_switch(data: Rows) -> Floats:
    """Return the log evidence that nothing switches, on the same footing as `evidence`, (channel,)."""
    root = np.sqrt(data.count)[:, None]
    smooth = [basis(data.progress, stiffness) * root for stiffness in _STIFFNESSES]
    return np.asarray(np.logaddexp.reduce([log_evidence(g, data.values * root) for g in smooth]))


def _needed(centres: Floats, width: float) -> NDArray[np.intp]:
    """Return which centres to compute; splines do the rest, since evidence changes slowly over a part of the width."""
    stride = int(np.clip(width / 8 / (centres[1] - centres[0]), 1, 3))
    return np.unique(np.append(np.arange(0, len(centres), stride), len(centres) - 1))


def log_evidence(design: Floats, values: Floats) -> Floats:
    """Return the log evidence of linear regression with Gaussian coefficients, noise integrated out, (channel,).

    The values are N(0, s²(1 + λ Φ Φᵀ)) with Jeffreys' prior on s and a sum over λ; constants are left out.

    Parameters
    ----------
    design : numpy.ndarray, (row, coefficient)
        Φ.
    values : numpy.ndarray, (row, channel)
    """
    squares, vectors = np.linalg.eigh(design.T @ design)
    kept = squares > 1e-9 * squares[-1]
    squares = squares[kept]
    projected = ((vectors[:, kept] / np.sqrt(squares)).T @ (design.T @ values)) ** 2
    length = np.sum(values**2, axis=0)
    found = np.full(values.shape[1], -np.inf)
    for strength in _STRENGTHS:
        rest = length - (strength * squares / (1 + strength * squares)) @ projected
        rest = np.maximum(rest, 1e-12 * length)
        found = np.logaddexp(found, -0.5 * np.log1p(strength * squares).sum() - 0.5 * len(values) * np.log(rest))
    return found


def basis(progress: Floats, stiffness: float) -> Floats:
    """Return the leading part of a smooth Gaussian process and a constant, (row, function)."""
    kernel = np.exp(-0.5 * ((progress[:, None] - progress) / stiffness) ** 2)
    values, vectors = np.linalg.eigh(kernel)
    kept = values > _NEGLIGIBLE * values[-1]
    constant = np.full((len(progress), 1), _OFFSET)
    return np.concatenate([constant, vectors[:, kept] * np.sqrt(values[kept])], axis=1)
