"""Scores as they are drawn: near zero linear, far from it logarithmic."""

from __future__ import annotations

from typing import Any

import numpy as np
from bokeh.models import FixedTicker
from numpy.typing import NDArray

__all__ = ["LABELS", "decades", "drawn", "score_axis", "score_label"]

LABELS = {
    "hit_score": "hit score z (σ of empty frames)",
    "fringe_score": "fringe score T (mean of the noise)",
    "fringe_visibility": "fringe visibility",
    "photons": "photons beyond the background",
    "lit_pixels": "lit pixels (share)",
    "ring_contrast": "ring contrast",
    "confidence": "confidence",
}

_LINEAR = {"hit_score": 4.0, "fringe_score": 2.0, "photons": 30.0}  # scores that go over decades; linear up to here


def score_label(name: str) -> str:
    """Return what an axis says of a score, with its unit."""
    return LABELS.get(name, name.replace("_", " "))


def decades(name: str) -> bool:
    """Return whether a score goes over decades."""
    return name in _LINEAR


def drawn(name: str, values: Any) -> NDArray[np.float64]:
    """Return where values of a score are drawn."""
    given = np.asarray(values, dtype=np.float64)
    return np.asarray(np.arcsinh(given / _LINEAR[name])) if name in _LINEAR else given


def score_axis(axis: Any, name: str, values: NDArray[np.floating]) -> None:
    """Give a Bokeh axis of drawn values the ticks of the score itself."""
    if name not in _LINEAR:
        return
    places = ticks(values)
    at = drawn(name, places)
    axis.ticker = FixedTicker(ticks=at.tolist())
    axis.major_label_overrides = {float(x): f"{place:g}" for x, place in zip(at, places, strict=True)}


def ticks(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return round values over all decades that there are."""
    finite = np.asarray(values, dtype=float)[np.isfinite(values)]
    most = float(np.abs(finite).max(initial=10.0))
    up = 10.0 ** np.arange(1, np.ceil(np.log10(most)) + 1)
    fine = np.sort(np.concatenate([[0.0], up, 3 * up])) if len(up) < 4 else np.concatenate([[0.0], up])
    down = -up[up <= -3 * finite.min(initial=0.0)]
    return np.asarray(np.concatenate([down[::-1], fine]))
