"""Detectors as they stand in a hutch: their geometry as the facilities write it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry

__all__ = ["DetectorName", "detector_geometry"]

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
