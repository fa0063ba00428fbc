"""Detectors: their geometry as the facilities write it, and which pixel a scattered ray meets."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry

__all__ = ["Detector", "DetectorName", "detector_geometry"]

Floats = NDArray[np.float64]

DetectorName = Literal["agipd-1m", "agipd-mini", "jungfrau-4m", "jungfrau-1m", "jungfrau-500k"]

# How far mounted modules are off the drawing: quadrants (or JUNGFRAU modules) in the plane and along the beam, in
# metres, and turns of single modules about x, y and z in degrees. Refined geometries show as much.
_SHIFT, _DEPTH, _TURN = 3e-4, 1e-4, 0.1
# The beam passes through the middle of the single module: pixels behind the beam stop are bad, in pixels.
_STOP = 24
_NEAREST = (3, 4, 8, 15)


def detector_geometry(
    name: DetectorName = "agipd-1m",
    *,
    clen: float = 0.12,
    photon_energy: float = 9300.0,
    adu_per_photon: float = 10.0,
    seed: int = 0,
) -> CrystFELGeometry:
    """Return a detector as it stands in a hutch: gaps between quadrants and modules, modules slightly turned.

    Parameters
    ----------
    name : {'agipd-1m', 'agipd-mini', 'jungfrau-4m', 'jungfrau-1m', 'jungfrau-500k'}
        agipd-mini: the four modules nearest to the beam, 0.26 Mpixel, for quick experiments.
    clen : float, metres
    photon_energy : float, eV
    adu_per_photon : float
    seed : int
        Same seed, same displacements.

    Raises
    ------
    DataError
        For another name.
    """
    from extra_geom import AGIPD_1MGeometry, JUNGFRAUGeometry

    if name not in get_args(DetectorName):
        raise DataError("detector", repr(name), ", ".join(get_args(DetectorName)), "choose one of these")
    ideal = _agipd(AGIPD_1MGeometry, name) if name.startswith("agipd") else _jungfrau(JUNGFRAUGeometry, name)
    rng = np.random.default_rng([seed, 11])
    n_modules, group = len(ideal.modules), 4 if name == "agipd-1m" else 1
    shifts = np.repeat(rng.normal(0.0, (_SHIFT, _SHIFT, _DEPTH), (n_modules // group, 3)), group, axis=0)
    mounted = ideal.offset(shifts).rotate(rng.normal(0.0, _TURN, (n_modules, 3)))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "detector.geom"
        mounted.write_crystfel_geom(
            str(file), adu_per_ev=adu_per_photon / photon_energy, clen=clen, photon_energy=photon_energy
        )
        text = file.read_text(encoding="utf-8")
    if name == "jungfrau-500k":
        ends = f"min_x = {-_STOP}\nbad_stop/max_x = {_STOP}\nbad_stop/min_y = {-_STOP}\nbad_stop/max_y = {_STOP}\n"
        text += f"\nbad_stop/{ends}"
    return CrystFELGeometry.parse(text)


def _agipd(kind: Any, name: str) -> Any:
    whole = kind.example()
    return whole if name == "agipd-1m" else kind([whole.modules[k] for k in _NEAREST])


def _jungfrau(kind: Any, name: str) -> Any:
    """Return ideal JUNGFRAU modules: two columns of four at the SPB/SFX instrument, two above each other, or one."""
    wide, high, gap = 4 * 256 + 3 * 2, 2 * 256 + 2, 33
    if name == "jungfrau-500k":
        return kind.from_module_positions([(-wide / 2, -high / 2)])
    if name == "jungfrau-1m":
        return kind.from_module_positions([(-wide / 2, gap / 2), (-wide / 2, -high - gap / 2)])
    x, y = 1125, 1078
    steps = [k * (high + gap) for k in range(4)]
    places = [(x - wide, y - high - step) for step in steps] + [(-x, -y + step) for step in steps]
    return kind.from_module_positions(places, orientations=[(-1, -1)] * 4 + [(1, 1)] * 4)


class Detector:
    """The planes of a geometry's panels.

    Parameters
    ----------
    geometry : CrystFELGeometry

    Attributes
    ----------
    corner : numpy.ndarray, shape (panel, 3), metres
    size : numpy.ndarray, shape (panel, 2), int; pixels along slow and fast
    """

    def __init__(self, geometry: CrystFELGeometry) -> None:
        panels = geometry.panels
        self.shape = geometry.shape
        resolution = np.array([panel.resolution for panel in panels])[:, None]
        fast = np.array([panel.fs for panel in panels]) / resolution  # (panel, 3), metres
        slow = np.array([panel.ss for panel in panels]) / resolution
        self._normal = np.cross(fast, slow)
        self._dual_fast, self._dual_slow = np.cross(slow, self._normal), np.cross(self._normal, fast)
        self._dual_fast /= np.sum(self._dual_fast * fast, axis=1)[:, None]
        self._dual_slow /= np.sum(self._dual_slow * slow, axis=1)[:, None]
        self.corner = np.array([[*panel.corner, 0.0] for panel in panels]) / resolution
        self.corner[:, 2] += [panel.clen + panel.coffset for panel in panels]
        self.size = np.array([panel.size for panel in panels])  # slow, fast
        strides = np.cumprod((1, *self.shape[:0:-1]))[::-1]
        first = [[s.start if isinstance(s, slice) else s for s in panel.place] for panel in panels]
        self._first = np.array(first) @ strides
        steps = [
            [step for s, step in zip(panel.place, strides, strict=True) if isinstance(s, slice)] for panel in panels
        ]
        # (slow, fast) steps in the flat data of a pattern
        self._steps = np.array(
            [step[::-1] if panel.transposed else step for step, panel in zip(steps, panels, strict=True)]
        )

    def meet(self, rays: Floats, shift: Floats, margin: float = 0.0) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Return which rays meet which panels.

        Parameters
        ----------
        rays : numpy.ndarray, shape (ray, 3)
            Directions from the sample, of any length.
        shift : numpy.ndarray, shape (3,), metres
            How far the whole detector is off its geometry.
        margin : float, pixels
            Rays that pass a panel's edge by less count too; such a ray may then meet two panels.

        Returns
        -------
        ray, panel : numpy.ndarray, shape (meeting,), int
            By rising ray.
        """
        every = np.broadcast_to(np.arange(len(self.size)), (len(rays), len(self.size)))
        fast, slow = self.places(rays[:, None, :], every, shift)
        inside = (fast > -margin) & (slow > -margin)
        inside &= (fast < self.size[:, 1] + margin) & (slow < self.size[:, 0] + margin)
        ray, on = np.nonzero(inside)
        return ray, on

    def places(self, rays: Floats, panel: NDArray[np.intp], shift: Floats) -> tuple[Floats, Floats]:
        """Return where rays meet the planes of panels.

        Parameters
        ----------
        rays : numpy.ndarray, shape (…, 3)
        panel : numpy.ndarray, shape (…)
        shift : numpy.ndarray, shape (3,), metres

        Returns
        -------
        fast, slow : numpy.ndarray, shape (…), pixels
            From the panel's corner, a pixel's centre being at + 0.5; NaN behind the sample.
        """
        # A point of the plane: corner + f fast + s slow = t ray. The normal gives t, the dual vectors f and s.
        corner = self.corner + shift
        with np.errstate(divide="ignore", invalid="ignore"):
            t = np.sum(corner * self._normal, axis=1)[panel] / np.sum(rays * self._normal[panel], axis=-1)
            t = np.where(t > 0, t, np.nan)
            fast, slow = (
                t * np.sum(rays * dual[panel], axis=-1) - np.sum(corner * dual, axis=1)[panel]
                for dual in (self._dual_fast, self._dual_slow)
            )
        return fast, slow

    def pixels(self, panel: NDArray[np.intp], fast: Floats, slow: Floats) -> NDArray[np.int64]:
        """Return the flat pixel index of places on panels; those beyond a panel's edge are left out."""
        inside = (fast >= 0) & (slow >= 0) & (fast < self.size[panel, 1]) & (slow < self.size[panel, 0])
        panel, f, s = panel[inside], fast[inside].astype(np.int64), slow[inside].astype(np.int64)
        flat: NDArray[np.int64] = self._first[panel] + s * self._steps[panel, 0] + f * self._steps[panel, 1]
        return flat
