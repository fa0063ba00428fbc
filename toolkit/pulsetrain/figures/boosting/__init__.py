"""Figures of boosted images: how the training went, what it gained, and how far it is to be trusted.

All take arrays in photons, results as `pulsetrain.boosting.Booster.predict` gives them, or histories, and return Bokeh
models, but for `conditions` and `quality_table`, which return HTML, `quality`, a pandas.DataFrame,
`correlation_curves`, arrays, and `strips` and `static_summary`, matplotlib figures.
"""

from __future__ import annotations

from pulsetrain.figures.boosting._conditions import Finding, conditions
from pulsetrain.figures.boosting._correlation import correlation, correlation_curves
from pulsetrain.figures.boosting._coverage import coverage
from pulsetrain.figures.boosting._power import power_spectra
from pulsetrain.figures.boosting._quality import quality, quality_table
from pulsetrain.figures.boosting._residuals import residuals
from pulsetrain.figures.boosting._static import static_summary
from pulsetrain.figures.boosting._strips import Strips, strips
from pulsetrain.figures.boosting._training import Losses, training, update_training
from pulsetrain.figures.boosting._trust import error_by_std, sparsification

__all__ = [
    "Finding",
    "Losses",
    "Strips",
    "conditions",
    "correlation",
    "correlation_curves",
    "coverage",
    "error_by_std",
    "power_spectra",
    "quality",
    "quality_table",
    "residuals",
    "sparsification",
    "static_summary",
    "strips",
    "training",
    "update_training",
]
