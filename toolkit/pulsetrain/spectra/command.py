"""``pulsetrain spectra PATH -o OUT``: from a series on disk to a folder of results."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import open_spectra
from pulsetrain.data.output import refuse_existing, whole_folder
from pulsetrain.progress import Progress
from pulsetrain.spectra._importance import importance
from pulsetrain.spectra.catalogue import NETWORKS
from pulsetrain.spectra.classifier import SpectraClassifier
from pulsetrain.spectra.labels import parse_labels
from pulsetrain.spectra.options import SpectraOptions
from pulsetrain.spectra.ordering import order_at, order_name
from pulsetrain.spectra.table import reference_rows, table_row
from pulsetrain.spectra.transition import TransitionEstimator

__all__ = ["run"]


def run(
    path: str,
    options: SpectraOptions,
    output: Path,
    *,
    source: str | None = None,
    key: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Classify a series on disk and estimate its transition.

    Parameters
    ----------
    path : str
        What `pulsetrain.open_spectra` reads.
    options : SpectraOptions
        ``options.labels`` says which spectra are labelled.
    output : pathlib.Path
        A new folder: ``result.nc`` (classification, importance), ``transition.nc``, ``table.csv`` and ``model/``, which
        `SpectraClassifier.load` reads. It appears whole or not at all.
    source, key : str, optional
        Of a European XFEL run; `key` also names a dataset of a HDF5 file.
    progress : callable, optional
        Told ``(step, steps, message, loss=…)``; may raise `pulsetrain.progress.Cancelled`.

    Returns
    -------
    str
        The boundaries, in spectra and in the ordering variable where there is one, and what is doubtful, one line
        ``note: …`` each; to be printed.

    Raises
    ------
    FileExistsError
        If the output exists.
    """
    output = Path(output)
    refuse_existing(output)
    series = open_spectra(path, source=source, key=key).load()
    labels = parse_labels(options.labels, series)
    classifier = SpectraClassifier(**dict(options)).fit(series, labels, progress)
    result = classifier.predict(series)
    result["importance"] = importance(classifier, series)
    result["labels"] = ("spectrum", labels)
    estimate = TransitionEstimator().estimate(series, labels)

    rows = {"network": result, "transition": estimate}
    table = _table(series, labels, rows)
    with whole_folder(output) as draft:
        result.to_netcdf(draft / "result.nc", engine="h5netcdf")
        estimate.to_netcdf(draft / "transition.nc", engine="h5netcdf")
        table.to_csv(draft / "table.csv")
        classifier.save(draft / "model")
    shown = f"{_summary(series, result)}\n{table.to_string(na_rep='–', float_format='{:.2f}'.format)}\n\n{output}"
    notes = [f"note: {name}: {flag}" for name, found in rows.items() for flag in found.attrs["flags"].splitlines()]
    return "\n".join([shown, *notes])


def _table(series: xr.DataArray, labels: NDArray[np.int64], found: dict[str, xr.Dataset]) -> pd.DataFrame:
    rows = {name: table_row(each, labels) for name, each in found.items()} | reference_rows(series, labels)
    columns = ["boundary", "low", "high", "p_conf", "from_middle"]
    table = pd.DataFrame.from_dict(rows, orient="index", columns=columns).rename_axis("model")
    if name := order_name(series):
        table.insert(3, f"at {name}", order_at(series, table["boundary"]))
    return table


def _summary(series: xr.DataArray, result: xr.Dataset) -> str:
    n, channels = series.sizes["spectrum"], series.sizes["channel"]
    known = result["labels"].to_numpy()
    counts = f"{(known == 0).sum()} labelled 0, {(known == 1).sum()} labelled 1"
    title = NETWORKS[SpectraOptions.model_validate_json(result.attrs["options"]).network].title
    return f"{n} spectra of {channels} points, {counts}; network: {title}; boundaries in spectra, from 0"
