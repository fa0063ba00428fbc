"""From a result back to the frames: the chosen patterns of an input, and tables of them that others read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pulsetrain._shared_files import write_text
from pulsetrain.clustering._reading import KEYS, read_selected
from pulsetrain.clustering.results import HITS
from pulsetrain.data import DataError
from pulsetrain.data._hdf5 import open_hdf5
from pulsetrain.data._inputs import PathLike, expanded
from pulsetrain.options import OptionError

__all__ = ["chosen_pulses", "read_pulses", "read_selected", "select", "write_pulses"]

_HDF5, _ALLOWED = (".h5", ".hdf5"), "a name that ends in .csv, .h5 or .hdf5"


def chosen_pulses(
    result: xr.Dataset,
    *,
    hit: str | Sequence[str] | None = "single",
    min_confidence: float = 0.0,
    cluster: int | Sequence[int] | None = None,
) -> pd.DataFrame:
    """List the chosen patterns.

    Parameters
    ----------
    result : xarray.Dataset
        As `FrameClusterer.predict` returns it, or ``xarray.open_zarr`` of what ``pulsetrain clustering`` wrote.
    hit : str or sequence of str, optional
        Of ``none``, ``single``, ``multiple``, ``unsure``; None: any.
    min_confidence : float
        Least probability of the likeliest kind.
    cluster : int or sequence of int, optional
        None: any.

    Returns
    -------
    pandas.DataFrame
        ``trainId`` and ``pulseId`` where they are known, ``hit``, ``confidence`` and ``cluster``; the index, called
        ``pattern``, counts the input's patterns from 0.

    Raises
    ------
    OptionError
        For a hit or a confidence that there is none of.

    Examples
    --------
    >>> found = xr.Dataset({"hit": ("pattern", ["none", "single"]), "confidence": ("pattern", [0.9, 0.95]),
    ...                     "cluster": ("pattern", [0, 1])}, {"trainId": ("pattern", [10, 10])})
    >>> chosen_pulses(found).to_dict("index")
    {1: {'trainId': 10, 'hit': 'single', 'confidence': 0.95, 'cluster': 1}}
    """
    hits = [hit] if isinstance(hit, str) else hit
    for name in hits or ():
        if name not in HITS:
            raise OptionError(f"hit: got {name!r}, allowed {', '.join(HITS)}")
    if not 0 <= min_confidence <= 1:
        raise OptionError(f"min_confidence: got {min_confidence!r}, allowed 0 … 1")
    names = np.asarray(result["hit"], dtype="U8")
    confidence = result["confidence"].to_numpy()
    # Frames that are not assigned yet have no hit, and confidence NaN.
    chosen = (names != "") & ((min_confidence == 0) | (confidence >= min_confidence))
    if hits is not None:
        chosen &= np.isin(names, list(hits))
    clusters = result["cluster"].to_numpy()
    if cluster is not None:
        chosen &= np.isin(clusters, cluster)
    index = np.flatnonzero(chosen)
    keys = {name: result[name].to_numpy()[index] for name in KEYS if name in result.coords}
    columns = {**keys, "hit": names[index], "confidence": confidence[index], "cluster": clusters[index]}
    return pd.DataFrame(columns, index=pd.Index(index, name="pattern"))


def select(
    frames: xr.DataArray,
    result: xr.Dataset,
    *,
    hit: str | Sequence[str] | None = "single",
    min_confidence: float = 0.0,
    cluster: int | Sequence[int] | None = None,
) -> xr.DataArray:
    """Return the chosen patterns of frames, lazily.

    Parameters
    ----------
    frames : xarray.DataArray, dims (pattern, …)
        Those that were assigned, or some of the same run: where both have them, ``trainId`` and ``pulseId`` say which
        pattern is which.
    result, hit, min_confidence, cluster
        As for `chosen_pulses`.

    Returns
    -------
    xarray.DataArray, dims (pattern, …)

    Raises
    ------
    OptionError
        As `chosen_pulses` does.
    DataError
        Where the result is of other frames.

    Examples
    --------
    >>> single = select(frames, xr.open_zarr("out.zarr"), min_confidence=0.95)                    # doctest: +SKIP
    """
    table = chosen_pulses(result, hit=hit, min_confidence=min_confidence, cluster=cluster)
    keys = [name for name in KEYS if name in frames.coords and name in result.coords]
    if not keys:
        if frames.sizes["pattern"] != result.sizes["pattern"]:
            got = f"{frames.sizes['pattern']} frames for a result of {result.sizes['pattern']}"
            raise DataError("select", got, "the frames that were assigned", "open the same input")
        return frames.isel(pattern=table.index.to_numpy())
    own = _keys_of(frames, keys)
    if not own.isin(_keys_of(result, keys)).any():
        first = ", ".join(f"{name} {value}" for name, value in zip(keys, np.atleast_1d(own[0]), strict=True))
        raise DataError("select", f"frames that are not in the result ({first} …)", "those assigned", "open that run")
    return frames.isel(pattern=np.flatnonzero(own.isin(_index(table, keys))))


def write_pulses(table: pd.DataFrame, path: PathLike) -> Path:
    """Write a table of `chosen_pulses` as CSV or, by the file's ending, HDF5: one dataset a column.

    Raises
    ------
    DataError
        For another ending.
    FileExistsError
        If the file exists.
    """
    file = expanded(path)
    if file.suffix.lower() not in (".csv", *_HDF5):
        raise DataError(file, f"the ending {file.suffix!r}", _ALLOWED, "name the file so")
    if file.exists():
        raise FileExistsError(f"{file}: exists already; give another name, or remove it")
    if file.suffix.lower() == ".csv":
        write_text(file, table.to_csv())
        return file
    with h5py.File(file, "x") as out:
        for name, values in table.reset_index().items():
            text = values.dtype.kind not in "iuf"
            out.create_dataset(str(name), data=values.to_numpy(), dtype=h5py.string_dtype() if text else None)
    return file


def read_pulses(path: PathLike) -> pd.DataFrame:
    """Read a table that `write_pulses` wrote, or any other with the columns ``trainId`` and perhaps ``pulseId``.

    Raises
    ------
    DataError
        For a file that is missing, no table, or without whole numbers in ``trainId`` and ``pulseId``.
    """
    file = expanded(path)
    if not file.is_file():
        raise DataError(file, "no such file", "a table of pulses", "check the path")
    if file.suffix.lower() in _HDF5:
        with open_hdf5(file) as stored:
            table = pd.DataFrame({name: _column(stored[name]) for name in stored if stored[name].ndim == 1})
    elif file.suffix.lower() == ".csv":
        try:
            table = pd.read_csv(file)
        except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
            raise DataError(file, f"no table ({error})", "columns with a header", "write it again") from None
    else:
        raise DataError(file, f"the ending {file.suffix!r}", _ALLOWED, "name the file so")
    keys = [name for name in (*KEYS, "pattern") if name in table]
    if not keys or any(table[name].dtype.kind not in "iu" for name in keys):
        got = f"columns {', '.join(f'{name} ({kind})' for name, kind in table.dtypes.items()) or 'none'}"
        raise DataError(file, got, "whole numbers in trainId and pulseId, or pattern", "write it by write_pulses")
    ordered = [*KEYS, "hit", "confidence", "cluster"]
    table = table[[name for name in (*ordered, *table.columns.difference(ordered)) if name in table]]
    return table.set_index("pattern") if "pattern" in table else table


def _column(dataset: Any) -> NDArray[Any]:
    return np.asarray(dataset.asstr()[()] if dataset.dtype.kind in "OS" else dataset[()])


def _keys_of(data: xr.DataArray | xr.Dataset, keys: Sequence[str]) -> pd.Index:
    return _index(pd.DataFrame({name: data[name].to_numpy() for name in keys}), keys)


def _index(table: pd.DataFrame, keys: Sequence[str]) -> pd.Index:
    return pd.MultiIndex.from_frame(table[list(keys)]) if len(keys) > 1 else pd.Index(table[keys[0]])
