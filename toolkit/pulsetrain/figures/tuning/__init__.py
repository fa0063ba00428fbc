"""Figures of a search for the best indexing rate: what was tried, how it went, and what the crystals say.

All take the results as `pulsetrain.tuning` gives them and return Bokeh models, but for `table` and `key_html`, which
return HTML, and `static_summary` and `frame`, which return matplotlib figures.
"""

from __future__ import annotations

from pulsetrain.figures.tuning._cells import cells, orientations, shift
from pulsetrain.figures.tuning._frame import FOUND, PREDICTED, frame, peak_pixels, spot_pixels
from pulsetrain.figures.tuning._points import Evaluations
from pulsetrain.figures.tuning._progress import progress, update_progress
from pulsetrain.figures.tuning._rates import key_html, rates, update_rates
from pulsetrain.figures.tuning._static import static_summary
from pulsetrain.figures.tuning._table import table

__all__ = [
    "FOUND",
    "PREDICTED",
    "Evaluations",
    "cells",
    "frame",
    "key_html",
    "orientations",
    "peak_pixels",
    "progress",
    "rates",
    "shift",
    "spot_pixels",
    "static_summary",
    "table",
    "update_progress",
    "update_rates",
]
