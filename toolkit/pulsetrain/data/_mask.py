"""Bad pixels, given as a file or an array, become NaN."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._frames import Frames
from pulsetrain.data._hdf5 import numeric_datasets, open_hdf5
from pulsetrain.data._inputs import expanded

__all__ = ["MaskLike", "masked", "nan_where"]

MaskLike = str | os.PathLike[str] | NDArray[Any] | xr.DataArray

_PLACES = ("entry_1/data_1/mask", "entry_1/instrument_1/detector_1/mask", "mask", "data/mask", "data/data")


def masked(frames: Frames, mask: MaskLike) -> Frames:
    """Set the bad pixels of frames to NaN.

    Parameters
    ----------
    frames : Frames
    mask : path or array
        Not 0 is bad, as in European XFEL and CXI files. Of the shape of one frame, or of all frames.
    """
    place = str(mask) if isinstance(mask, (str, os.PathLike)) else "mask"
    bad = np.asarray(_read(expanded(mask)) if isinstance(mask, (str, os.PathLike)) else mask)
    shape = frames.array.shape
    if bad.dtype.kind not in "biuf":
        raise DataError(place, f"an array of {bad.dtype}", "numbers or booleans, not 0 where bad", "convert it")
    if bad.shape not in (shape, shape[1:]):
        if bad.size != np.prod(shape[1:]) or bad.shape[-1] != shape[-1]:
            got = f"a mask of shape {bad.shape}"
            raise DataError(place, got, f"{shape[1:]}, or {shape} for one per frame", "give the detector's own mask")
        bad = bad.reshape(shape[1:])
    lazy = da.from_array(bad != 0, chunks=frames.array.chunks[-bad.ndim :])
    return replace(frames, array=nan_where(frames.array, lazy))


def nan_where(array: da.Array, bad: da.Array) -> da.Array:
    """Return the array with NaN where `bad`; whole numbers become the smallest float that holds them."""
    floating = np.result_type(array.dtype, np.float32)
    clean: da.Array = da.where(bad, floating.type(np.nan), array.astype(floating))
    return clean


def _read(path: Path) -> Any:
    if not path.is_file():
        raise DataError(path, "no such mask file", "an .h5, .npy or .npz file", "check the path")
    if path.suffix.lower() in (".npy", ".npz"):
        try:
            loaded = np.load(path, allow_pickle=False)
        except (ValueError, OSError, EOFError):
            raise DataError(path, "a file that NumPy cannot read", "an array of numbers", "write it again") from None
        return loaded if isinstance(loaded, np.ndarray) else loaded["mask" if "mask" in loaded else loaded.files[0]]
    with open_hdf5(path) as file:
        datasets = dict(numeric_datasets(file))
        named = [name for name in _PLACES if name in datasets] or [name for name in datasets if "mask" in name.lower()]
        if not named and len(datasets) == 1:
            named = list(datasets)
        if not named:
            got = f"no dataset called mask among {', '.join(list(datasets)[:6]) or 'none'}"
            raise DataError(path, got, f"one of {', '.join(_PLACES)}", "give the mask as an array")
        return datasets[named[0]][()]
