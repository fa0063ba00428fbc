"""One file of a run: a module of a pulse-resolved detector, or the frame that all files share.

EXtra-data has no public writer. Index, metadata and the skeleton of a detector module come from the classes by which it
makes the runs of its own tests (``extra_data.tests.mockdata``); this is the only module that touches them. What they
lack – values, and train IDs of one's own – is filled in here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr
from extra_data.tests.mockdata import base, detectors
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError

__all__ = ["ModuleFile", "Trains", "run_file"]

_FORMAT = "1.0"
# Trains come ten times a second; the first at a fixed time, so that the same input gives the same file.
_FIRST_TIME_NS = 1_600_000_000 * 10**9
_DATE = b"20200913T122640Z"
_PERIOD_NS = 10**8
# Frames written at once: 16 MiB of AGIPD modules.
_BATCH = 64


@dataclass(frozen=True)
class Trains:
    """The trains of a run: their IDs, rising."""

    ids: NDArray[np.uint64]

    def counts(self, train_ids: NDArray[Any], place: str) -> NDArray[np.uint64]:
        """Return the number of entries of each train; entries must be sorted and of trains of the run."""
        unknown = np.setdiff1d(train_ids, self.ids)
        if unknown.size:
            raise DataError(place, f"train {unknown[0]}", f"one of {self.ids[0]} … {self.ids[-1]}", "give train_ids")
        if (np.diff(train_ids.astype(np.int64)) < 0).any():
            raise DataError(place, "trains out of order", "trainId that never falls", "sort by trainId")
        firsts = np.searchsorted(train_ids, self.ids)
        ends = np.searchsorted(train_ids, self.ids, side="right")
        return (ends - firsts).astype(np.uint64)


@contextmanager
def run_file(path: Path, trains: Trains, sources: Sequence[str]) -> Iterator[Any]:
    """Open a new file with index and metadata; `sources` as the metadata lists them (``INSTRUMENT/…``)."""
    with h5py.File(path, "w") as file:
        file.create_group("RUN")
        base.write_base_index(file, len(trains.ids), chunksize=1, format_version=_FORMAT)
        file["INDEX/trainId"][:] = trains.ids
        file["INDEX/timestamp"][:] = _FIRST_TIME_NS + np.arange(len(trains.ids), dtype=np.uint64) * _PERIOD_NS
        base.write_metadata(file, list(sources), chunksize=1, format_version=_FORMAT)
        for date in ("creationDate", "updateDate"):
            file[f"METADATA/{date}"][:] = _DATE
        file["METADATA/proposalNumber"][:] = _proposal(path)
        yield file


def _proposal(path: Path) -> int:
    """Return the proposal number that the path names (``p900100/proc/r0007/…``), or the facility's test proposal."""
    named = [re.fullmatch(r"p(\d{1,6})", part) for part in path.parts[:-1]]
    return next((int(match.group(1)) for match in named if match), 700000)


@dataclass(frozen=True)
class ModuleFile:
    """Frames of one module.

    Attributes
    ----------
    kind : {'AGIPD', 'LPD', 'DSSC'}
    detector, label, number
        ``SPB_DET_AGIPD1M-1``, ``AGIPD03`` (of the file name) and 3.
    frames : xarray.DataArray, dims (pattern, slow_scan, fast_scan)
    ids : dict of (pattern,) arrays
        trainId, pulseId and cellId.
    counts : (train,) uint64
    raw : bool
    """

    kind: str
    detector: str
    label: str
    number: int
    frames: xr.DataArray
    ids: dict[str, NDArray[Any]]
    counts: NDArray[np.uint64]
    raw: bool

    def write(self, path: Path, trains: Trains) -> None:
        """Write the file, a batch of frames at a time."""
        skeleton = getattr(detectors, f"{self.kind}Module")
        device = skeleton(f"{self.detector}/DET/{self.number}CH0", frames_per_train=self.counts, raw=self.raw)
        device.ntrains, device.chunksize = len(trains.ids), 1
        with run_file(path, trains, list(device.datasource_ids())) as file:
            device.write_instrument(file)
            source = file[f"INSTRUMENT/{device.device_id}:xtdf"]
            self._fill_ids(source, trains)
            self._fill_frames(source["image"])

    def _fill_ids(self, source: Any, trains: Trains) -> None:
        for part in ("detector", "header", "trailer"):
            source[f"{part}/trainId"][:] = trains.ids
        source["header/pulseCount"][:] = self.counts
        for name, values in self.ids.items():
            dataset = source[f"image/{name}"]
            dataset[...] = values.reshape(dataset.shape)

    def _fill_frames(self, image: Any) -> None:
        for start in range(0, self.frames.shape[0], _BATCH):
            part = slice(start, start + _BATCH)
            values = self.frames[part].values
            if self.raw:
                image["data"][part, 0] = values
                if self.kind == "AGIPD" and "gain" in self.frames.coords:
                    image["data"][part, 1] = self.frames["gain"][part].values
            else:
                image["data"][part] = values
                image["mask"][part] = np.isnan(values)
