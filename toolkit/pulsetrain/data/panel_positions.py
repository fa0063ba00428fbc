"""From places on panels to pixels of the data and back, to the laboratory, and on to reciprocal space."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry, Panel

__all__ = ["panels_of_pixels", "pixels_of_panels", "places_of_panels", "scattering_vectors"]


def pixels_of_panels(
    geometry: CrystFELGeometry, panel: NDArray[np.str_], slow: NDArray[np.floating], fast: NDArray[np.floating]
) -> NDArray[np.int64]:
    """Return the pixel in which each place lies.

    Parameters
    ----------
    geometry : CrystFELGeometry
    panel : numpy.ndarray of str, shape (place,)
    slow, fast : numpy.ndarray, shape (place,), pixels
        In the data of the panel's module, as a stream gives them; what lies beyond the panel's edge counts to its
        outermost pixel.

    Returns
    -------
    numpy.ndarray of int64, shape (place,)
        Flat index into the data of one pattern.

    Raises
    ------
    DataError
        For a panel that the geometry does not have.
    """
    known, which = _known_panels(geometry, panel)
    strides = np.array([int(np.prod(geometry.shape[k + 1 :])) for k in range(len(geometry.shape))])
    rows = np.array([_row(one, strides) for one in known], dtype=np.int64).reshape(-1, 7)[which]
    first_slow, last_slow, first_fast, last_fast, base, slow_stride, fast_stride = rows.T
    s = np.clip(np.floor(slow), first_slow, last_slow).astype(np.int64)
    f = np.clip(np.floor(fast), first_fast, last_fast).astype(np.int64)
    pixel: NDArray[np.int64] = base + s * slow_stride + f * fast_stride
    return pixel


def places_of_panels(
    geometry: CrystFELGeometry, panel: NDArray[np.str_], slow: NDArray[np.floating], fast: NDArray[np.floating]
) -> NDArray[np.float64]:
    """Return x, y, z of each place in metres, shape (place, 3), and the same arguments as `pixels_of_panels`."""
    known, which = _known_panels(geometry, panel)
    if not known:
        return np.zeros((0, 3))
    first = np.array([one.first for one in known])[which]
    fs, ss, corner = (np.array([getattr(one, name) for one in known])[which] for name in ("fs", "ss", "corner"))
    z, res = (
        np.array(values)[which] for values in zip(*((p.clen + p.coffset, p.resolution) for p in known), strict=True)
    )
    places: NDArray[np.float64] = (fast - first[:, 1])[:, None] * fs + (slow - first[:, 0])[:, None] * ss  # pixels
    places[:, :2] += corner
    places /= res[:, None]
    places[:, 2] += z
    return places


def scattering_vectors(places: NDArray[np.floating], wavelength: float) -> NDArray[np.float64]:
    """Return q = s_out − s_in of what is scattered to places in the laboratory; |s| = 1/λ, no factor 2π.

    Parameters
    ----------
    places : numpy.ndarray, shape (place, 3), metres
        From the interaction point, z along the beam.
    wavelength : float, Å

    Returns
    -------
    numpy.ndarray, shape (place, 3), 1/Å
    """
    directions = places / np.linalg.norm(places, axis=1, keepdims=True)
    q: NDArray[np.float64] = (directions - [0.0, 0.0, 1.0]) / wavelength
    return q


def panels_of_pixels(geometry: CrystFELGeometry, pixel: NDArray[np.integer]) -> NDArray[np.str_]:
    """Return the name of the panel that each pixel of the data belongs to; empty where it is none's."""
    owner = np.zeros(geometry.shape, dtype=np.int32)
    for number, panel in enumerate(geometry.panels, start=1):
        owner[panel.place] = number
    names = np.array(["", *(panel.name for panel in geometry.panels)], dtype=str)
    found: NDArray[np.str_] = names[owner.ravel()[pixel]]
    return found


def _known_panels(geometry: CrystFELGeometry, panel: NDArray[np.str_]) -> tuple[list[Panel], NDArray[np.intp]]:
    names, which = np.unique(panel, return_inverse=True)
    by_name = {one.name: one for one in geometry.panels}
    if strange := [str(name) for name in names if name not in by_name]:
        allowed = f"panels of the geometry ({', '.join(list(by_name)[:4])} …)"
        raise DataError("peaks", f"a panel {strange[0]!r}", allowed, "give the geometry that the stream was made with")
    return [by_name[str(name)] for name in names], which


def _slices(panel: Panel) -> list[tuple[int, slice]]:
    """Return the data axis and the range of the slow and the fast axis of a panel."""
    found = [(axis, part) for axis, part in enumerate(panel.place) if isinstance(part, slice)]
    return found[::-1] if panel.transposed else found


def _row(panel: Panel, strides: NDArray[Any]) -> tuple[int, ...]:
    (slow_axis, slow), (fast_axis, fast) = _slices(panel)
    base = sum(int(part) * int(strides[axis]) for axis, part in enumerate(panel.place) if not isinstance(part, slice))
    ends = slow.start, slow.stop - 1, fast.start, fast.stop - 1
    return (*ends, base, int(strides[slow_axis]), int(strides[fast_axis]))
