"""A series of spectra from HDF5 and NeXus files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dask.array as da
import h5py
import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._axis import AxisKind, axis_kind
from pulsetrain.data._errors import DataError
from pulsetrain.data._fingerprint import fingerprint
from pulsetrain.data._hdf5 import attribute, named_dataset, numeric_datasets, open_hdf5, plots, texts
from pulsetrain.data._inputs import place_of
from pulsetrain.data._lazy import Hdf5Rows
from pulsetrain.data._naming import order_from_names
from pulsetrain.data._series import Series

__all__ = ["series_of_hdf5"]

_ALLOWED = "a 2-D dataset (spectrum, channel), or a 1-D one"


@dataclass(frozen=True)
class _Found:
    """One dataset of spectra with its axes as far as the file names them."""

    key: str
    axis: NDArray[np.float64]
    axis_kind: AxisKind
    order: NDArray[np.float64] | None
    order_kind: AxisKind
    units: str


def series_of_hdf5(files: list[Path], key: str | None) -> Series:
    """Open HDF5 files as one series, lazily; several files follow each other.

    Parameters
    ----------
    files : list of Path
    key : str, optional
        Path of the dataset. Left out, the default plot (NXdata with ``signal`` and ``axes``) is taken, or the only
        dataset of one or two axes that can be a spectrum.
    """
    found = [_find(file, key) for file in files]
    first = found[0]
    for file, other in zip(files, found, strict=True):
        if other.axis.shape != first.axis.shape or not np.allclose(other.axis, first.axis, rtol=1e-6):
            got = f"an axis of {other.axis.size} points, {other.axis[0]:g} … {other.axis[-1]:g}"
            allowed = f"that of {files[0].name}: {first.axis.size} points, {first.axis[0]:g} … {first.axis[-1]:g}"
            raise DataError(file, got, allowed, "leave the file out, or interpolate to one axis")
    digest = fingerprint(files)
    rows = [Hdf5Rows(file, other.key, 1) for file, other in zip(files, found, strict=True)]
    parts = [row.dask(f"spectra-{digest}-{number}-{row.key}") for number, row in enumerate(rows)]
    intensity = da.concatenate(parts, axis=0)
    order, order_kind = _order(files, found, [row.shape[0] for row in rows])
    return Series(
        intensity=intensity,
        axis=first.axis,
        axis_kind=first.axis_kind,
        order=order,
        order_kind=order_kind,
        names=_names(files, [row.shape[0] for row in rows]),
        source=place_of(files),
        fingerprint=digest,
        units=first.units,
    )


def _find(path: Path, key: str | None) -> _Found:
    with open_hdf5(path) as file:
        dataset, group, axes = _dataset(path, file, key)
        if dataset.ndim not in (1, 2) or dataset.dtype.kind not in "iuf":
            raise DataError(f"{path}, {dataset.name}", f"shape {dataset.shape}, {dataset.dtype}", _ALLOWED, "use key=")
        if not dataset.size:
            raise DataError(f"{path}, {dataset.name}", f"an empty dataset {dataset.shape}", _ALLOWED, "use key=")
        channel = _along(group, axes[-1] if axes else "", dataset.shape[-1]) or _sibling_axis(dataset)
        order = _along(group, axes[0], dataset.shape[0]) if len(axes) == 2 and dataset.ndim == 2 else None
        values = np.arange(dataset.shape[-1], dtype=np.float64) if channel is None else channel[()].astype(np.float64)
        return _Found(
            key=dataset.name,
            axis=values,
            axis_kind=AxisKind("channel", "") if channel is None else _kind(channel),
            order=None if order is None else order[()].astype(np.float64),
            order_kind=AxisKind("spectrum", "") if order is None else _plain_kind(order),
            units=attribute(dataset, "units"),
        )


def _dataset(path: Path, file: Any, key: str | None) -> tuple[Any, Any, list[str]]:
    """Return dataset, the group that its axes lie in, and their names."""
    for group in plots(file):
        signal = attribute(group, "signal")
        if isinstance(group.get(signal), h5py.Dataset) and (key is None or group[signal] == file.get(key)):
            return group[signal], group, texts(group.attrs.get("axes", []))
    if key is not None:
        dataset = named_dataset(path, file, key)
        return dataset, dataset.parent, []
    candidates = [dataset for _, dataset in numeric_datasets(file) if dataset.ndim == 2 and min(dataset.shape) > 1]
    candidates = candidates or [dataset for _, dataset in numeric_datasets(file) if dataset.ndim == 1]
    largest = [dataset for dataset in candidates if dataset.size == max(other.size for other in candidates)]
    if len(largest) != 1:
        names = ", ".join(f"{dataset.name} {dataset.shape}" for dataset in candidates[:6]) or "none of numbers"
        got = f"{len(candidates)} datasets that could be spectra"
        raise DataError(path, got, f"one default plot (NXdata), or one dataset; there are: {names}", "choose by key=")
    return largest[0], largest[0].parent, []


def _along(group: Any, name: str, length: int) -> Any | None:
    """Return a dataset of coordinates; bin edges, texts and absent ones (``.``) do not count."""
    dataset = group.get(name) if name not in ("", ".") else None
    fits = isinstance(dataset, h5py.Dataset) and dataset.shape == (length,) and dataset.dtype.kind in "iuf"
    return dataset if fits else None


def _sibling_axis(dataset: Any) -> Any | None:
    """Return the one dataset beside it that rises, or else the one that falls, with a value for each channel."""
    if dataset.ndim != 2:
        return None
    fitting = [
        (other, np.diff(other[()].astype(np.float64)))
        for other in dataset.parent.values()
        if isinstance(other, h5py.Dataset)
        and other != dataset
        and other.shape == dataset.shape[-1:]
        and other.dtype.kind in "iuf"
    ]
    rising = [other for other, steps in fitting if (steps > 0).all()]
    found = rising or [other for other, steps in fitting if (steps < 0).all()]
    return found[0] if len(found) == 1 else None


def _kind(dataset: Any) -> AxisKind:
    name = dataset.name.rsplit("/", 1)[-1]
    units = attribute(dataset, "units")
    kind = axis_kind("", [f"{name} {units}"], "", np.zeros(1))
    return _plain_kind(dataset) if kind.long_name == "channel" else AxisKind(kind.long_name, units or kind.units)


def _plain_kind(dataset: Any) -> AxisKind:
    name = dataset.name.rsplit("/", 1)[-1]
    return AxisKind(attribute(dataset, "long_name") or name, attribute(dataset, "units"))


def _order(files: list[Path], found: list[_Found], lengths: list[int]) -> tuple[NDArray[np.float64], AxisKind]:
    named = order_from_names([file.stem for file in files])
    if named is not None and set(lengths) == {1}:
        return np.array(named.values), AxisKind(named.long_name, named.units)
    orders = [other.order for other in found if other.order is not None]
    if len(orders) == len(found) and np.isfinite(np.concatenate(orders)).any():
        return np.concatenate(orders), found[0].order_kind
    return np.arange(sum(lengths), dtype=np.float64), AxisKind("spectrum", "")


def _names(files: list[Path], lengths: list[int]) -> list[str]:
    if set(lengths) == {1}:
        return [file.name for file in files]
    return [f"{file.name}[{number}]" for file, length in zip(files, lengths, strict=True) for number in range(length)]
