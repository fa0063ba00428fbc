"""Frames of a European XFEL run: detectors of several modules, and cameras."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from extra_data import by_index, components
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._frames import IMAGE, MODULES, Frames, arranged
from pulsetrain.data._lazy import Rows
from pulsetrain.data._run import fingerprint_of_run, require_key, require_source, run_place, unreadable_files
from pulsetrain.data._spectra_run import RunRows

__all__ = ["frames_of_run"]


def frames_of_run(run: Any, source: str | None, key: str | None, *, use_mask: bool) -> Frames:
    """Open the frames of a run.

    Parameters
    ----------
    run : extra_data.DataCollection
    source : str, optional
        Detector name or camera source.
    key : str, optional
        Key of a camera.
    """
    place = run_place(run)
    detectors = _detectors(run)
    if source is None and len(detectors) != 1:
        cameras = [name for name in sorted(run.instrument_sources) if _picture_keys(run, name)]
        if detectors or len(cameras) != 1:
            known = ", ".join([*sorted(detectors), *cameras][:8]) or "no detector and no camera"
            got = f"{len(detectors)} detectors and {len(cameras)} cameras"
            raise DataError(place, got, f"one, or source= out of: {known}", _next(detectors, cameras))
        source = cameras[0]
    name = next(iter(detectors)) if source is None else source
    if name in detectors:
        return _of_detector(detectors[name], name, run, place, use_mask=use_mask)
    return _of_camera(run, require_source(run, name, place), key, place)


@dataclass(frozen=True)
class _Layout:
    """Number of frames of each train, and of memory cells that are stored as one entry (1 unless JUNGFRAU)."""

    per_train: NDArray[np.int64]
    cells: int


class _DetectorRows(Rows):
    """Frames of a detector of several modules, as (pattern, module, slow_scan, fast_scan).

    Parameters
    ----------
    keydata : extra_data.components.MultimodKeyData
    layout : _Layout
    plane : int, optional
        0 for the intensity, 1 for the gain, of raw AGIPD data.
    dtype : dtype
        What the values are read as; a float leaves room for NaN in gaps.
    """

    def __init__(self, keydata: Any, layout: _Layout, plane: int | None, dtype: Any) -> None:
        self._keydata, self._cells, self._plane = keydata, layout.cells, plane
        self._ends = np.cumsum(layout.per_train)
        stored = keydata.buffer_shape(module_gaps=True)
        self.shape = (int(self._ends[-1]), stored[0], *stored[-2:])
        self.dtype = np.dtype(dtype)

    @property
    def rows_per_block(self) -> int:
        # A memory cell cannot be read without the others of its train.
        return max(super().rows_per_block // self._cells, 1) * self._cells

    def read(self, start: int, stop: int) -> NDArray[Any]:
        out = np.empty((stop - start, *self.shape[1:]), dtype=self.dtype)
        train = int(np.searchsorted(self._ends, start, side="right"))
        done = start
        while done < stop:
            first = int(self._ends[train - 1]) if train else 0
            last = min(int(self._ends[train]), stop)
            if last > done:
                out[done - start : last - start] = self._of_train(train, done - first, last - first)
                done = last
            train += 1
        return out

    def _of_train(self, train: int, start: int, stop: int) -> NDArray[Any]:
        part = self._keydata.select_trains(by_index[train : train + 1])
        if self._keydata.key.startswith("data."):  # JUNGFRAU
            whole = part.ndarray(module_gaps=True, astype=self.dtype)[:, 0]  # (module, cell, ss, fs)
            return np.moveaxis(whole[:, start:stop], 0, 1)
        roi = () if self._plane is None else (self._plane,)
        frames = part.select_pulses(by_index[start:stop]).ndarray(module_gaps=True, roi=roi, astype=self.dtype)
        return np.moveaxis(frames.reshape(frames.shape[0], -1, *self.shape[-2:]), 0, 1)


def _of_detector(kind: Any, name: str, run: Any, place: str, *, use_mask: bool) -> Frames:
    detector, raw = _opened(kind, run, name, place)
    digest = fingerprint_of_run(run, detector.source_to_modno)
    keydata = detector[_main_key(kind)]
    entry_shape = run[next(iter(detector.source_to_modno)), _main_key(kind)].entry_shape
    cells = entry_shape[0] if kind is components.JUNGFRAU else 1
    has_plane = kind is not components.JUNGFRAU and entry_shape[:-2] == (2,)
    has_mask = use_mask and f"{_main_key(kind).partition('.')[0]}.mask" in detector

    modules = np.arange(detector.n_modules) + (kind is components.JUNGFRAU)
    missing = sorted(set(modules.tolist()) - set(keydata.modules))
    gaps = bool(missing) or not keydata.data_availability().all()
    dtype = np.result_type(keydata.dtype, np.float32) if gaps or has_mask else keydata.dtype

    layout = _Layout(np.asarray(detector.frame_counts, dtype=np.int64) * cells, cells)
    token = f"{digest}-{name}-{'raw' if raw else 'proc'}-{'masked' if has_mask else 'all'}"
    rows = _DetectorRows(detector.masked_data() if has_mask else keydata, layout, 0 if has_plane else None, dtype)
    coords: dict[str, Any] = {"module": ("module", modules), **_ids(keydata, cells)}
    if has_plane:
        coords["gain"] = (MODULES, _DetectorRows(keydata, layout, 1, keydata.dtype).dask(f"gain-{token}"))
    elif raw and "data.gain" in detector:
        gain = detector["data.gain"]
        coords["gain"] = (MODULES, _DetectorRows(gain, layout, None, gain.dtype).dask(f"gain-{token}"))
    attrs = {"detector": name, "data": "raw" if raw else "proc"}
    if missing:
        attrs["missing_modules"] = ", ".join(map(str, missing))
    if unread := unreadable_files(run, place):
        attrs["unreadable_files"] = ", ".join(unread)
    units = _units(kind, keydata.dtype, raw=raw)
    return Frames(rows.dask(f"frames-{token}"), MODULES, place, digest, units, coords, attrs)


def _ids(keydata: Any, cells: int) -> dict[str, Any]:
    train_ids = np.asarray(keydata.train_id_coordinates(), dtype=np.uint64)
    if not hasattr(keydata, "pulse_id_coordinates"):
        # JUNGFRAU records memory cells, no pulse numbers.
        return {"trainId": ("pattern", np.repeat(train_ids, cells))}
    ids = {"trainId": train_ids, "pulseId": keydata.pulse_id_coordinates(), "cellId": keydata.cell_id_coordinates()}
    return {name: ("pattern", np.asarray(values)) for name, values in ids.items()}


def _units(kind: Any, dtype: np.dtype[Any], *, raw: bool) -> str:
    if raw:
        return "ADU"
    if dtype.kind in "iu":
        return "photons"
    # The correction of LPD and JUNGFRAU ends in photon energy, that of AGIPD and DSSC in high-gain ADU.
    return "keV" if kind.__name__.startswith(("LPD", "JUNGFRAU")) else "ADU"


def _of_camera(run: Any, source: str, key: str | None, place: str) -> Frames:
    keys = _picture_keys(run, source)
    if key is None and len(keys) != 1:
        known = ", ".join(keys) or "none"
        raise DataError(f"{place}, {source}", f"{len(keys)} keys with pictures ({known})", "one", "choose by key=")
    key = keys[0] if key is None else require_key(run, source, key, place)
    keydata = run[source, key]
    if len(keydata.entry_shape) != 2:
        raise DataError(f"{place}, {source}, {key}", f"entries of shape {keydata.entry_shape}", "pictures", "see key=")
    rows = RunRows(keydata)
    if not rows.shape[0]:
        raise DataError(f"{place}, {source}, {key}", "no data in any train", "at least one train", "choose another run")
    digest = fingerprint_of_run(run, [source])
    array, dims, _ = arranged(rows.dask(f"frames-{digest}-{source}-{key}"), IMAGE, place)
    coords = {"trainId": ("pattern", rows.train_ids())}
    pulses = f"{key.rpartition('.')[0]}.pulseId"
    if pulses in run[source]:
        coords["pulseId"] = ("pattern", RunRows(run[source, pulses])[:])
    return Frames(array, dims, place, digest, keydata.units or "ADU", coords, {"detector": source})


def _detectors(run: Any) -> dict[str, Any]:
    """Return the detectors of several modules that the run has, by name, with EXtra-data's class for each."""
    return dict(components.identify_multimod_detectors(run))


def _opened(kind: Any, run: Any, name: str, place: str) -> tuple[Any, bool]:
    """Open a detector; corrected data are preferred. Returns it and whether it is raw."""
    sources = [source for source in run.instrument_sources if source.startswith(f"{name}/")]
    corrected = [source for source in sources if source.startswith(f"{name}/CORR/")]
    modules = [source for source in sources if source.startswith(f"{name}/DET/")]
    raw = not corrected and _is_raw(run[modules[0], _main_key(kind)], kind)
    try:
        return kind(run, name, raw=raw), raw
    except ValueError as error:
        raise DataError(f"{place}, {name}", str(error), "modules that agree", "check the run") from None


def _main_key(kind: Any) -> str:
    return "data.adc" if kind is components.JUNGFRAU else "image.data"


def _is_raw(keydata: Any, kind: Any) -> bool:
    # Before 2026 corrected data had the names of the raw ones. Raw pictures of the pulse-resolved detectors have a
    # further axis (of 2 with AGIPD: data and gain); JUNGFRAU's have the same shape, but are whole numbers.
    return bool(keydata.dtype.kind in "iu" if kind is components.JUNGFRAU else len(keydata.entry_shape) == 3)


def _picture_keys(run: Any, source: str) -> list[str]:
    keys = run[source].keys() if source in run.instrument_sources else []
    return [key for key in sorted(keys) if len(run[source, key].entry_shape) == 2 and "mask" not in key]


def _next(detectors: dict[str, Any], cameras: list[str]) -> str:
    return "choose by source=" if detectors or cameras else "is it in data='raw'? Else choose another run"
