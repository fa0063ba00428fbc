"""The table of the reference paper, for any series: one row a model, what needs no network at the bottom."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.progress import Progress
from pulsetrain.spectra.catalogue import NETWORKS, NetworkName
from pulsetrain.spectra.classifier import SpectraClassifier
from pulsetrain.spectra.labels import labels_of
from pulsetrain.spectra.options import SpectraOptions
from pulsetrain.spectra.table import Row, reference_rows, table_row
from pulsetrain.spectra.transition import TransitionEstimator

__all__ = ["compare"]

_COLUMNS = ("parameters", "boundary", "low", "high", "p_conf", "seconds", "from_middle", "error", "note")


def compare(
    series: xr.DataArray,
    labels: ArrayLike | Mapping[int, int] | str | None = None,
    networks: Iterable[NetworkName] = tuple(NETWORKS),
    *,
    truth: float | None = None,
    progress: Progress | None = None,
    **options: Any,
) -> pd.DataFrame:
    """Train networks on one series and set them beside each other and beside what needs no network.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    labels : array of int, shape (spectrum,), mapping or str, optional
        −1 unlabelled, 0, 1; else read from the option ``labels``.
    networks : iterable of str
        By default all.
    truth : float, spectra, optional
        The true boundary, where it is known.
    progress : callable, optional
        Told ``(models done, models, message, …)``; may raise `pulsetrain.progress.Cancelled`.
    **options
        Fields of `SpectraOptions` but the network: ``protocol``, ``members``, ``seed``…

    Returns
    -------
    pandas.DataFrame, index model
        ``parameters``; ``boundary`` with its 90 % interval ``low`` … ``high``, spectra; ``p_conf``; ``seconds`` of the
        training; ``from_middle``, the boundary less the middle of the unlabelled gap, spectra; ``error``, the distance
        from the truth, if given; ``note``, why a model was refused or what an estimate warns of. Without a network:
        NaN parameters.
    """
    base = SpectraOptions(**options)
    known = labels_of(base.labels if labels is None else labels, series)
    names = list(networks)
    models = len(names) + 2
    rows: dict[str, Row] = {}
    for done, name in enumerate(names):
        report = _within(progress, done, models)
        rows[NETWORKS[name].title] = _network_row(series, known, base.replace(network=name), report)
    if progress is not None:
        progress(models - 2, models, "transition")
    rows["transition"] = _transition_row(series, known)
    rows |= reference_rows(series, known)
    if progress is not None:
        progress(models, models, "references")
    return _table(rows, truth)


def _within(progress: Progress | None, done: int, models: int) -> Progress:
    """Return a progress that tells the steps of one model as a message among the models."""

    def report(step: int, steps: int, message: str = "", /, **values: float) -> None:
        if progress is not None:
            progress(done, models, f"{message} {step}/{steps}", **values)

    return report


def _network_row(series: xr.DataArray, labels: NDArray[np.int64], options: SpectraOptions, progress: Progress) -> Row:
    recipe = NETWORKS[options.network]
    classifier = SpectraClassifier(**dict(options))
    start = time.perf_counter()
    try:
        classifier.fit(series, labels, progress)
    except (MemoryError, ValueError) as error:
        return {"parameters": recipe.published_parameters, "note": f"refused: {error}"}
    seconds = time.perf_counter() - start
    return table_row(classifier.predict(series), labels, parameters=classifier.n_parameters, seconds=seconds)


def _transition_row(series: xr.DataArray, labels: NDArray[np.int64]) -> Row:
    start = time.perf_counter()
    estimate = TransitionEstimator().estimate(series, labels)
    return table_row(estimate, labels, seconds=time.perf_counter() - start)


def _table(rows: dict[str, Row], truth: float | None) -> pd.DataFrame:
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(_COLUMNS)).rename_axis("model")
    table["note"] = table["note"].fillna("")
    if truth is None:
        return table.drop(columns="error")
    table["error"] = (table["boundary"] - truth).abs()
    return table
