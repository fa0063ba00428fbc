"""Groups and datasets of HDF5, CXI and NeXus files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pulsetrain.data._browse_contents import Curve, Key, Source, Sources, Text, dtype_text, frames_in, quoted
from pulsetrain.data._errors import DataError
from pulsetrain.data._hdf5 import attribute, open_hdf5, texts
from pulsetrain.data._inputs import natural_key

__all__ = ["Hdf5Contents"]

# A file with more datasets than this is told in part.
_MANY = 5000
# What is read to draw values, and to be loaded whole by the line of Python.
_MOST_BYTES = 32 * 2**20
_WHOLE = 2**30


class Hdf5Contents:
    """One file.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._groups: dict[str, _Group] = {}
        with open_hdf5(Path(path)) as file:
            walk = _datasets(file)
            for name, dataset in _first(walk, _MANY):
                group = self._groups.setdefault(_parent(name), _Group(file[_parent(name)]))
                group.add(name, dataset)
            self._cut = next(walk, None) is not None

    def sources(self) -> Sources:
        sources = [Source(name, "group", group.note) for name, group in self._groups.items()]
        note = f"the first {_MANY} datasets" if self._cut else "" if self._groups else "no datasets"
        return Sources(self.path, "hdf5", tuple(sources), note)

    def keys(self, source: str) -> tuple[Key, ...]:
        if source not in self._groups:
            raise DataError(self.path, f"group {source!r}", "a group with datasets", "list the file's groups again")
        return self._groups[source].keys()

    def values(self, source: str, key: Key) -> Curve | Text:
        import hdf5plugin  # noqa: F401  registers the compressions of detector files

        with open_hdf5(Path(self.path)) as file:
            dataset = file[_joined(source, key.name)]
            if dataset.shape is None or not dataset.size:
                return Text("empty")
            if key.dtype == "text":
                return Text(", ".join(texts(np.ravel(dataset[(0,) * max(dataset.ndim - 1, 0)])[:4])))
            if key.dtype == "record" or dataset.dtype.kind not in "iufb":
                return Text(f"{dataset.dtype}")
            if dataset.size == 1:
                return Text(f"{np.ravel(dataset[()])[0]:g} {key.units}".strip())
            return _curve(dataset, key)

    def values_code(self, source: str, key: Key) -> str:
        name = quoted(_joined(source, key.name))
        size = int(np.prod(key.shape, dtype=np.int64)) * 8
        part = ".asstr()[()]" if key.dtype == "text" else "[()]" if size <= _WHOLE else "[:100]"
        return f"import h5py\n\nwith h5py.File({quoted(self.path)}) as file:\n    values = file[{name}]{part}\nvalues"


class _Group:
    """What is known of a group's datasets, read once."""

    def __init__(self, group: Any) -> None:
        self._kind = attribute(group, "NX_class")
        self._signal = attribute(group, "signal")
        self._over_axes = any(axis != "." for axis in texts(group.attrs.get("axes", [])))
        self._keys: list[tuple[str, Key, str]] = []
        self._lengths: set[int] = set()

    def add(self, name: str, dataset: Any) -> None:
        shape = tuple(map(int, dataset.shape or ()))
        key = Key(name.rpartition("/")[2], shape, dtype_text(dataset.dtype), attribute(dataset, "units"))
        numeric = dataset.dtype.kind in "iuf" and bool(shape) and 0 not in shape
        self._keys.append((name if numeric else "", key, attribute(dataset, "interpretation")))
        if numeric and len(shape) == 1:
            self._lengths.add(shape[0])

    @property
    def note(self) -> str:
        number = f"{len(self._keys)} dataset{'s' if len(self._keys) != 1 else ''}"
        return f"{self._kind}, {number}" if self._kind else number

    def keys(self) -> tuple[Key, ...]:
        return tuple(
            self._read_as(*known) for known in sorted(self._keys, key=lambda known: natural_key(known[1].name))
        )

    def _read_as(self, place: str, key: Key, interpretation: str) -> Key:
        shape = key.shape
        if not place:
            return key
        if len(shape) <= 2 and interpretation != "image" and self._is_series(key):
            entries = shape[0] if len(shape) == 2 else 1
            return replace(key, opens="spectra", entries=entries, arguments={"key": place})
        if frames := frames_in(key.name, shape):
            return replace(key, opens="frames", entries=frames, arguments={"key": place})
        return key

    def _is_series(self, key: Key) -> bool:
        """Say whether these are spectra: plotted over axes (NXdata), or beside an array of as many channels."""
        if key.name == self._signal:
            return self._over_axes
        return len(key.shape) == 2 and min(key.shape) > 1 and key.shape[-1] in self._lengths


def _datasets(file: Any) -> Iterator[tuple[str, Any]]:
    """Walk through the file in its order; links to datasets are followed, links to groups are not."""
    groups = [file["/"]]
    seen = {file["/"]}  # a group may hold itself
    while groups:
        group = groups.pop(0)
        below = []
        for name in group:
            link = group.get(name, getlink=True)
            try:
                thing = group.get(name)  # None where a link leads nowhere
            except (OSError, RuntimeError, KeyError):
                if isinstance(link, h5py.HardLink):
                    raise
                continue  # links in a circle, or into a file that cannot be read
            if isinstance(thing, h5py.Dataset):
                yield f"{group.name.rstrip('/')}/{name}", thing
            elif isinstance(thing, h5py.Group) and isinstance(link, h5py.HardLink) and thing not in seen:
                seen.add(thing)
                below.append(thing)
        groups[:0] = below


def _first(walk: Iterator[tuple[str, Any]], number: int) -> Iterator[tuple[str, Any]]:
    return (found for _, found in zip(range(number), walk, strict=False))


def _curve(dataset: Any, key: Key) -> Curve:
    if dataset.ndim == 1:
        number = min(dataset.size, _MOST_BYTES // dataset.dtype.itemsize)
        note = f"the first {number} of {dataset.size} values" if number < dataset.size else ""
        return Curve(np.asarray(dataset[:number]), None, "entry", key.units, note)
    first = (0,) * (dataset.ndim - 2)
    length, width = dataset.shape[-2:]
    rows = max(1, _MOST_BYTES // max(width * dataset.dtype.itemsize, 1))
    notes = ["the first of what is stacked" if first else "", f"the first {rows} of {length} rows" * (rows < length)]
    values = np.asarray(dataset[(*first, slice(rows))])
    return Curve(values, None, "column", "row", ", ".join(filter(None, notes)))


def _parent(name: str) -> str:
    return name.rpartition("/")[0] or "/"


def _joined(group: str, name: str) -> str:
    return f"{group.rstrip('/')}/{name}"
