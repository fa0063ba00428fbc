"""From a checked series to draws of its boundary: drift out, then a search from coarse to fine."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from pulsetrain.spectra._transition._align import align
from pulsetrain.spectra._transition._evidence import evidence, rows, without_switch
from pulsetrain.spectra._transition._input import Series
from pulsetrain.spectra._transition._places import Draws, draw_anywhere, draw_places
from pulsetrain.spectra._transition._scale import by_bystanders, by_total
from pulsetrain.spectra._transition._shapes import SHAPES, Shape

Floats = NDArray[np.float64]

# Widths and centres in spectra.
_COARSE_WIDTHS = np.array([1.0, 4.0, 12.0, 25.0, 45.0])  # for series up to the usual length; stretched for longer ones
_USUAL_LENGTH = 400
_WIDEST = 0.6  # of the gap: a wider change cannot be told from drift
_COARSE_CENTRES = 41
_MIDDLE_WIDTHS = np.array([0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.2])  # of the coarse width
_MIDDLE_CENTRES = 15
_FINE_WIDTHS = np.array([0.6, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.25, 1.6])  # of the middle width
_FINE_CENTRES = 61
_LEAST_WIDTH = 0.5
_REACH = 12.0  # either side of the coarse centre, at least: peaks may switch at different places
_SILENT = 5.0  # channels whose log evidence differs by less wherever the switch is are left out of the finer searches

# How often `draws_of` tells that it got on.
STEPS = 3 + len(_COARSE_WIDTHS) + len(SHAPES) * (len(_MIDDLE_WIDTHS) + len(_FINE_WIDTHS))


def draws_of(
    series: Series, *, channels: int, draws: int, rng: np.random.Generator, tell: Callable[[str], None]
) -> Draws:
    """Return draws from the posterior of the boundary; from the whole gap where nothing seems to switch.

    Parameters
    ----------
    series : Series
    channels : int
        The axis is binned to so many.
    draws : int
    rng : numpy.random.Generator
    tell : callable
        Called with a message, `STEPS` times at most.
    """
    first, last = series.last_before, series.first_after

    def search(aligned: Floats, shapes: tuple[Shape, ...], widths: Floats, centres: Floats) -> Floats:
        data = rows(aligned, series.progress, first, last)
        return evidence(data, shapes, widths, centres, lambda: tell("looking for the switch"))

    def around(reach: float, count: int) -> Floats:
        return np.linspace(max(first - 0.5, centre - reach), min(last + 0.5, centre + reach), count)

    spectra = series.intensity if series.signed else by_total(series.intensity)
    aligned = align(spectra, series.progress, (first + last) // 2, channels)
    aligned = aligned[:, np.ptp(aligned, axis=0) > 0]
    tell("drift followed")

    centres = np.linspace(first, last, _COARSE_CENTRES)
    widths = _coarse_widths(len(aligned), last - first)
    coarse = search(aligned, ("logistic",), widths, centres)
    _, w, c = _best(coarse)
    width, centre, spacing = float(widths[w]), float(centres[c]), float(centres[1] - centres[0])
    gain = np.sum(coarse[0, w, c] - without_switch(rows(aligned, series.progress, first, last)))
    telling = np.ptp(coarse, axis=(0, 1, 2)) > _SILENT
    # A change as wide as can be whose middle is at a label is drift of one phase, not a switch between two.
    drifting = w == len(widths) - 1 > 0 and c in (0, len(centres) - 1)
    if gain <= 0 or drifting or not telling.any():
        return draw_anywhere(len(aligned), first, last, draws=draws, rng=rng)
    if not series.signed:
        aligned = by_bystanders(aligned, centre, width)
    tell("scale")

    widths = _scaled(width, _MIDDLE_WIDTHS)
    middle = search(aligned[:, telling], SHAPES, widths, around(max(2 * spacing, 0.35 * width), _MIDDLE_CENTRES))
    centres = around(max(_REACH, 2 * spacing, 0.5 * width), _FINE_CENTRES)
    widths = _scaled(float(widths[_best(middle)[1]]), _FINE_WIDTHS)
    score = np.zeros((len(SHAPES), len(widths), len(centres), aligned.shape[1]))
    score[..., telling] = search(aligned[:, telling], SHAPES, widths, centres)
    found = draw_places(aligned, score, SHAPES, widths, centres, draws=draws, rng=rng)
    tell("places of the peaks")
    return found


def _coarse_widths(count: int, gap: int) -> Floats:
    widths = _COARSE_WIDTHS * max(1.0, count / _USUAL_LENGTH)
    return np.asarray(widths[widths < max(_WIDEST * gap, 1.5 * widths[0])])


def _scaled(width: float, factors: Floats) -> Floats:
    return np.unique(np.maximum(width * factors, _LEAST_WIDTH))


def _best(score: Floats) -> tuple[int, int, int]:
    """Return where the sum over channels is largest: shape, width, centre."""
    total = score.sum(axis=-1)
    shape, width, centre = np.unravel_index(np.argmax(total), total.shape)
    return int(shape), int(width), int(centre)
