"""Chosen pulses read back from a run: another list of pulses in each train."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from dask.base import tokenize
from numpy.typing import NDArray

from pulsetrain.data import DataError, open_frames
from pulsetrain.data._inputs import PathLike
from pulsetrain.data._lazy import Rows
from pulsetrain.data._run import RunPath, is_run, open_run

__all__ = ["KEYS", "read_selected"]

KEYS = ("trainId", "pulseId")


def read_selected(
    run: PathLike | Sequence[PathLike] | RunPath,
    pulses: pd.DataFrame,
    *,
    source: str | None = None,
    key: str | None = None,
    data: str = "proc",
    mask: bool = True,
) -> xr.DataArray:
    """Read chosen patterns back, without the others.

    EXtra-data's ``select_pulses`` takes the same pulses of every train; here each train has its own. Of AGIPD, LPD and
    DSSC nothing but the chosen pulses is read; of other detectors, cameras and files, nothing but the trains with one.

    Parameters
    ----------
    run, source, key, data, mask
        As for `pulsetrain.open_frames`.
    pulses : pandas.DataFrame
        Columns ``trainId`` and ``pulseId``, or ``trainId`` alone for all pulses of these trains, as `chosen_pulses` and
        `read_pulses` give them.

    Returns
    -------
    xarray.DataArray, dims as of `pulsetrain.open_frames`
        Lazy, in the order of the run, each pattern once.

    Raises
    ------
    DataError
        For pulses that the run does not have, and what `pulsetrain.open_frames` refuses.

    Examples
    --------
    >>> single = read_selected((900100, 12), chosen_pulses(result), source="SPB_DET_AGIPD1M-1")   # doctest: +SKIP
    """
    frames = open_frames(run, source=source, key=key, data=data, mask=mask)
    names = [name for name in KEYS if name in pulses and name in frames.coords]
    if "trainId" not in names or ("pulseId" in pulses and len(names) < 2):
        known = ", ".join(name for name in KEYS if name in frames.coords) or "neither"
        got = f"a table of {', '.join(map(str, pulses.columns)) or 'no columns'} for frames with {known}"
        raise DataError("pulses", got, "trainId, and pulseId where there are several", "see chosen_pulses")
    index = _places(frames, pulses, names)
    keydata = _keydata(run, frames, mask=mask) if is_run(run) else None
    rows = _SelectedRows(frames, index, keydata)
    chosen = frames.isel(pattern=index)
    return chosen.copy(data=rows.dask(f"selected-{tokenize(frames.data.name, index)}"))


def _places(frames: xr.DataArray, pulses: pd.DataFrame, names: Sequence[str]) -> NDArray[np.int64]:
    """Return where in the frames the pulses are."""
    own = pd.DataFrame({name: frames[name].to_numpy().astype(np.int64) for name in names})
    wanted = pulses[list(names)].astype(np.int64).drop_duplicates()
    found = own.reset_index().merge(wanted, how="right", on=list(names), indicator=True)
    if (missing := found["_merge"] == "right_only").any():
        first = ", ".join(f"{name} {value}" for name, value in found.loc[missing, list(names)].iloc[0].items())
        raise DataError("pulses", f"{first}, which the run does not have", "pulses of this run", "open the right run")
    return np.sort(found["index"].to_numpy(dtype=np.int64))


def _keydata(run: Any, frames: xr.DataArray, *, mask: bool) -> Any:
    """Return EXtra-data's access to a detector that is read pulse by pulse; None for others."""
    from extra_data import components

    opened = open_run(run, str(frames.attrs.get("data", "proc")))
    name = frames.attrs.get("detector")
    kind = dict(components.identify_multimod_detectors(opened)).get(name)
    if kind is None or not issubclass(kind, components.XtdfDetectorBase):
        return None
    detector = kind(opened, name, raw=frames.attrs["data"] == "raw")
    return detector.masked_data() if mask and "image.mask" in detector else detector["image.data"]


class _SelectedRows(Rows):
    """Chosen patterns of frames, read train by train."""

    def __init__(self, frames: xr.DataArray, index: NDArray[np.int64], keydata: Any) -> None:
        self._stored, self._index, self._keydata = frames.data, index, keydata
        trains = frames["trainId"].to_numpy()
        self._trains = trains[index]
        self._firsts = np.searchsorted(trains, self._trains)  # of the train of each chosen pattern
        self.shape, self.dtype = (len(index), *frames.shape[1:]), frames.dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        trains = self._trains[start:stop]
        cuts = [0, *(np.flatnonzero(np.diff(trains)) + 1), len(trains)]
        out = np.empty((stop - start, *self.shape[1:]), dtype=self.dtype)
        for a, b in itertools.pairwise(cuts):
            if b > a:
                out[a:b] = self._of_train(start + a, start + b)
        return out

    def _of_train(self, start: int, stop: int) -> NDArray[Any]:
        index = self._index[start:stop]
        if self._keydata is None:
            span = self._stored[index[0] : index[-1] + 1]
            return np.asarray(span.compute(scheduler="synchronous")[index - index[0]])
        from extra_data import by_id, by_index

        train = self._keydata.select_trains(by_id[[int(self._trains[start])]])
        chosen = train.select_pulses(by_index[index - self._firsts[start]])
        roi = (0,) if len(chosen.buffer_shape()) == len(self.shape) + 1 else ()  # intensity and gain of raw AGIPD
        frames = chosen.ndarray(module_gaps=True, roi=roi, astype=self.dtype)
        return np.asarray(np.moveaxis(frames.reshape(frames.shape[0], -1, *self.shape[-2:]), 0, 1))
