"""What of the clustering control goes into files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.panels._clustering_work import Found

__all__ = ["save_result", "save_selection"]


def save_selection(result: xr.Dataset, found: Found, chosen: NDArray[np.bool_], name: str) -> str:
    """Write train, pulse, kind and cluster of the chosen frames as CSV or HDF5, by the name; say what was written.

    Raises
    ------
    ValueError
        If no frame is chosen.
    DataError
        For another ending of the name.
    FileExistsError
        If the file exists.
    """
    from pulsetrain.clustering.selection import chosen_pulses, write_pulses

    table = chosen_pulses(result, hit=None)
    table = table[chosen[table.index.to_numpy()]]
    if not len(table):
        raise ValueError("no frame is selected; draw a lasso on the map, or select a cluster")
    table = table.set_index(found.patterns[table.index.to_numpy()]).rename_axis("pattern")
    return f"Saved {len(table):,} frames in {write_pulses(table, name.strip())}."


def save_result(result: xr.Dataset, found: Found, name: str) -> str:
    """Write all that was found, with the map, as netCDF, which the control opens again; say what was written.

    Raises
    ------
    FileExistsError
        If the file exists.
    """
    file = Path(name.strip() or "result.nc").expanduser().with_suffix(".nc").absolute()
    if file.exists():
        raise FileExistsError(f"{file}: exists already; give another name, or remove it")
    kept = result.assign(input_pattern=("pattern", found.patterns))
    if found.map is not None:
        kept = kept.assign(map=(("pattern", "axis"), found.map))
    kept.to_netcdf(file, engine="h5netcdf")
    return f"Saved {result.sizes['pattern']:,} frames in {file}."
