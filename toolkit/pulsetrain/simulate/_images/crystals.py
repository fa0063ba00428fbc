"""A patch of still patterns of a crystal in all orientations, without noise: Bragg peaks on the solvent's ring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_planes import PanelPlanes
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.simulate._crystals.conditions import draw_conditions
from pulsetrain.simulate._crystals.options import CrystalOptions
from pulsetrain.simulate._crystals.pattern import Patterns
from pulsetrain.simulate._crystals.reflections import wilson_reflections
from pulsetrain.simulate._images.instrument import margin
from pulsetrain.simulate._images.options import ImageOptions

__all__ = ["CrystalLight"]

Floats = NDArray[np.float64]

_LYSOZYME = (79.1, 79.1, 37.9)  # Å
_CLEN, _PER_METRE, _ENERGY = 0.06, 5000.0, 9300.0
_PLACE = (92.0, 92.0)  # px, of the patch's middle from the beam: the ring of water, 3.3 Å, passes through it
_WIDTH = (0.6, 0.9)  # px, of a crystal's peaks
_WIDEST_MARGIN = 32  # px
_REACH = 6.0  # px, from which a peak beside the patch is left out


class CrystalLight:
    """Stills of one kind of crystal.

    Parameters
    ----------
    o : ImageOptions
    seed : int
        Of the crystal's structure.
    """

    def __init__(self, o: ImageOptions, seed: int) -> None:
        side = o.size + 2 * margin(o)
        self._geometry = _patch(side)
        self._planes, self._side = PanelPlanes(self._geometry), side
        a, b, c = (o.scale * length for length in _LYSOZYME)
        self._cell = UnitCell(a, b, c)
        self._options = CrystalOptions(n_patterns=1, hit_rate=1.0, brightness=400.0, mosaicity=0.15, false_peaks=0.0)
        # The same structure whatever the point spread, which the margin goes by.
        finest = self._geometry.wavelength / _widest(_patch(o.size + 2 * _WIDEST_MARGIN))
        rng = np.random.default_rng([seed, 3])
        self._reflections = wilson_reflections(self._cell, finest, b_factor=self._options.b_factor, rng=rng)

    def __call__(self, rng: np.random.Generator) -> Floats:
        """Draw one object, and return its pattern in frame and margin, in any unit."""
        truth = draw_conditions(self._options, self._cell, _CLEN, rng)
        pattern = Patterns(self._options, self._geometry, self._reflections, truth, 0)
        spots = pattern.spots(0)
        rays = spots["q"].to_numpy() + np.array([0.0, 0.0, 1 / self._geometry.wavelength])
        spot, _, fast, slow = self._planes.meet(rays, margin=_REACH)
        width = rng.uniform(*_WIDTH)
        peaks = np.einsum(
            "k,ky,kx->yx", spots["photons"].to_numpy()[spot], self._shares(slow, width), self._shares(fast, width)
        )
        return np.asarray(pattern.background(0).reshape(peaks.shape) + peaks)

    def _shares(self, place: Floats, width: float) -> Floats:
        """Return the share of a Gaussian peak in each row (or column) of pixels, shape (peak, side)."""
        return np.diff(ndtr((np.arange(self._side + 1) - place[:, None]) / width), axis=1)


def _patch(side: int) -> CrystFELGeometry:
    """Return a square of pixels about one place of the ring."""
    corner = [place - side / 2 for place in _PLACE]
    panel = {"min_fs": 0, "max_fs": side - 1, "min_ss": 0, "max_ss": side - 1, "fs": "x", "ss": "y"}
    panel |= {"corner_x": corner[0], "corner_y": corner[1]}
    lines = [f"photon_energy = {_ENERGY}", f"clen = {_CLEN}", f"res = {_PER_METRE}", "adu_per_photon = 1"]
    return CrystFELGeometry.parse("\n".join([*lines, *(f"p0/{name} = {value}" for name, value in panel.items())]))


def _widest(geometry: CrystFELGeometry) -> float:
    """Return 2 sin θ at the pixel furthest from the beam."""
    place = geometry.positions().reshape(-1, 3)
    return float(np.sqrt(2 - 2 * np.min(place[:, 2] / np.linalg.norm(place, axis=1))))
