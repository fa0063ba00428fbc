"""Where a crystal's reflections fall on the detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data.crystfel_geometry import CrystFELGeometry, Panel
from pulsetrain.data.lattices import Centering, is_allowed

__all__ = ["Spots", "predict"]


@dataclass(frozen=True)
class Spots:
    """Predicted spots of one crystal; every array has shape (spot,) unless told.

    Attributes
    ----------
    hkl : int, shape (spot, 3)
    pixel : int64, flat index into the data of one pattern
    slow_scan, fast_scan : float, pixels within the module (or picture), a pixel's centre being at + 0.5
    excitation : float, 1/Å; how far the reflection lies outside of the Ewald sphere, negative within
    """

    hkl: NDArray[np.int64]
    pixel: NDArray[np.int64]
    slow_scan: NDArray[np.float64]
    fast_scan: NDArray[np.float64]
    excitation: NDArray[np.float64]


def predict(
    axes: NDArray[np.floating],
    geometry: CrystFELGeometry,
    *,
    centering: Centering = "P",
    radius: float = 0.0004,
    resolution: float | None = None,
) -> Spots:
    """Predict the spots of a crystal in a still pattern.

    A reflection is in the pattern if its reciprocal-lattice point lies within `radius` of the Ewald sphere; its spot is
    where the ray from the sphere's centre through the point meets the detector.

    Parameters
    ----------
    axes : numpy.ndarray, shape (3, 3), Å
        a, b, c of the conventional cell as rows, in the laboratory.
    geometry : CrystFELGeometry
        At the camera length in use, see `CrystFELGeometry.with_clen`.
    centering : str
        Reflections that it extinguishes are left out.
    radius : float, 1/Å
        The default is that of a crystal of good order; CrystFEL calls it the profile radius.
    resolution : float, optional, Å
        Finest lattice spacing; by default that of the detector's corners.

    Returns
    -------
    Spots
        Strongly excited ones first.
    """
    wave = 1.0 / geometry.wavelength
    finest = resolution or 1.0 / _largest_q(geometry, wave)
    hkl = _reflections(np.asarray(axes, dtype=float), finest, centering)
    ray = hkl @ np.linalg.inv(np.asarray(axes, dtype=float)).T + np.array([0.0, 0.0, wave])  # q + k_in, (n, 3)
    length = np.linalg.norm(ray, axis=1)
    near = np.abs(length - wave) < radius
    near[np.all(hkl == 0, axis=1)] = False
    hkl, ray, excitation = hkl[near], ray[near], (length - wave)[near]
    index = np.arange(int(np.prod(geometry.shape))).reshape(geometry.shape)
    parts = [_on_panel(panel, ray, index[panel.place]) for panel in geometry.panels]
    which, pixel, slow, fast = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.argsort(np.abs(excitation[which]), kind="stable")
    which = which[order]
    return Spots(hkl[which], pixel[order], slow[order], fast[order], excitation[which])


def _largest_q(geometry: CrystFELGeometry, wave: float) -> float:
    """Return the largest |q| that a corner of a panel sees, 1/Å."""
    largest = 0.0
    for panel in geometry.panels:
        slow, fast = panel.size
        for s, f in ((0, 0), (slow, 0), (0, fast), (slow, fast)):
            place = _corner(panel) + s * panel.ss / panel.resolution + f * panel.fs / panel.resolution
            direction = place / np.linalg.norm(place)
            largest = max(largest, float(np.linalg.norm(wave * (direction - [0, 0, 1]))))
    return largest


def _reflections(axes: NDArray[np.float64], finest: float, centering: Centering) -> NDArray[np.int64]:
    """Return all h, k, l up to a resolution that the centering leaves, shape (n, 3)."""
    # |h| = |q · a| ≤ |q| |a|
    most = np.floor(np.linalg.norm(axes, axis=1) / finest).astype(int)
    hkl = np.stack(np.meshgrid(*(np.arange(-m, m + 1) for m in most), indexing="ij"), axis=-1).reshape(-1, 3)
    hkl = hkl[is_allowed(hkl, centering)]
    q = hkl @ np.linalg.inv(axes).T
    return hkl[np.einsum("ij,ij->i", q, q) <= 1 / finest**2]


def _corner(panel: Panel) -> NDArray[np.float64]:
    """Return the outer corner of a panel's first pixel, metres."""
    return np.array([*(panel.corner / panel.resolution), panel.clen + panel.coffset])


def _on_panel(
    panel: Panel, ray: NDArray[np.float64], index: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Return which rays meet a panel, and the flat pixel, slow and fast place in the module where they do."""
    # corner + s ss + f fs = t ray, all in metres
    steps = np.stack([panel.ss, panel.fs], axis=1) / panel.resolution  # (3, 2)
    system = np.broadcast_to(np.concatenate([np.zeros((3, 1)), -steps], axis=1), (len(ray), 3, 3)).copy()
    system[:, :, 0] = ray
    facing = np.abs(np.linalg.det(system)) > 1e-30
    corners = np.broadcast_to(_corner(panel)[:, None], (int(facing.sum()), 3, 1))
    t, s, f = np.linalg.solve(system[facing], corners)[..., 0].T
    slow, fast = panel.size
    inside = (t > 0) & (s >= 0) & (s < slow) & (f >= 0) & (f < fast)
    which, s, f = np.flatnonzero(facing)[inside], s[inside], f[inside]
    pixels = index.T if panel.transposed else index
    rows, columns = (f, s) if panel.transposed else (s, f)  # of the data
    first_row, first_column = (axis.start for axis in panel.place if isinstance(axis, slice))
    return which, pixels[s.astype(int), f.astype(int)], rows + first_row, columns + first_column
