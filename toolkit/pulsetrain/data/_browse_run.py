"""Sources and keys of a European XFEL run."""

from __future__ import annotations

import re
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from pulsetrain.data._browse_contents import (
    Curve,
    Key,
    Source,
    Sources,
    Text,
    dtype_text,
    python_lines,
    quoted,
)
from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import natural_key
from pulsetrain.data._run import open_run, run_that_fits, unreadable_files

__all__ = ["RunContents"]

# One after the other, ten a second.
_TRAIN_RATE = 10.0
# A shorter vector is a setting, not a spectrum.
_LEAST_CHANNELS = 64
# What is read to draw values; further trains are left out, and it is said.
_MOST_BYTES = 32 * 2**20


class RunContents:
    """A run folder, or one file of it.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._run = open_run(path)

    def sources(self) -> Sources:
        ids = self._run.train_ids
        unread = unreadable_files(self._run, self.path)
        return Sources(
            path=self.path,
            kind="run",
            sources=tuple(self._sources.values()),
            note=f"unreadable files: {', '.join(unread)}" if unread else "",
            trains=len(ids),
            first_train=int(ids[0]) if len(ids) else None,
            last_train=int(ids[-1]) if len(ids) else None,
            duration=(int(ids[-1]) - int(ids[0])) / _TRAIN_RATE if len(ids) else None,
        )

    def keys(self, source: str) -> tuple[Key, ...]:
        with run_that_fits(self._run):
            if source in self._modules:
                names = sorted(self._one(source).keys(inc_timestamps=False))
                return tuple(self._detector_key(source, name) for name in names)
            return tuple(self._key(source, name) for name in sorted(self._one(source).keys(inc_timestamps=False)))

    def values(self, source: str, key: Key) -> Curve | Text:
        with run_that_fits(self._run):
            keydata = self._one(source)[key.name]
            if key.dtype in ("text", "record"):
                return Text(_some_text(keydata))
            size = int(np.prod(keydata.entry_shape, dtype=np.int64)) * keydata.dtype.itemsize
            trains = max(1, int(_MOST_BYTES // max(size, 1) * len(keydata.train_ids) / max(keydata.shape[0], 1)))
            part = keydata[:trains]
            array = np.asarray(part.ndarray())
            if not array.shape[0]:
                return Text("no data in any train")
            note = f"the first {trains} of {len(keydata.train_ids)} trains" if trains < len(keydata.train_ids) else ""
            return Curve(
                y=array.reshape(array.shape[0], -1) if array.ndim > 1 else array,
                x=np.asarray(part.train_id_coordinates()) if array.ndim == 1 else None,
                x_label="trainId" if array.ndim == 1 else "channel",
                y_label=key.units if array.ndim == 1 else "entry",
                note=note,
            )

    def values_code(self, source: str, key: Key) -> str:
        opener = "RunDirectory" if Path(self.path).is_dir() else "H5File"
        name = self._modules[source][0] if source in self._modules else source
        ending = "ndarray" if key.dtype in ("text", "record") else "xarray"
        run = f"extra_data.{opener}({quoted(self.path)})"
        return python_lines("extra_data", "values", f"{run}[{quoted(name)}, {quoted(key.name)}].{ending}()")

    @cached_property
    def _detectors(self) -> dict[str, Any]:
        from extra_data.components import identify_multimod_detectors

        return dict(identify_multimod_detectors(self._run))

    @cached_property
    def _folded(self) -> dict[str, str]:
        """Pattern of the modules' sources, by the source of each module."""
        return {
            source: _pattern(source)
            for source in self._run.instrument_sources
            if any(source.startswith(f"{name}/") for name in self._detectors)
        }

    @cached_property
    def _modules(self) -> dict[str, list[str]]:
        """Sources of a detector's modules, by their pattern."""
        modules: dict[str, list[str]] = {}
        for source in sorted(self._folded, key=natural_key):
            modules.setdefault(self._folded[source], []).append(source)
        return modules

    @cached_property
    def _sources(self) -> dict[str, Source]:
        found = [
            Source(name, "detector", f"{len(members)} module{'s' if len(members) != 1 else ''}")
            for name, members in self._modules.items()
        ]
        instruments = sorted(self._run.instrument_sources - set(self._folded))
        found += [Source(name, "instrument") for name in instruments]
        found += [Source(name, "control") for name in sorted(self._run.control_sources)]
        return {source.name: source for source in found}

    def _one(self, source: str) -> Any:
        """Return EXtra-data's source; for a detector, that of its first module."""
        if source not in self._sources:
            raise DataError(self.path, f"source {source!r}", "a source of the run", "list the run's sources again")
        return self._run[self._modules[source][0] if source in self._modules else source]

    def _detector_key(self, source: str, name: str) -> Key:
        keydata = self._one(source)[name]
        detector = next(known for known in self._detectors if source.startswith(f"{known}/"))
        cells = keydata.entry_shape[0] if name == "data.adc" and len(keydata.entry_shape) == 3 else 1
        entries = int(keydata.shape[0]) * cells
        if name not in ("image.data", "data.adc") or not entries:
            return self._plain(keydata, name)
        return Key(
            name=name,
            shape=(entries, len(self._modules[source]), *map(int, keydata.entry_shape[-2:])),
            dtype=dtype_text(keydata.dtype),
            units=keydata.units or "",
            opens="frames",
            entries=entries,
            arguments={"source": detector},
        )

    def _key(self, source: str, name: str) -> Key:
        keydata = self._one(source)[name]
        key = self._plain(keydata, name)
        fast = source in self._run.instrument_sources and keydata.dtype.kind in "iuf" and key.shape[0]
        axes = len(keydata.entry_shape)
        if fast and axes == 2 and "mask" not in name:
            return _opened(key, "frames", source)
        once = key.shape[0] == len(keydata.drop_empty_trains().train_ids)
        if fast and axes == 1 and once and keydata.entry_shape[0] >= _LEAST_CHANNELS:
            return _opened(key, "spectra", source)
        return key

    def _plain(self, keydata: Any, name: str) -> Key:
        return Key(name, tuple(map(int, keydata.shape)), dtype_text(keydata.dtype), keydata.units or "")


def _opened(key: Key, opens: Any, source: str) -> Key:
    arguments = {"source": source, "key": key.name}
    return Key(key.name, key.shape, key.dtype, key.units, opens, key.shape[0], arguments)


def _pattern(source: str) -> str:
    """Return the source with ``*`` for the module's number: ``SPB_DET_AGIPD1M-1/DET/*CH0:xtdf``."""
    head, _, last = source.rpartition("/")
    return f"{head}/{re.sub(r'[0-9]+', '*', last, count=1)}"


def _some_text(keydata: Any) -> str:
    values = np.ravel(keydata[:1].ndarray())
    texts = [value.decode(errors="replace") if isinstance(value, bytes) else str(value) for value in values[:4]]
    return ", ".join(texts) or "no data in any train"
