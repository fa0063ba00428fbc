"""From draws to an interval that holds what it says, and to words about what is doubtful."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.spectra._transition._input import Series
from pulsetrain.spectra._transition._places import Draws

Floats = NDArray[np.float64]

_STRETCH = 1.0  # of the draws about their median
_FLOOR = 0.05  # spectra
_PER_WIDTH = 0.01  # of the width
_PER_SCATTER = 0.2  # of τ

_SCATTERED = 1.5  # spectra; τ of series whose peaks switch together stays below


def widened(draws: Draws, series: Series, rng: np.random.Generator) -> Floats:
    """Return draws of the boundary that are as far from the truth as their spread says, (draw,), spectra."""
    if not draws.clear:
        return draws.boundary
    middle = np.median(draws.boundary)
    further = np.hypot(_FLOOR, np.hypot(_PER_WIDTH * draws.width, _PER_SCATTER * draws.scatter))
    wide = middle + _STRETCH * (draws.boundary - middle) + further * rng.normal(size=len(draws.boundary))
    return np.clip(wide, series.last_before, series.first_after)


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
    middle = float(np.median(draws.boundary))
    if np.ptp(interval) > 0.5 * gap:
        found.append("the boundary is hardly better known than by the labels alone")
    if min(middle - series.last_before, series.first_after - middle) < max(1.0, 0.5 * draws.width):
        found.append("the boundary is at the gap's edge: a label may be on the wrong side")
    if draws.scatter > _SCATTERED:
        found.append("peaks switch at different places, or the drift is not followed everywhere")
    return found
