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


def widened(draws: Draws, series: Series, rng: np.random.Generator) -> Floats:
    """Return draws of the boundary that are as far from the truth as their spread says, (draw,), spectra."""
    middle = np.median(draws.boundary)
    further = np.hypot(_FLOOR, np.hypot(_PER_WIDTH * draws.width, _PER_SCATTER * draws.scatter))
    wide = middle + _STRETCH * (draws.boundary - middle) + further * rng.normal(size=len(draws.boundary))
    return np.clip(wide, series.last_before, series.first_after)


def doubts(draws: Draws, interval: Floats, series: Series) -> list[str]:
    """Say in plain words why a result should be looked at again."""
    found = list(series.flags)
    gap = series.first_after - series.last_before
    middle = float(np.median(draws.boundary))
    if draws.width > 0.6 * gap or np.ptp(interval) > 0.5 * gap:
        found.append("no clear transition inside the gap: the change is as slow as the drift")
    if min(middle - series.last_before, series.first_after - middle) < max(1.0, 0.5 * draws.width):
        found.append("the boundary is at the gap's edge: a label may be on the wrong side")
    if draws.scatter > 3.0:
        found.append("peaks switch at different places, or the drift is not followed everywhere")
    if gap < 2:
        found.append("the gap holds no unlabelled spectrum: the labels alone decide")
    return found
