"""One file of a run: cameras, spectrometers and slow control, one entry per train."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._run_modules import Trains, run_file

__all__ = ["SourcesFile"]

Sources = Mapping[str, Mapping[str, xr.DataArray | ArrayLike]]


@dataclass(frozen=True)
class _Key:
    values: Any  # (entry, …), NumPy or lazy
    counts: NDArray[np.uint64]  # (train,)
    train_ids: NDArray[np.uint64]  # (entry,)
    units: str


class SourcesFile:
    """Sources with one entry per train, validated when made and written later.

    Parameters
    ----------
    instruments, controls : mapping of source to mapping of key to array (train, …)
        An array without ``trainId`` has an entry for each train.
    trains : Trains
    """

    def __init__(self, instruments: Sources, controls: Sources, trains: Trains) -> None:
        for source in instruments:
            if not re.fullmatch(r"[^:]+:[^:/]+", source):
                got = f"instrument source {source!r}"
                raise DataError("write_run", got, "DOMAIN/TYPE/MEMBER:channel", "add the output channel, :daqOutput")
        self._instruments = {source: _keys(source, keys, trains) for source, keys in instruments.items()}
        self._controls = {source: _keys(source, keys, trains) for source, keys in controls.items()}
        for source, keys in self._controls.items():
            if any((key.counts != 1).any() for key in keys.values()):
                raise DataError(source, "trains without a value", "one value per train", "fill the gaps, or leave out")
        for source, keys in self._instruments.items():
            for group, members in _groups(keys).items():
                if any((member.counts != members[0].counts).any() for member in members):
                    raise DataError(f"{source}, {group}", "keys of different trains", "the same trains", "align them")

    def write(self, path: Path, trains: Trains) -> None:
        """Write the file."""
        listed = [f"CONTROL/{source}" for source in self._controls]
        listed += [
            f"INSTRUMENT/{source}/{group}" for source, keys in self._instruments.items() for group in _groups(keys)
        ]
        with run_file(path, trains, listed) as file:
            for source, keys in self._controls.items():
                _index(file, source, next(iter(keys.values())).counts)
                for name, key in keys.items():
                    where = name.replace(".", "/")
                    stamps = file["INDEX/timestamp"][:]
                    _store(file, f"CONTROL/{source}/{where}/value", key)
                    file[f"CONTROL/{source}/{where}/timestamp"] = stamps
                    file[f"RUN/{source}/{where}/value"] = np.asarray(key.values[:1])
                    file[f"RUN/{source}/{where}/timestamp"] = stamps[:1]
            for source, keys in self._instruments.items():
                for group, members in _groups(keys).items():
                    _index(file, f"{source}/{group}", members[0].counts)
                    file[f"INSTRUMENT/{source}/{group}/trainId"] = members[0].train_ids
                for name, key in keys.items():
                    _store(file, f"INSTRUMENT/{source}/{name.replace('.', '/')}", key)


def _keys(source: str, keys: Mapping[str, xr.DataArray | ArrayLike], trains: Trains) -> dict[str, _Key]:
    if not keys:
        raise DataError(source, "no keys", "at least one key with an array", "leave the source out")
    return {name: _key(f"{source}, {name}", values, trains) for name, values in keys.items()}


def _key(place: str, values: xr.DataArray | ArrayLike, trains: Trains) -> _Key:
    array = values if isinstance(values, xr.DataArray) else xr.DataArray(np.asarray(values))
    if not array.ndim or array.dtype.kind not in "iufb":
        got = f"an array of shape {array.shape}, {array.dtype}"
        raise DataError(place, got, "numbers with the trains first", "reshape it")
    stated = "trainId" in array.coords
    train_ids = np.atleast_1d(array["trainId"].values).astype(np.uint64) if stated else trains.ids
    if array.shape[0] != train_ids.size:
        got = f"{array.shape[0]} entries for {train_ids.size} trains"
        raise DataError(place, got, "one entry per train", "give a coordinate trainId along the first axis")
    counts = trains.counts(train_ids, place)
    return _Key(array.data, counts, train_ids, str(array.attrs.get("units", "")))


def _groups(keys: dict[str, _Key]) -> dict[str, list[_Key]]:
    """Group keys by their first part, which shares one index in the file."""
    groups: dict[str, list[_Key]] = {}
    for name, key in keys.items():
        groups.setdefault(name.partition(".")[0], []).append(key)
    return groups


def _index(file: Any, path: str, counts: NDArray[np.uint64]) -> None:
    firsts = np.concatenate([[0], np.cumsum(counts)[:-1]]).astype(np.uint64)
    file[f"INDEX/{path}/first"] = firsts
    file[f"INDEX/{path}/count"] = counts


def _store(file: Any, path: str, key: _Key) -> None:
    dataset = file.create_dataset(
        path, shape=key.values.shape, dtype=key.values.dtype, maxshape=(None, *key.values.shape[1:])
    )
    for row in range(0, key.values.shape[0], 16):
        dataset[row : row + 16] = np.asarray(key.values[row : row + 16])
    if key.units:
        # The attribute that EXtra-data reads as KeyData.units.
        dataset.attrs["unitSymbol"] = key.units
