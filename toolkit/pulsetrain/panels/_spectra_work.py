"""What the spectra control computes: in a thread, with no widget in reach."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.progress import Progress
from pulsetrain.spectra import NETWORKS, SpectraOptions, gap_middle

if TYPE_CHECKING:
    from pulsetrain.spectra import SpectraClassifier
    from pulsetrain.spectra._importance import ImportanceMethod

__all__ = ["Outcome", "Row", "estimate_transition", "part", "reference_rows", "train", "train_row"]

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

    start = time.perf_counter()
    classifier = SpectraClassifier(**dict(options)).fit(series, labels, part(progress, 0.0, 0.8))
    seconds = time.perf_counter() - start
    progress(80, 100, "Classifying the series")
    result = classifier.predict(series)
    row = _row(NETWORKS[options.network].title, result, labels, seconds, parameters=classifier.n_parameters)
    importances, maps = None, None
    if explain:
        progress(85, 100, "Finding what the decision rests on")
        methods: tuple[ImportanceMethod, ...] = ("integrated_gradients", "class_mean_difference")
        curves = [importance(classifier, series, method) for method in methods]
        importances = xr.concat(curves, xr.Variable("method", list(methods)))
        maps = attention(classifier, series)
    progress(100, 100, "Done")
    return Outcome(classifier, result, importances, maps, row)


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

    start = time.perf_counter()
    try:
        estimate = TransitionEstimator().estimate(series, labels, progress)
    except ValueError as error:
        return None, {"model": "transition", "note": f"refused: {error}"}
    seconds = time.perf_counter() - start
    flags = estimate.attrs.get("flags", [])
    note = flags if isinstance(flags, str) else "; ".join(flags)
    return estimate, _row("transition", estimate, labels, seconds, note=note)


def reference_rows(series: xr.DataArray, labels: NDArray[np.int64]) -> list[Row]:
    """Return the rows of what needs no network."""
    from pulsetrain.spectra import references

    found = references(series, labels)
    each = [found.isel(reference=k) for k in range(found.sizes["reference"])]
    return [_row(str(row["reference"].item()), row, labels) for row in each]


def _row(model: str, found: xr.Dataset, labels: NDArray[np.int64], seconds: float = np.nan, **values: Any) -> Row:
    """Return a row with the columns of `pulsetrain.spectra.compare`."""
    boundary = float(found["boundary"])
    low, high = (float(end) for end in found["boundary_interval"]) if "boundary_interval" in found else (np.nan, np.nan)
    return {
        "model": model,
        "boundary": boundary,
        "low": low,
        "high": high,
        "p_conf": float(found["p_conf"]) if "p_conf" in found else np.nan,
        "from_middle": boundary - gap_middle(labels),
        "seconds": seconds,
        **values,
    }


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress callable for a piece of work that is a part, from one share to another, of the whole."""

    def told(done: int, total: int, message: str = "", /, **values: float) -> None:
        share = start + (end - start) * done / max(total, 1)
        progress(round(1000 * share), 1000, message, **values)

    return told
