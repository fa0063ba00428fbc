"""Markers on a detector image."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError

__all__ = ["Marker", "Overlay", "as_places"]

Marker = Literal["square", "circle", "cross", "plus", "diamond"]

_NAMES = (("x", "y"), ("fast_scan", "slow_scan"), ("peak_fast_scan", "peak_slow_scan"))


@dataclass(frozen=True)
class Overlay:
    """Places that share a marker.

    Attributes
    ----------
    name : str
        By which it is set anew or taken away.
    places : numpy.ndarray, shape (place, 2), float32, pixels
        x and y in the frame, a pixel's centre being at + 0.5.
    marker : Marker
    colour : str
        Of CSS and matplotlib: ``"#rrggbb"``.
    label : str
        What the legend calls it.
    """

    name: str
    places: NDArray[np.float32]
    marker: Marker
    colour: str
    label: str

    def __post_init__(self) -> None:
        if self.marker not in get_args(Marker):
            raise DataError("marker", repr(self.marker), ", ".join(get_args(Marker)), "choose one of them")

    def message(self) -> tuple[dict[str, Any], list[memoryview]]:
        """Return content and buffers of the message."""
        content = {
            "kind": "overlay", "name": self.name, "label": self.label, "marker": self.marker, "colour": self.colour,
        }  # fmt: skip
        return content, [self.places.reshape(-1).view(np.uint8).data]


def as_places(places: Any) -> NDArray[np.float32]:
    """Return x and y of each place, shape (place, 2).

    Parameters
    ----------
    places : array_like, shape (place, 2), x and y in pixels; or xarray.Dataset
        A dataset has ``x`` and ``y``, or the ``fast_scan`` and ``slow_scan`` of a frame that is one module.

    Raises
    ------
    DataError
        If they are anything else.
    """
    if isinstance(places, xr.Dataset):
        found = next((pair for pair in _NAMES if set(pair) <= set(places.variables)), None)
        if found is None:
            got = f"a dataset of {', '.join(map(str, places.variables))}"
            raise DataError("places", got, "one with x and y, or fast_scan and slow_scan", "rename its variables")
        places = np.stack([np.asarray(places[name], dtype=float) for name in found], axis=-1)
    values = np.asarray(list(places) if isinstance(places, Iterable) else places, dtype=np.float32)
    if values.size == 0:
        return np.zeros((0, 2), np.float32)
    if values.ndim != 2 or values.shape[1] != 2:
        raise DataError("places", f"shape {values.shape}", "(place, 2): x and y", "give a row for each place")
    return np.ascontiguousarray(values[np.isfinite(values).all(axis=1)])
