"""Figures of an ordered series of spectra: the series, where it switches, and what carries the switch.

All take the results as `pulsetrain.spectra` gives them and return Bokeh models, but for `table`, which returns HTML,
and `static_summary`, which returns a matplotlib figure.
"""

from __future__ import annotations

from pulsetrain.figures.spectra._attention import attention
from pulsetrain.figures.spectra._axes import Scale
from pulsetrain.figures.spectra._curves import loss, posterior, probability
from pulsetrain.figures.spectra._importance import importance
from pulsetrain.figures.spectra._static import static_summary
from pulsetrain.figures.spectra._table import table
from pulsetrain.figures.spectra._waterfall import update_waterfall, waterfall

__all__ = [
    "Scale",
    "attention",
    "importance",
    "loss",
    "posterior",
    "probability",
    "static_summary",
    "table",
    "update_waterfall",
    "waterfall",
]
