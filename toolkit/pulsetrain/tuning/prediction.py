"""Where a crystal's reflections fall on the detector."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.lattices import Centering, is_allowed
from pulsetrain.data.panel_planes import PanelPlanes

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
    planes = PanelPlanes(geometry)
    which, panel, fast, slow = planes.meet(ray)
    pixel = planes.pixels(panel, fast, slow)
    first = np.array([each.first for each in geometry.panels])[panel]
    places = np.stack([slow + first[:, 0], fast + first[:, 1]])
    # Rows and columns of the data: where the fast axis comes first there, its scan runs along the rows.
    transposed = np.array([each.transposed for each in geometry.panels])[panel]
    slow, fast = np.where(transposed, places[::-1], places)
    order = np.argsort(np.abs(excitation[which]), kind="stable")
    which = which[order]
    return Spots(hkl[which], pixel[order], slow[order], fast[order], excitation[which])


def _largest_q(geometry: CrystFELGeometry, wave: float) -> float:
    """Return the largest |q| that a corner of a panel sees, 1/Å."""
    largest = 0.0
    for panel in geometry.panels:
        slow, fast = panel.size
        for s, f in ((0, 0), (slow, 0), (0, fast), (slow, fast)):
            place = panel.origin + s * panel.ss / panel.resolution + f * panel.fs / panel.resolution
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
    found: NDArray[np.int64] = hkl[np.einsum("ij,ij->i", q, q) <= 1 / finest**2]
    return found
