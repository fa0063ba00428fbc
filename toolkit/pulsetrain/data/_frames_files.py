"""Frames from CXI, other HDF5 and NumPy files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import dask.array as da
import h5py
import numpy as np

from pulsetrain.data._errors import DataError
from pulsetrain.data._fingerprint import fingerprint
from pulsetrain.data._frames import Frames, arranged
from pulsetrain.data._hdf5 import attribute, named_dataset, numeric_datasets, open_hdf5, plots
from pulsetrain.data._inputs import place_of
from pulsetrain.data._lazy import Hdf5Rows, NpyRows
from pulsetrain.data._mask import nan_where

__all__ = ["frames_of_hdf5", "frames_of_numpy"]

# Where CXI (entry_1), NeXus (entry) and LCLS (data/data) files keep their pictures, most specific first.
_PLACES = (
    "entry_1/instrument_1/detector_1/data",
    "entry_1/data_1/data",
    "entry_1/image_1/data",
    "entry/instrument/detector/data",
    "entry/data/data",
    "data/data",
)
_MASKS = ("entry_1/data_1/mask", "entry_1/instrument_1/detector_1/mask", "entry/instrument/detector/pixel_mask")
_IDS = {"trainId": ("trainID",), "pulseId": ("pulseID",), "cellId": ("cellID",)}
# Anything narrower is a table of peaks or a spectrum, not a picture.
_LEAST_WIDTH = 16


def frames_of_hdf5(files: list[Path], key: str | None, dims: Sequence[str] | None, *, use_mask: bool) -> Frames:
    """Open HDF5 files; several follow each other along ``pattern``."""
    digest = fingerprint(files)
    parts = [_of_file(file, key, dims, use_mask, f"{digest}-{number}") for number, file in enumerate(files)]
    first = parts[0]
    for file, part in zip(files, parts, strict=True):
        if part.array.shape[1:] != first.array.shape[1:]:
            got = f"frames of shape {part.array.shape[1:]}"
            raise DataError(file, got, f"{first.array.shape[1:]} as in {files[0].name}", "open them apart")
    array = da.concatenate([part.array for part in parts])
    common = set.intersection(*(set(part.coords) for part in parts))
    coords = {
        name: (first.coords[name][0], _joined([part.coords[name][1] for part in parts])) for name in sorted(common)
    }
    if len(files) > 1:
        lengths = [part.array.shape[0] for part in parts]
        coords["file"] = ("pattern", np.repeat([file.name for file in files], lengths))
    return Frames(array, first.dims, place_of(files), digest, first.units, coords, first.attrs)


def frames_of_numpy(files: list[Path], key: str | None, dims: Sequence[str] | None) -> Frames:
    """Open one ``.npy`` file (mapped) or ``.npz`` file (read whole, as it is compressed)."""
    path = files[0]
    if len(files) > 1:
        raise DataError(path.parent, f"{len(files)} NumPy files", "one file", "stack them into one .npy file")
    digest = fingerprint(files)
    try:
        if path.suffix.lower() == ".npy":
            stored = NpyRows(path).dask(f"frames-{digest}")
        else:
            with np.load(path, allow_pickle=False) as arrays:
                name = _array_name(path, arrays, key)
                stored = da.from_array(arrays[name], name=f"frames-{digest}-{name}")
    except (ValueError, EOFError, OSError, BadZipFile) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(path, "a file that NumPy cannot read", "an array of numbers", "write it again") from None
    array, names, gain = arranged(stored, dims, str(path))
    coords = {} if gain is None else {"gain": (names, gain)}
    return Frames(array, names, place_of(files), digest, "", coords)


def _of_file(path: Path, key: str | None, dims: Sequence[str] | None, use_mask: bool, token: str) -> Frames:
    with open_hdf5(path) as file:
        dataset = _dataset(path, file, key)
        key, units = dataset.name, _units(dataset)
        mask_key = _mask_key(file, dataset) if use_mask else None
        ids = _ids(file, dataset)
        shape = dataset.shape
    place = f"{path}, {key}"
    if 0 in shape:
        raise DataError(place, f"an empty dataset {shape}", "at least one frame", "choose another dataset by key=")
    if len(shape) < 2:
        raise DataError(place, f"values of shape {shape}", "frames of two axes or more", "choose another by key=")
    stored = Hdf5Rows(path, key, 2).dask(f"frames-{token}-{key}")
    if len(shape) == 2 and dims is not None:
        stored = stored[0]
    array, names, gain = arranged(stored, dims, place)
    if mask_key is not None:
        bad = Hdf5Rows(path, mask_key, 2).dask(f"mask-{token}-{mask_key}") != 0
        if bad.shape == stored.shape:
            bad = arranged(bad, dims, mask_key)[0]
        elif bad.size == np.prod(array.shape[1:]):
            bad = bad.reshape(1, *array.shape[1:])
        else:
            got = f"a mask of shape {bad.shape} for frames of {array.shape}"
            raise DataError(f"{path}, {mask_key}", got, "one per frame, or one for all", "open it with mask=False")
        array = nan_where(array, bad)
    coords: dict[str, Any] = {
        name: ("pattern", values) for name, values in ids.items() if len(values) == array.shape[0]
    }
    if gain is not None:
        coords["gain"] = (names, gain)
    return Frames(array, names, str(path), "", units, coords)


def _dataset(path: Path, file: Any, key: str | None) -> Any:
    if key is not None:
        return named_dataset(path, file, key)
    for name in _PLACES:
        if isinstance(file.get(name), h5py.Dataset) and file[name].ndim >= 2:
            return file[name]
    for group in plots(file):
        signal = group.get(attribute(group, "signal"))
        if isinstance(signal, h5py.Dataset) and signal.ndim >= 2:
            return signal
    pictures = [
        (name, dataset)
        for name, dataset in numeric_datasets(file)
        if 2 <= dataset.ndim <= 5 and min(dataset.shape[-2:]) >= _LEAST_WIDTH and "mask" not in name.lower()
    ]
    if len(pictures) == 1:
        return pictures[0][1]
    found = ", ".join(f"{name} {dataset.shape}" for name, dataset in pictures[:6]) or "none"
    got = f"{len(pictures)} datasets that could be pictures ({found})"
    raise DataError(path, got, f"one, or one at {_PLACES[0]} and the like", "choose by key=")


def _units(dataset: Any) -> str:
    stated = attribute(dataset, "units")
    named = "photons" if "photon" in dataset.name.rsplit("/", 1)[-1].lower() else ""
    return stated or named or ("ADU" if dataset.dtype.kind in "iu" else "")


def _mask_key(file: Any, dataset: Any) -> str | None:
    beside = f"{dataset.parent.name.rstrip('/')}/mask"
    return next((name for name in (beside, *_MASKS) if isinstance(file.get(name), h5py.Dataset)), None)


def _ids(file: Any, dataset: Any) -> dict[str, Any]:
    """Train, pulse and memory cell of each frame, as EXtra-data and the facility's CXI writers keep them."""
    places = [dataset.parent, file.get("entry_1"), file.get("instrument"), file]
    found = {}
    for name, aliases in _IDS.items():
        for place in places:
            fitting = [place[alias] for alias in (name, *aliases) if place is not None and alias in place]
            if fitting and isinstance(fitting[0], h5py.Dataset):
                values = fitting[0][()]
                # One column per module in virtual CXI files; they agree.
                found[name] = values[:, 0] if values.ndim == 2 else np.ravel(values)
                break
    return found


def _array_name(path: Path, arrays: Any, key: str | None) -> str:
    if key is not None and key in arrays:
        return key
    if key is None and len(arrays.files) == 1:
        return str(arrays.files[0])
    if key is None and "data" in arrays:
        return "data"
    raise DataError(path, f"key={key!r}", f"one of {', '.join(arrays.files) or 'no arrays'}", "choose by key=")


def _joined(parts: list[Any]) -> Any:
    return (da if isinstance(parts[0], da.Array) else np).concatenate(parts)
