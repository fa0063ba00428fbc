"""An experiment on disk, in the formats of the facilities."""

from __future__ import annotations

import secrets
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from pulsetrain.data import write_run
from pulsetrain.data._lazy import Rows
from pulsetrain.data.output import refuse_existing

__all__ = ["write_hdf5_experiment", "write_run_experiment"]

_DATA = "/entry_1/instrument_1/detector_1/data"
_SOURCE = "SQS_DET_SPI/CORR/FRAMES:daqOutput"
_XGM = "SQS_DIAG1_XGMD/XGM/DOOCS"


def write_hdf5_experiment(frames: xr.DataArray, rows: Rows, truth: xr.Dataset, path: Path) -> Path:
    """Write a HDF5 file, a block of frames at a time, with ``.truth.nc`` beside."""
    beside = path.with_suffix(".truth.nc")
    for file in (path, beside):
        refuse_existing(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        with h5py.File(draft, "w") as file:
            step = rows.rows_per_block
            chunks = (min(step, rows.shape[0]), *rows.shape[1:])
            data = file.create_dataset(_DATA, rows.shape, rows.dtype, chunks=chunks)
            data.attrs["units"] = frames.attrs["units"]
            for start in range(0, rows.shape[0], step):
                stop = min(start + step, rows.shape[0])
                data[start:stop] = rows.read(start, stop)
            for name in ("trainId", "pulseId"):
                data.parent[name] = frames[name].to_numpy()
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    truth.to_netcdf(beside, engine="h5netcdf")
    return path


def write_run_experiment(frames: xr.DataArray, truth: xr.Dataset, folder: Path) -> Path:
    """Write a European XFEL run: assembled frames with their pulses, the pulse energy; ``.truth.nc`` beside."""
    beside = folder.with_name(folder.name + ".truth.nc")
    refuse_existing(beside)
    train = frames["trainId"].to_numpy()
    _, place, counts = np.unique(train, return_inverse=True, return_counts=True)
    energy = np.bincount(place, truth["pulse_energy"].to_numpy()) / counts * 1e6  # µJ
    written = write_run(
        folder,
        instruments={_SOURCE: {"image.data": frames, "image.pulseId": frames["pulseId"]}},
        controls={_XGM: {"pulseEnergy.photonFlux": energy.astype(np.float32)}},
        data="proc",
    )
    truth.to_netcdf(beside, engine="h5netcdf")
    return written
