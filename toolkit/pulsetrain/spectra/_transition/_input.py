"""What the estimator is given, checked and brought into one form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.spectra.labels import as_labels, parse_labels
from pulsetrain.spectra.ordering import check_order

Floats = NDArray[np.float64]

# Less of a series than this, and no statement about a switch in it can be made.
FEWEST_SPECTRA = 6
FEWEST_CHANNELS = 4


@dataclass(frozen=True)
class Series:
    """A checked series.

    Attributes
    ----------
    intensity : numpy.ndarray, (spectrum, channel)
        No NaN: missing points are interpolated along the axis, missing spectra along the series.
    progress : numpy.ndarray, (spectrum,)
        The ordering variable, rising from 0 to 1; the drift is taken to be smooth in it.
    last_before, first_after : int
        Edges of the unlabelled gap.
    rising : bool
        Whether class 1 is the phase at the end.
    signed : bool
        Whether the data are no counts, such as G(r): they are then not divided by their total.
    flags : tuple of str
        What had to be mended.
    """

    intensity: Floats
    progress: Floats
    last_before: int
    first_after: int
    rising: bool
    signed: bool
    flags: tuple[str, ...]


def read(series: Any, labels: Any) -> Series:
    """Check a series and its labels; raise one ValueError that says what to change."""
    data = _array(series)
    values = np.asarray(data.values, dtype=float)
    if values.ndim != 2 or values.shape[0] < FEWEST_SPECTRA or values.shape[1] < FEWEST_CHANNELS:
        raise ValueError(
            f"series: got shape {values.shape}, needed (spectrum, channel) with at least {FEWEST_SPECTRA} spectra and "
            f"{FEWEST_CHANNELS} channels; pass the whole series, labelled or not"
        )
    check_order(data)
    filled, flags = _fill(values)
    known = parse_labels(labels, data) if isinstance(labels, str) else as_labels(labels, len(values))
    before, after, rising = _gap(known)
    return Series(
        intensity=filled,
        progress=_progress(data, len(values)),
        last_before=before,
        first_after=after,
        rising=rising,
        # Counts never fall far below nought; a background taken off leaves small negative values.
        signed=bool(filled.min() < -0.1 * filled.max() or filled.sum(axis=1).min() <= 0),
        flags=flags,
    )


def _array(series: Any) -> xr.DataArray:
    if isinstance(series, xr.Dataset):
        if "intensity" not in series:
            raise ValueError(f"series: got a Dataset with {list(series)}, needed `intensity`; pass one of its arrays")
        series = series["intensity"]
    if isinstance(series, xr.DataArray):
        return series.transpose("spectrum", "channel") if set(series.dims) == {"spectrum", "channel"} else series
    values = np.asarray(series, dtype=float)
    return xr.DataArray(values, dims=("spectrum", "channel") if values.ndim == 2 else None)


def _fill(values: Floats) -> tuple[Floats, tuple[str, ...]]:
    """Interpolate over what is missing."""
    missing = ~np.isfinite(values)
    if not missing.any():
        return values, ()
    channels = ~missing.all(axis=0)
    rows = np.mean(missing[:, channels], axis=1) < 0.5 if channels.any() else np.zeros(len(values), dtype=bool)
    if rows.sum() < FEWEST_SPECTRA or channels.sum() < FEWEST_CHANNELS:
        raise ValueError(
            f"series: {missing.mean():.0%} of the points are NaN, too few spectra are left; mask fewer channels or "
            "leave the empty spectra out"
        )
    place = np.arange(values.shape[1])
    filled = values.copy()
    for row in np.flatnonzero(rows & missing.any(axis=1)):
        good = ~missing[row]
        filled[row, ~good] = np.interp(place[~good], place[good], values[row, good])
    kept = np.flatnonzero(rows)
    for row in np.flatnonzero(~rows):
        near = int(np.clip(np.searchsorted(kept, row), 1, len(kept) - 1))
        left, right = kept[near - 1], kept[near]
        share = np.clip((row - left) / (right - left), 0, 1)
        filled[row] = (1 - share) * filled[left] + share * filled[right]
    if rows.all():
        return filled, ()
    return filled, (f"{(~rows).sum()} spectra are empty and were interpolated",)


def _gap(labels: NDArray[np.int64]) -> tuple[int, int, bool]:
    """Return the last labelled spectrum of the first phase, the first of the second, and whether class 1 is second."""
    zero, one = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    rising = bool(zero.mean() < one.mean())
    first, second = (zero, one) if rising else (one, zero)
    if first.max() > second.min():
        raise ValueError(
            f"labels: spectra {first.max()} and {second.min()} are out of turn, needed one switch from class "
            f"{labels[first[0]]} to class {labels[second[0]]}; take back one of the two or cut the series"
        )
    return int(first.max()), int(second.min()), rising


def _progress(data: xr.DataArray, count: int) -> Floats:
    """Return the ordering variable from 0 to 1, or the spectrum's number where it is no such variable."""
    index = np.linspace(0.0, 1.0, count)
    if "order" not in data.coords or data["order"].dims != ("spectrum",):
        return index
    try:
        order = data["order"].values.astype(float)
    except (TypeError, ValueError):
        return index
    step = np.diff(order)
    # A pause of the beam makes a train number jump where the sample did not: then the spectra are counted.
    if not np.isfinite(order).all() or not (np.all(step > 0) or np.all(step < 0)):
        return index
    if np.abs(step).max() > 20 * np.median(np.abs(step)):
        return index
    return np.asarray((order - order[0]) / (order[-1] - order[0]))
