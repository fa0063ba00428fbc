"""One spectrum per train out of a European XFEL run."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._axis import AxisKind
from pulsetrain.data._errors import DataError
from pulsetrain.data._lazy import Rows
from pulsetrain.data._run import fingerprint_of_run, require_key, require_source, run_place
from pulsetrain.data._series import Series

__all__ = ["RunRows", "series_of_run"]


class RunRows(Rows):
    """One key of a source, one or several entries per train.

    Parameters
    ----------
    keydata : extra_data.KeyData
    """

    def __init__(self, keydata: Any) -> None:
        self._keydata = keydata.drop_empty_trains()
        self.shape, self.dtype = self._keydata.shape, self._keydata.dtype
        self._ends = np.cumsum(self._keydata.data_counts(labelled=False))  # (train,)

    def read(self, start: int, stop: int) -> NDArray[Any]:
        # EXtra-data slices by trains.
        first = int(np.searchsorted(self._ends, start, side="right"))
        last = int(np.searchsorted(self._ends, stop, side="left")) + 1
        before = int(self._ends[first - 1]) if first else 0
        return np.asarray(self._keydata[first:last].ndarray()[start - before : stop - before])

    def train_ids(self) -> NDArray[np.uint64]:
        return np.asarray(self._keydata.train_id_coordinates(), dtype=np.uint64)


def series_of_run(run: Any, source: str | None, key: str | None) -> Series:
    """Read one vector per train.

    Parameters
    ----------
    run : extra_data.DataCollection
    source, key : str
        Left out, they are found where exactly one key of the run holds vectors.
    """
    place = run_place(run)
    source, key = _which(run, source, key, place)
    keydata = run[source, key]
    entry = keydata.entry_shape
    if len(entry) != 1 or entry[0] < 2 or keydata.dtype.kind not in "iuf":
        got = f"entries of shape {entry}, {keydata.dtype}"
        raise DataError(f"{place}, {source}, {key}", got, "one vector of numbers per train", "choose another key")
    rows = RunRows(keydata)
    if not rows.shape[0]:
        raise DataError(f"{place}, {source}, {key}", "no data in any train", "at least one train", "choose another run")
    train_ids = rows.train_ids()
    if np.unique(train_ids).size != train_ids.size:
        got = f"{train_ids.size} entries in {np.unique(train_ids).size} trains"
        raise DataError(f"{place}, {source}, {key}", got, "one spectrum per train", "open it as frames, or average it")
    digest = fingerprint_of_run(run, [source])
    return Series(
        intensity=rows.dask(f"spectra-{digest}-{source}-{key}"),
        axis=np.arange(entry[0], dtype=np.float64),
        axis_kind=AxisKind("channel", ""),
        order=train_ids.astype(np.float64),
        order_kind=AxisKind("trainId", ""),
        names=[str(train_id) for train_id in train_ids],
        source=place,
        fingerprint=digest,
        units=keydata.units or "",
        further={"trainId": ("spectrum", train_ids)},
    )


def _which(run: Any, source: str | None, key: str | None, place: str) -> tuple[str, str]:
    if source is not None and key is not None:
        require_source(run, source, place)
        return source, require_key(run, source, key, place)
    sources = run.all_sources if source is None else [require_source(run, source, place)]
    vectors = [
        (name, found)
        for name in sorted(sources)
        for found in sorted(run[name].keys())
        if (key is None or found == key) and _holds_vectors(run[name, found])
    ]
    if len(vectors) == 1:
        return vectors[0]
    allowed = "; ".join(f"{name} {found}" for name, found in vectors[:6]) or "a key with one vector per train"
    got = f"{len(vectors)} keys with one vector per train"
    raise DataError(place, got, allowed, "choose one by source= and key=")


def _holds_vectors(keydata: Any) -> bool:
    if re.search("/(DET|CORR)/", keydata.source):
        return False  # a detector module's own status
    # Shorter ones are settings (limits, dimensions of a picture), not spectra.
    return len(keydata.entry_shape) == 1 and keydata.entry_shape[0] >= 64 and keydata.dtype.kind in "iuf"
