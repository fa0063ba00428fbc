"""From draws to an interval that holds what it says, and to words about what is doubtful."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.spectra._transition._input import Series
from pulsetrain.spectra._transition._places import Draws

Floats = NDArray[np.float64]

# How far the truth lies from the median of the draws, beyond what their spread says: Student's t with 5 degrees of
# freedom, its scale put together from the four below. First by maximum likelihood on 240 series of
# `simulate.spectra_families.DEVELOPMENT`, numbers 0 … 59 of each kind (0.034, 0.44, 0.0020, 0.13); that covered 87 % of
# them. Then raised until the 90 % interval covered 93 %, a little more than it says, since a series in a user's hands
# is less like those 240 than they are like each other.
_FLOOR = 0.043  # spectra
_STRETCH = 0.5  # of the draws about their median: the tempering of the evidence makes them too wide
_PER_WIDTH = 0.0025  # of the width
_PER_SCATTER = 0.17  # of τ: the weights of peaks that switch at different places are not well known
_FREEDOM = 5
_REPEATS = 20  # so that quantiles of few draws are steady

_SHORT = 100  # spectra; those of the series used here have 180 to 350
_SCATTERED = 1.5  # spectra; τ of series whose peaks switch together stays below


def widened(draws: Draws, series: Series, rng: np.random.Generator) -> Floats:
    """Return draws of the boundary whose spread is that of the error, (draw,), spectra."""
    if not draws.clear:
        return draws.boundary
    middle = np.median(draws.boundary)
    spread = np.repeat(draws.boundary - middle, _REPEATS)
    scale = np.sqrt(_FLOOR**2 + (_PER_WIDTH * draws.width) ** 2 + (_PER_SCATTER * draws.scatter) ** 2)
    wide = middle + _STRETCH * spread + scale * rng.standard_t(_FREEDOM, len(spread))
    return np.asarray(np.clip(wide, series.last_before, series.first_after))


def doubts(draws: Draws, interval: Floats, series: Series) -> list[str]:
    """Say in plain words why a result should be looked at again."""
    found = list(series.flags)
    gap = series.first_after - series.last_before
    if gap < 2:
        found.append("the gap holds no unlabelled spectrum: the labels alone decide")
        return found
    if not draws.clear:
        found.append("no clear transition inside the gap: what changes there, changes no faster than the drift")
        return found
    if len(series.intensity) < _SHORT:
        found.append(f"fewer than {_SHORT} spectra: the interval was calibrated on longer series and may be too narrow")
    middle = float(np.median(draws.boundary))
    if np.ptp(interval) > 0.5 * gap:
        found.append("the boundary is hardly better known than by the labels alone")
    if min(middle - series.last_before, series.first_after - middle) < max(1.0, 0.5 * draws.width):
        found.append("the boundary is at the gap's edge: a label may be on the wrong side")
    if draws.scatter > _SCATTERED:
        found.append("peaks switch at different places, or the drift is not followed everywhere")
    return found
