"""What every reader of spectra hands over, before it is labelled."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._axis import AxisKind

__all__ = ["Series"]


@dataclass(frozen=True)
class Series:
    """A series of spectra.

    Attributes
    ----------
    intensity : (spectrum, channel) array, NumPy or dask
    axis : (channel,) float64
    axis_kind : AxisKind
    order : (spectrum,) float64 or int
        The ordering variable.
    order_kind : AxisKind
        What it measures.
    names : list of str
        File name, trainId or number of each spectrum.
    source : str
        The file or folder.
    fingerprint : str
    long_name, units : str
        Of the intensity.
    further : dict
        Further coordinates, in xarray's form.
    """

    intensity: Any
    axis: NDArray[np.float64]
    axis_kind: AxisKind
    order: NDArray[Any]
    order_kind: AxisKind
    names: list[str]
    source: str
    fingerprint: str
    long_name: str = "intensity"
    units: str = ""
    further: dict[str, Any] = field(default_factory=dict)
