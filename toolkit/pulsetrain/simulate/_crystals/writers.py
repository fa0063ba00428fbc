"""An experiment on disk, in the formats of the facilities."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

import h5py
import numpy as np
import xarray as xr

from pulsetrain.data import DataError, write_run
from pulsetrain.data._lazy import NpyRows
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.output import refuse_existing
from pulsetrain.data.unit_cell import UnitCell

__all__ = ["write_hdf5_experiment", "write_run_experiment"]

_DATA = "/entry_1/instrument_1/detector_1/data"
_DETECTOR = "SPB_DET_AGIPD1M-1"
_IDS = ("trainId", "pulseId", "cellId")


def write_hdf5_experiment(
    frames: xr.DataArray, geometry: CrystFELGeometry, cell: UnitCell, truth: xr.Dataset, path: Path
) -> Path:
    """Write a HDF5 file where the geometry's ``data`` line says, one module of one pattern to a chunk.

    indexamajig reads module by module: chunks of several would be unpacked again for each.
    """
    beside = {suffix: path.with_suffix(suffix) for suffix in (".geom", ".cell", ".truth.nc")}
    for file in (path, *beside.values()):
        refuse_existing(file)
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    key = geometry.panels[0].dataset or _DATA
    module = (1,) * (frames.ndim - 2) + frames.shape[-2:]
    try:
        with h5py.File(draft, "w") as file:
            data = file.create_dataset(
                key, frames.shape, frames.dtype, chunks=module, compression="gzip", compression_opts=1, shuffle=True
            )
            data.attrs["units"] = frames.attrs["units"]
            # Block by block: one pattern alone would have dask make its whole block.
            ends = np.cumsum(frames.data.chunks[0]) if frames.chunks else [frames.sizes["pattern"]]
            for start, end in zip((0, *ends), ends, strict=False):
                data[start:end] = frames[start:end].to_numpy()
            for name in _IDS:
                data.parent[name] = frames[name].to_numpy()
            file["entry_1/photon_energy_eV"] = geometry.photon_energy
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)
    _write_beside(beside, geometry, cell, truth)
    return path


def write_run_experiment(
    frames: xr.DataArray, geometry: CrystFELGeometry, cell: UnitCell, truth: xr.Dataset, folder: Path
) -> Path:
    """Write a European XFEL run of corrected data: ADU as float32."""
    if frames.shape[1:] != (16, 512, 128):
        got = f"frames of shape {frames.shape[1:]}"
        raise DataError(folder, got, "AGIPD-1M's (16, 512, 128) in a European XFEL run", "use write_hdf5")
    beside = {suffix: folder.with_name(folder.name + suffix) for suffix in (".geom", ".cell", ".truth.nc")}
    for file in beside.values():
        refuse_existing(file)
    energy = truth["pulse_energy"].groupby(xr.DataArray(frames["trainId"].to_numpy(), dims="pattern", name="train"))
    means = energy.mean()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as scratch:
        written = write_run(
            folder,
            detectors={_DETECTOR: _made(frames, Path(scratch) / "frames.npy").astype(np.float32)},
            controls={"SPB_XTD9_XGM/XGM/DOOCS": {"pulseEnergy.photonFlux": means.to_numpy().astype(np.float32)}},
            data="proc",
        )
    _write_beside(beside, geometry, cell, truth)
    return written


def _made(frames: xr.DataArray, scratch: Path) -> xr.DataArray:
    """Make all patterns once: a run is written module by module, and would have them made for each."""
    stored = np.lib.format.open_memmap(scratch, "w+", frames.dtype, frames.shape)
    for number in range(frames.sizes["pattern"]):
        stored[number] = frames[number].to_numpy()
    stored.flush()
    rows: xr.DataArray = frames.copy(data=NpyRows(scratch).dask(f"made-{secrets.token_hex(8)}"))
    return rows


def _write_beside(beside: dict[str, Path], geometry: CrystFELGeometry, cell: UnitCell, truth: xr.Dataset) -> None:
    geometry.write(beside[".geom"])
    cell.write(beside[".cell"])
    truth.to_netcdf(beside[".truth.nc"], engine="h5netcdf")
