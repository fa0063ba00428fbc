"""The ordering variable of a series – temperature, pressure, time – and its value at a boundary."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

__all__ = ["order_at", "order_name"]


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


def order_at(series: xr.DataArray | xr.Dataset, place: ArrayLike) -> NDArray[np.float64]:
    """Return the ordering variable at places between spectra, linearly interpolated; NaN at NaN.

    Parameters
    ----------
    series : xarray.DataArray or Dataset, with the coordinate ``order`` (spectrum,)
    place : array of float, spectra, counted from 0
    """
    order = np.asarray(series.coords["order"].values, dtype=float)
    return np.asarray(np.interp(place, np.arange(order.size), order), dtype=float)
