"""What the spectra control computes: in a thread, with no widget in reach."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.panels._task import part
from pulsetrain.progress import Progress
from pulsetrain.spectra import NETWORKS, SpectraOptions

if TYPE_CHECKING:
    from pulsetrain.spectra import ImportanceMethod, SpectraClassifier

__all__ = ["Outcome", "Row", "bottom_rows", "estimate_transition", "train", "train_row"]

Row = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """One trained network and what it says of the series.

    Attributes
    ----------
    classifier : SpectraClassifier
    result : xarray.Dataset
        Of ``classifier.predict``.
    importances : xarray.DataArray
        Of `pulsetrain.spectra.importance`.
    maps : xarray.Dataset or None
        Of `pulsetrain.spectra.attention`; empty for networks without attention.
    row : dict
        Of the table.
    """

    classifier: SpectraClassifier
    result: xr.Dataset
    importances: xr.DataArray | None
    maps: xr.Dataset | None
    row: Row = field(default_factory=dict)


def train(
    series: xr.DataArray,
    labels: NDArray[np.int64],
    options: SpectraOptions,
    progress: Progress,
    *,
    explain: bool = True,
) -> Outcome:
    """Train one network, classify the series and, where asked to, say what the decision rests on."""
    from pulsetrain.spectra import SpectraClassifier, attention, importance
    from pulsetrain.spectra.table import table_row

    start = time.perf_counter()
    classifier = SpectraClassifier(**dict(options)).fit(series, labels, part(progress, 0.0, 0.8))
    seconds = time.perf_counter() - start
    progress(80, 100, "Classifying the series")
    result = classifier.predict(series)
    row = table_row(result, labels, parameters=classifier.n_parameters, seconds=seconds)
    importances, maps = None, None
    if explain:
        progress(85, 100, "Finding what the decision rests on")
        methods: tuple[ImportanceMethod, ...] = ("integrated_gradients", "class_mean_difference")
        curves = [importance(classifier, series, method) for method in methods]
        importances = xr.concat(curves, xr.Variable("method", list(methods)))
        maps = attention(classifier, series)
    progress(100, 100, "Done")
    return Outcome(classifier, result, importances, maps, {"model": NETWORKS[options.network].title, **row})


def train_row(series: xr.DataArray, labels: NDArray[np.int64], options: SpectraOptions, progress: Progress) -> Row:
    """Train one network for its row of the table; one that the series is too short or too long for says so there."""
    try:
        return train(series, labels, options, progress, explain=False).row
    except (MemoryError, ValueError) as error:
        return {"model": NETWORKS[options.network].title, "note": f"refused: {error}"}


def estimate_transition(
    series: xr.DataArray, labels: NDArray[np.int64], progress: Progress
) -> tuple[xr.Dataset | None, Row]:
    """Estimate the boundary from the drift of both phases; returns the estimate and its row of the table.

    A series that the estimator refuses leaves a network's result as it is; the row says why.
    """
    from pulsetrain.spectra import TransitionEstimator
    from pulsetrain.spectra.table import table_row

    start = time.perf_counter()
    try:
        estimate = TransitionEstimator().estimate(series, labels, progress)
    except ValueError as error:
        return None, {"model": "transition", "note": f"refused: {error}"}
    row = table_row(estimate, labels, seconds=time.perf_counter() - start)
    return estimate, {"model": "transition", **row}


def bottom_rows(series: xr.DataArray, labels: NDArray[np.int64]) -> list[Row]:
    """Return the rows of what needs no network."""
    from pulsetrain.spectra.table import reference_rows

    return [{"model": name, **row} for name, row in reference_rows(series, labels).items()]
