"""Open detector frames lazily, whatever they were saved as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import xarray as xr

from pulsetrain.data._errors import DataError
from pulsetrain.data._frames import Frames, labelled
from pulsetrain.data._frames_files import frames_of_hdf5, frames_of_numpy
from pulsetrain.data._frames_run import frames_of_run
from pulsetrain.data._inputs import HDF5, PathLike, input_files, is_hdf5
from pulsetrain.data._mask import MaskLike, masked
from pulsetrain.data._run import RunPath, is_run, open_run, run_that_fits
from pulsetrain.data.assembly import read_geometry

__all__ = ["open_frames"]

_NUMPY = (".npy", ".npz")


def open_frames(
    path: PathLike | Sequence[PathLike] | RunPath,
    *,
    source: str | None = None,
    key: str | None = None,
    data: str = "proc",
    mask: MaskLike | bool = True,
    geometry: PathLike | None = None,
    dims: Sequence[str] | None = None,
    units: str | None = None,
) -> xr.DataArray:
    """Open detector frames.

    Parameters
    ----------
    path : path, pattern, list of paths, or (proposal, run)
        A European XFEL run folder or file, or proposal and run number; a CXI or other HDF5 file, or a pattern or list
        of them; an ``.npy`` or ``.npz`` file.
    source : str, optional
        Of a run: a detector such as ``'SPB_DET_AGIPD1M-1'``, or the source of a camera. Left out, the only detector
        of several modules is taken.
    key : str, optional
        Dataset of a HDF5 file, array of an ``.npz`` file, or key of a camera.
    data : {'proc', 'raw', 'all'}
        For (proposal, run): corrected data, raw data, or both with the corrected where there are some.
    mask : bool, path or array
        True: the mask that comes with the data, where there is one. False: none. Else, besides that one, an ``.h5``,
        ``.npy`` or ``.npz`` file or an array, of the shape of one frame or of all; not 0 is bad.
    geometry : path, optional
        CrystFEL ``.geom`` file, checked against the frames and kept for `assemble`.
    dims : sequence of str, optional
        Names of the axes as stored, where their number leaves it open: of ``pattern``, ``module``, ``gain``,
        ``slow_scan``, ``fast_scan``, ``y``, ``x``.
    units : str, optional
        Unit of the values, where the file does not say it.

    Returns
    -------
    xarray.DataArray, dims (pattern, module, slow_scan, fast_scan) or (pattern, y, x)
        Dask-backed. Masked pixels, absent modules and lost trains are NaN; where there are none, the stored type is
        kept. Coordinates ``trainId``, ``pulseId`` and ``cellId`` (pattern,) where known, ``module``, and, for raw AGIPD
        and JUNGFRAU, the gain plane as ``gain``. Attributes ``units``, ``source``, ``fingerprint`` and, where modules
        are absent, ``missing_modules``.

    Raises
    ------
    DataError
        For input that is missing, cut off, empty, ambiguous or of another shape.

    Examples
    --------
    >>> frames = open_frames((900100, 12), source="SPB_DET_AGIPD1M-1")                            # doctest: +SKIP
    >>> frames.sel(pattern=frames.trainId == 1_200_000_000).mean("pattern").compute()             # doctest: +SKIP
    """
    frames = _read(path, source, key, data, use_mask=mask is not False, dims=dims)
    if not isinstance(mask, bool):
        frames = masked(frames, mask)
    array = labelled(frames, units)
    if geometry is not None:
        read_geometry(geometry, array)
        array.attrs["geometry"] = str(Path(geometry).expanduser().absolute())
    return array


def _read(
    path: PathLike | Sequence[PathLike] | RunPath,
    source: str | None,
    key: str | None,
    data: str,
    *,
    use_mask: bool,
    dims: Sequence[str] | None,
) -> Frames:
    if is_run(path):
        run = open_run(path, data)
        with run_that_fits(run):
            return frames_of_run(run, source, key, use_mask=use_mask)
    files: list[Path] = input_files(path, (*HDF5, *_NUMPY), "frames")
    if source is not None:
        got = f"source={source!r} for what is no European XFEL run"
        raise DataError(files[0], got, "source= with a run", "name the dataset by key=")
    if files[0].suffix.lower() in _NUMPY:
        return frames_of_numpy(files, key, dims)
    if all(map(is_hdf5, files)):
        return frames_of_hdf5(files, key, dims, use_mask=use_mask)
    raise DataError(files[0], "a file of another kind", f"{', '.join((*HDF5, *_NUMPY))}", "convert it")
