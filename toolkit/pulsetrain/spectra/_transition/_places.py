"""Every part of the axis may switch at a place of its own; the boundary is where half of the change has happened.

Random effects, as in a meta-analysis: part k switches at c + δ_k with δ_k ~ N(0, τ²). Given shape, width and τ, a
part's evidence for c is its evidence for its own place blurred by τ; parts multiply; shape, width and τ are summed
over. Places are then drawn from the joint posterior, and each draw gives a boundary: where the mean of the parts'
shares, weighted by how much intensity changes in each, crosses ½.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from pulsetrain.spectra._transition._scale import local_step
from pulsetrain.spectra._transition._shapes import Shape, share

Floats = NDArray[np.float64]

_PARTS = 100
_SCATTERS = (0.02, 0.3, 1.0, 2.0, 4.0, 8.0)  # τ, spectra
_FINER = 5  # grid of centres, refined by splines
# Channels of one part err together, since what remains of the drift is common to them: their evidence counts for less.
_TEMPER = 0.1
_WEIGHT_DOUBT = 0.3  # logarithmic standard error of a part's weight
_NOISE_FLOOR = 1.5  # standard errors that a change must exceed to have weight
_HOPELESS = 25.0  # forms that are so much less likely (in log) are left out early


@dataclass(frozen=True)
class Draws:
    """Draws from the posterior.

    Attributes
    ----------
    boundary : numpy.ndarray, (draw,), spectra
    fraction : numpy.ndarray, (draw, spectrum)
    width : float, spectra
        From 10 % to 90 %, posterior mean.
    scatter : float, spectra
        τ, posterior mean.
    clear : bool
        Whether there is a switch at all.
    """

    boundary: Floats
    fraction: Floats
    width: float
    scatter: float
    clear: bool = True


def draw_anywhere(count: int, first: int, last: int, *, draws: int, rng: np.random.Generator) -> Draws:
    """Return what the labels alone say: a switch somewhere between the last of the one and the first of the other."""
    boundary = rng.uniform(first, last, draws)
    fraction = (np.arange(count) > boundary[:, None]).astype(float)
    return Draws(boundary, fraction, width=float(last - first), scatter=0.0, clear=False)


def draw_places(
    aligned: Floats,
    score: Floats,
    shapes: tuple[Shape, ...],
    widths: Floats,
    centres: Floats,
    *,
    draws: int,
    rng: np.random.Generator,
) -> Draws:
    """Combine the channels' evidence.

    Parameters
    ----------
    aligned : numpy.ndarray, (spectrum, channel)
    score : numpy.ndarray, (shape, width, centre, channel)
        Log evidence.
    shapes, widths, centres
        As given to `evidence`.
    draws : int
    rng : numpy.random.Generator
    """
    channels = score.shape[-1]
    start = np.unique(np.arange(_PARTS) * channels // _PARTS)
    score = np.add.reduceat(score, start, axis=-1).reshape(-1, len(centres), len(start)) * _TEMPER  # (form, centre, …)
    forms = [(shape, float(width)) for shape in shapes for width in widths]
    likely = score.max(axis=1).sum(axis=1)
    kept = np.flatnonzero(likely > likely.max() - _HOPELESS)
    fine = np.linspace(centres[0], centres[-1], _FINER * (len(centres) - 1) + 1)
    score = CubicSpline(centres, score[kept], axis=1)(fine)  # (form, place, part)
    top = score.max(axis=1, keepdims=True)
    likelihood = np.exp(score - top)

    blur = [np.exp(-0.5 * ((fine[:, None] - fine) / tau) ** 2) for tau in _SCATTERS]
    blur = [b / b.sum(axis=1, keepdims=True) for b in blur]
    joint = np.stack([(np.log(b @ likelihood + 1e-300) + top).sum(axis=2) for b in blur])  # (τ, form, centre)
    probability = np.exp(joint - joint.max())
    probability /= probability.sum()

    best = np.unravel_index(np.argmax(probability), probability.shape)
    weight = _weights(aligned, start, fine[np.argmax(likelihood[best[1]], axis=0)], *forms[kept[best[1]]])
    picked = np.stack(np.unravel_index(rng.choice(probability.size, draws, p=probability.ravel()), probability.shape))
    weight, likelihood = weight[weight > 0], likelihood[:, :, weight > 0]
    index = np.arange(len(aligned), dtype=float)
    fractions = np.empty((draws, len(index)))
    boundaries = np.empty(draws)
    near = np.linspace(centres[0] - 10, centres[-1] + 10, 481)
    for n, (tau, form, centre) in enumerate(picked.T):
        reach = np.cumsum(blur[tau][centre][:, None] * likelihood[form], axis=0)
        own = fine[np.argmax(reach >= rng.random(len(weight)) * reach[-1], axis=0)]
        shape, width = forms[kept[form]]
        drawn = weight * np.exp(_WEIGHT_DOUBT * rng.normal(size=len(weight)))
        drawn /= drawn.sum()
        boundaries[n] = np.interp(0.5, share(shape, (near[:, None] - own) / width) @ drawn, near)
        fractions[n] = share(shape, (index[:, None] - own) / width) @ drawn
    return Draws(
        boundary=boundaries,
        fraction=fractions,
        width=float(probability.sum(axis=(0, 2)) @ [forms[k][1] for k in kept]),
        scatter=float(probability.sum(axis=(1, 2)) @ _SCATTERS),
    )


def _weights(aligned: Floats, start: NDArray[np.intp], places: Floats, shape: Shape, width: float) -> Floats:
    """Return the share of the changing intensity in each part, measured at the part's own place."""
    ends = np.append(start[1:], aligned.shape[1])
    change = np.empty(len(start))
    for k, (first, last, place) in enumerate(zip(start, ends, places, strict=True)):
        _, step, error = local_step(aligned[:, first:last], place, width, shape)
        change[k] = np.maximum(np.abs(step) - _NOISE_FLOOR * error, 0.0).sum()
    if change.sum() <= 0:
        return np.full(len(start), 1 / len(start))
    return np.asarray(change / change.sum())
