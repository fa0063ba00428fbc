"""Modules put where they stand in the experiment: one picture per pattern."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr

from pulsetrain.data._errors import DataError
from pulsetrain.data._frames import MODULES

__all__ = ["assemble", "read_geometry"]


def assemble(frames: xr.DataArray, geometry: Any = None) -> xr.DataArray:
    """Assemble the modules of each frame into one picture, lazily.

    Parameters
    ----------
    frames : xarray.DataArray, dims (pattern, module, slow_scan, fast_scan)
    geometry : path or EXtra-geom geometry, optional
        The default is the one given to `open_frames`.

    Returns
    -------
    xarray.DataArray, dims (pattern, y, x), float
        Gaps between modules are NaN. Pixels are moved to the nearest grid point, never mixed. ``y`` and ``x`` are in
        pixels from the beam, along the geometry's own axes: y upwards, x to the left as seen along the beam.

    Raises
    ------
    DataError
        Without a geometry, or with one of another detector.
    """
    chosen = frames.attrs.get("geometry") if geometry is None else geometry
    if chosen is None:
        raise DataError("assemble", "no geometry", "a .geom file or an EXtra-geom object", "give geometry=")
    geom = read_geometry(chosen, frames)
    floating = np.result_type(frames.dtype, np.float32)
    empty, centre = geom.position_modules(np.zeros(geom.expected_data_shape, dtype=floating))

    def block(part: Any) -> Any:
        return geom.position_modules(part)[0]

    data = da.asarray(frames.transpose(*MODULES).data).astype(floating)
    data = data.rechunk({1: -1, 2: -1, 3: -1})
    pictures = data.map_blocks(
        block, dtype=floating, chunks=(data.chunks[0], *((size,) for size in empty.shape)), drop_axis=3
    )
    coords: dict[str, Any] = {
        "y": ("y", np.arange(empty.shape[0]) - centre[0]),
        "x": ("x", np.arange(empty.shape[1]) - centre[1]),
        **{str(name): coord for name, coord in frames.coords.items() if coord.dims == ("pattern",)},
    }
    attrs = {key: value for key, value in frames.attrs.items() if key != "missing_modules"}
    return xr.DataArray(pictures, dims=("pattern", "y", "x"), coords=coords, attrs=attrs, name=frames.name)


def read_geometry(geometry: Any, frames: xr.DataArray) -> Any:
    """Return an EXtra-geom geometry that fits the frames.

    Raises
    ------
    DataError
        For a file that is missing or no CrystFEL geometry, and for another detector's.
    """
    geom = _from_file(Path(geometry), frames) if isinstance(geometry, (str, os.PathLike)) else geometry
    if frames.dims != MODULES or frames.shape[1:] != tuple(geom.expected_data_shape):
        got = f"frames of {dict(frames.sizes)}"
        allowed = f"(module, slow_scan, fast_scan) = {tuple(geom.expected_data_shape)} of {type(geom).__name__}"
        raise DataError("geometry", got, allowed, "give the geometry of this detector")
    return geom


def _from_file(path: Path, frames: xr.DataArray) -> Any:
    import extra_geom

    kinds: dict[tuple[int, ...], Any] = {
        (16, 512, 128): extra_geom.AGIPD_1MGeometry,
        (8, 512, 128): extra_geom.AGIPD_500K2GGeometry,
        (16, 256, 256): extra_geom.LPD_1MGeometry,
        (16, 128, 512): extra_geom.DSSC_1MGeometry,
    }
    path = path.expanduser()
    if not path.is_file():
        raise DataError(path, "no such geometry file", "a CrystFEL .geom file", "check the path")
    kind = kinds.get(frames.shape[1:], extra_geom.JUNGFRAUGeometry if frames.shape[-2:] == (512, 1024) else None)
    if frames.dims != MODULES or kind is None:
        got = f"frames of {dict(frames.sizes)}"
        raise DataError(path, got, "frames of AGIPD, LPD, DSSC or JUNGFRAU modules", "give no geometry")
    try:
        return kind.from_crystfel_geom(str(path))
    except (KeyError, ValueError, IndexError, AttributeError, TypeError, AssertionError, RuntimeError) as error:
        # The parser has no error of its own: the first step that fails raises what it does.
        got = f"no geometry of {kind.__name__} ({type(error).__name__}: {error})"
        raise DataError(path, got, "a CrystFEL geometry of this detector", "check the file") from None
