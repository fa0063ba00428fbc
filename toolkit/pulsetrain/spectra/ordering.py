"""The ordering variable of a series – temperature, pressure, time – and its value at a boundary."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

__all__ = ["check_order", "order_at", "order_name"]

_WAVERING = 0.05  # of the whole span: what a sensor's noise or a regulator's overshoot turns back at most


def order_name(series: xr.DataArray | xr.Dataset) -> str:
    """Return name and unit of the ordering variable, such as ``"temperature (K)"``.

    Empty where a series has none that says more than the place in it.
    """
    order = series.coords.get("order")
    if order is None or order.dims != ("spectrum",) or not np.issubdtype(order.dtype, np.number):
        return ""
    if np.array_equal(order.values, np.arange(order.size)):
        return ""
    name, unit = str(order.attrs.get("long_name", "order")), str(order.attrs.get("units", ""))
    return f"{name} ({unit})" if unit else name


def check_order(series: xr.DataArray | xr.Dataset) -> None:
    """Refuse a series whose ordering variable turns back, as one that was shuffled or ramped up and down again.

    A boundary is a place in an ordered series: in another sequence it means nothing.

    Raises
    ------
    ValueError
        If the variable turns back by more than a twentieth of its span; says where.
    """
    if not order_name(series):
        return
    order = np.asarray(series.coords["order"].values, dtype=float)
    kept = np.flatnonzero(np.isfinite(order))
    if kept.size < 3:
        return
    rising = order[kept] if order[kept[-1]] >= order[kept[0]] else -order[kept]
    back = np.maximum.accumulate(rising) - rising
    worst = int(np.argmax(back))
    if back[worst] <= _WAVERING * np.ptp(rising):
        return
    furthest = int(np.argmax(rising[: worst + 1]))
    first, last = kept[furthest], kept[worst]
    raise ValueError(
        f"series: {order_name(series)} turns back, from {order[first]:g} at spectrum {first} to {order[last]:g} at "
        f"spectrum {last}, needed a series in order; sort it by series.sortby('order'), "
        "cut it where it turns, or, if the sequence itself is the order, take series.drop_vars('order')"
    )


def order_at(series: xr.DataArray | xr.Dataset, place: ArrayLike) -> NDArray[np.float64]:
    """Return the ordering variable at places between spectra, linearly interpolated; NaN at NaN.

    Parameters
    ----------
    series : xarray.DataArray or Dataset, with the coordinate ``order`` (spectrum,)
    place : array of float, spectra, counted from 0
    """
    order = np.asarray(series.coords["order"].values, dtype=float)
    return np.asarray(np.interp(np.asarray(place, dtype=float), np.arange(order.size), order), dtype=np.float64)
