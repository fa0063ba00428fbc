"""What the figures of a series say on their axes, and how a series is cut down to a screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

import numpy as np
import xarray as xr
from bokeh.models import FixedTicker, LinearAxis
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "Labels",
    "Scale",
    "as_seen",
    "axis_label",
    "binned",
    "colour_span",
    "interval",
    "marked",
    "number",
    "order_axis",
    "said",
    "with_unit",
]

Floats = NDArray[np.float64]
Labels = ArrayLike | Mapping[int, int] | None
Scale = Literal["linear", "sqrt", "log"]

_EACH = 15  # spectra whose ordering values have room side by side
_COLUMNS, _ROWS = 800, 600  # more than a notebook's width shows


def axis_label(coordinate: xr.DataArray) -> str:
    """Return a coordinate's name with its unit, such as ``"2θ (deg)"``."""
    return with_unit(str(coordinate.attrs.get("long_name", coordinate.name)), coordinate)


def with_unit(name: str, values: xr.DataArray) -> str:
    """Return a name with the unit of what it names, where that has one."""
    unit = str(values.attrs.get("units", ""))
    return f"{name} ({unit})" if unit else name


def order_axis(series: xr.DataArray) -> LinearAxis | None:
    """Return a second axis that reads the ordering variable beside the spectrum index; None if it is the index.

    Values of the ordering variable are printed at spectra evenly spaced by index, for they need be neither evenly
    spaced nor rising.
    """
    order = np.asarray(series["order"], dtype=float) if "order" in series.coords else np.arange(len(series))
    if np.array_equal(order, np.arange(len(order))):
        return None
    count = len(order)
    at = np.arange(count) if count <= _EACH else np.linspace(0, count - 1, 9).round().astype(int)
    spread = np.ptp(order) or 1.0
    digits = max(0, 2 - int(np.floor(np.log10(spread))))
    return LinearAxis(
        axis_label=axis_label(series["order"]),
        ticker=FixedTicker(ticks=at.tolist()),
        major_label_overrides={int(i): f"{order[i]:.{digits}f}" for i in at},
    )


def binned(values: Floats, rows: int = _ROWS, columns: int = _COLUMNS) -> Floats:
    """Return the means over equal blocks, at most `rows` × `columns`; a last, shorter block counts as one."""
    for dimension, limit in enumerate((rows, columns)):
        step = -(-values.shape[dimension] // limit)
        if step > 1:
            starts = np.arange(0, values.shape[dimension], step)
            sizes = np.diff(np.append(starts, values.shape[dimension]))
            shape = (-1, 1) if dimension == 0 else (1, -1)
            values = np.add.reduceat(values, starts, axis=dimension) / sizes.reshape(shape)
    return values


def as_seen(values: Floats, scale: Scale) -> Floats:
    """Return intensities as the eye is to see them; signed data keep their sign.

    The logarithm is that of 1 plus the value over a hundredth of the greatest, so that zero and negative values have
    a place.
    """
    if scale == "sqrt":
        return np.asarray(np.sign(values) * np.sqrt(np.abs(values)))
    if scale == "log":
        floor = 0.01 * float(np.nanmax(np.abs(values))) or 1.0
        return np.asarray(np.sign(values) * np.log1p(np.abs(values) / floor))
    if scale != "linear":
        raise ValueError(f"scale: got {scale!r}, allowed {', '.join(get_args(Scale))}")
    return values


def colour_span(seen: Floats) -> tuple[float, float, bool]:
    """Return the intensities at both ends of the colours, and whether the data are signed: then 0 is in the middle."""
    low, high = (float(edge) for edge in np.nanpercentile(seen, (0.5, 99.8)))
    signed = low < -0.05 * high
    if signed:
        high = max(-low, high)
        low = -high
    return low, high if high > low else low + 1.0, signed


def marked(labels: Labels, count: int) -> NDArray[np.int64]:
    """Return one label a spectrum, −1 where there is none; unlike for training, a class may still be missing."""
    values = np.full(count, -1)
    if isinstance(labels, Mapping):
        values[list(labels)] = list(labels.values())
    elif labels is not None:
        values[:] = labels
    return values


def number(dataset: xr.Dataset | None, name: str) -> float:
    """Return a scalar of a result, NaN where it has none."""
    return float(dataset[name]) if dataset is not None and name in dataset else float("nan")


def interval(dataset: xr.Dataset | None, name: str = "boundary_interval") -> tuple[float, float] | None:
    """Return both ends of a result's interval, or None where it has none."""
    if dataset is None or name not in dataset:
        return None
    low, high = (float(end) for end in np.asarray(dataset[name]))
    return (low, high) if np.isfinite([low, high]).all() else None


def said(series: xr.DataArray, index: float) -> str:
    """Return the ordering variable at a fractional index in words, such as ``"728 K"``; empty if it is the index."""
    if "order" not in series.coords or not np.isfinite(index):
        return ""
    order = np.asarray(series["order"], dtype=float)
    if np.array_equal(order, np.arange(len(order))):
        return ""
    value = np.interp(index, np.arange(len(order)), order)
    return f"{value:.4g} {series['order'].attrs.get('units', '')}".strip()
