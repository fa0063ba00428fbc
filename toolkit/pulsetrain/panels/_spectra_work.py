"""What the spectra control computes: in a thread, with no widget in reach."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.options import Progress
from pulsetrain.spectra import NETWORKS, SpectraOptions

if TYPE_CHECKING:
    from pulsetrain.spectra import SpectraClassifier

__all__ = ["Outcome", "Row", "estimate_transition", "part", "reference_rows", "train"]

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
        Of `pulsetrain.spectra.attention`; None for networks without attention.
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
    row = {
        "model": NETWORKS[options.network].title,
        "parameters": classifier.n_parameters,
        "P_conf": float(result["p_conf"]),
        "boundary": float(result["boundary"]),
        "90 % interval": tuple(float(end) for end in result["boundary_interval"]),
        "time (s)": seconds,
    }
    importances, maps = None, None
    if explain:
        progress(85, 100, "Finding what the decision rests on")
        importances = importance(classifier, series)
        if options.network in ("conv_sc", "conv_sct", "transformer"):
            maps = attention(classifier, series)
    progress(100, 100, "Done")
    return Outcome(classifier, result, importances, maps, row)


def estimate_transition(series: xr.DataArray, labels: NDArray[np.int64], progress: Progress) -> tuple[xr.Dataset, Row]:
    """Estimate the boundary from the drift of both phases; returns the estimate and its row of the table."""
    from pulsetrain.spectra import TransitionEstimator

    start = time.perf_counter()
    estimate = TransitionEstimator().estimate(series, labels, progress)
    row = {
        "model": "transition estimator",
        "boundary": float(estimate["boundary"]),
        "90 % interval": tuple(float(end) for end in estimate["boundary_interval"]),
        "time (s)": time.perf_counter() - start,
    }
    return estimate, row


def reference_rows(series: xr.DataArray, labels: NDArray[np.int64]) -> list[Row]:
    """Return the rows of what needs no network."""
    from pulsetrain.spectra import references

    found = references(series, labels)
    return [
        {"model": str(name), "P_conf": float(found["p_conf"][k]), "boundary": float(found["boundary"][k])}
        for k, name in enumerate(found["reference"].to_numpy())
    ]


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress callable for a piece of work that is a part, from one share to another, of the whole."""

    def told(done: int, total: int, message: str = "", /, **values: float) -> None:
        share = start + (end - start) * done / max(total, 1)
        progress(round(1000 * share), 1000, message, **values)

    return told
