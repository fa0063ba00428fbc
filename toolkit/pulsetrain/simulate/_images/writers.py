"""Both conditions on disk, as `pulsetrain.open_frames` reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import h5py
import xarray as xr

from pulsetrain.data.output import whole_folder

__all__ = ["write_sets"]

_DATA = "/entry_1/instrument_1/detector_1/data"
_BLOCK = 64  # frames


def write_sets(sets: Mapping[str, xr.DataArray], told: Mapping[str, Any], folder: Path) -> Path:
    """Write each set of frames into a HDF5 file of its name, some at a time, with ``truth.json`` beside them."""
    with whole_folder(folder) as draft:
        for name, frames in sets.items():
            with h5py.File(draft / f"{name}.h5", "w") as file:
                chunks = (min(_BLOCK, len(frames)), *frames.shape[1:])
                data = file.create_dataset(_DATA, frames.shape, frames.dtype, chunks=chunks)
                data.attrs["units"] = frames.attrs["units"]
                for start in range(0, len(frames), _BLOCK):
                    data[start : start + _BLOCK] = frames[start : start + _BLOCK].to_numpy()
                for pulse in ("trainId", "pulseId"):
                    data.parent[pulse] = frames[pulse].to_numpy()
        (draft / "truth.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    return folder
