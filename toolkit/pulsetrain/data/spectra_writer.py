"""Write a series of spectra as text files that `open_spectra` reads back exactly."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import xarray as xr

from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import PathLike, natural_key
from pulsetrain.data._spectra_text import HEADER_TITLE
from pulsetrain.data.output import new_folder

__all__ = ["write_spectra"]


def write_spectra(series: xr.DataArray, folder: PathLike) -> list[Path]:
    """Write one ``.xy`` file per spectrum: ``#`` lines with names, units and ordering value, then two columns.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
        As returned by `open_spectra`. Without coordinates, channels and spectra are numbered.
    folder : path
        A new or empty folder. Files are named after ``name`` where that keeps their order, else numbered.

    Returns
    -------
    list of Path
        The files, in the order of the series.

    Raises
    ------
    DataError
        For another shape, or a folder that is not empty.
    """
    if series.dims != ("spectrum", "channel") or not series.size:
        got = f"dims {series.dims} of shape {series.shape}"
        raise DataError("series", got, "('spectrum', 'channel') with at least one of each", "transpose or select")
    n_spectra, n_channels = series.shape
    if n_channels < 2:
        raise DataError("series", "a single channel", "at least two channels", "select more of the axis")
    axis = series.coords.get("axis", xr.DataArray(np.arange(n_channels), attrs={"long_name": "channel"}))
    order = series.coords.get("order", xr.DataArray(np.arange(n_spectra), attrs={"long_name": "spectrum"}))
    names = [str(name) for name in series.coords["name"].values] if "name" in series.coords else []
    target = new_folder(folder)
    files = [target / f"{stem}.xy" for stem in _stems(names, n_spectra)]
    channels = [repr(float(value)) for value in axis.values]
    for index, file in enumerate(files):
        header = {
            "name": names[index] if names else file.name,
            "order": float(order.values[index]),
            **_attributes("order", order),
            **_attributes("signal", series),
            **_attributes("axis", axis),
        }
        lines = [HEADER_TITLE, *(f"# {key}: {json.dumps(value, ensure_ascii=True)}" for key, value in header.items())]
        # One spectrum at a time: a lazy series is never held whole. repr() gives the shortest exact text.
        values = np.asarray(series[index].values, dtype=np.float64).tolist()
        lines += [f"{channel} {value!r}" for channel, value in zip(channels, values, strict=True)]
        file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return files


def _attributes(prefix: str, array: xr.DataArray) -> dict[str, str]:
    return {f"{prefix} {key}": str(array.attrs.get(key, "")) for key in ("long_name", "units")}


def _stems(names: list[str], count: int) -> list[str]:
    stems = [Path(name).stem if Path(name).suffix else name for name in names]
    safe = bool(stems) and all(re.fullmatch(r"[A-Za-z0-9][\w.+-]{0,120}", stem, re.ASCII) for stem in stems)
    if safe and len({stem.lower() for stem in stems}) == count and stems == sorted(stems, key=natural_key):
        return stems
    return [f"spectrum_{index:0{len(str(count))}d}" for index in range(count)]
