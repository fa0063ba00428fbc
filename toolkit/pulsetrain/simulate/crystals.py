"""Serial crystallography with the truth known: still patterns of randomly oriented crystals, as a detector sees them.

Each photon of a reflection is thrown by itself (see `_crystals.still`); solvent, air, false peaks and the detector's
noise are added; the result is what `pulsetrain.open_frames` would give of a real experiment.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from pulsetrain.data import DataError
from pulsetrain.data._frames import IMAGE, MODULES
from pulsetrain.data._inputs import PathLike
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.simulate._crystals.conditions import draw_conditions
from pulsetrain.simulate._crystals.detector import detector_geometry
from pulsetrain.simulate._crystals.options import CrystalOptions
from pulsetrain.simulate._crystals.pattern import Patterns
from pulsetrain.simulate._crystals.reflections import structure_factors, wilson_reflections
from pulsetrain.simulate._crystals.writers import write_hdf5_experiment, write_run_experiment

__all__ = [
    "CrystalExperiment",
    "CrystalOptions",
    "detector_geometry",
    "simulate_crystals",
    "structure_factors",
    "write_example",
]

_LYSOZYME = UnitCell(79.1, 79.1, 37.9)
_FIRST_TRAIN, _PER_TRAIN, _SPACING = 1_500_000_000, 32, 4  # every fourth 4.5 MHz pulse


@dataclass(frozen=True)
class CrystalExperiment:
    """A simulated experiment: what its user has, and the truth.

    Attributes
    ----------
    frames : xarray.DataArray, dims (pattern, module, slow_scan, fast_scan) or (pattern, y, x), int16, ADU
        Made lazily, a block of patterns at a time.
    geometry : CrystFELGeometry
        As the user has it; its camera length may be off.
    cell : UnitCell
        As the user has it.
    truth : xarray.Dataset
        Per pattern ``kind`` (blank, single, multiple), ``n_lattices``, ``pulse_energy``, ``water``, ``air``, ``clen``
        in m, ``beam_x`` and ``beam_y`` in pixels and ``gain``; per crystal ``crystal_pattern``, ``crystal_axes``
        (crystal, axis, xyz) in Å, a, b, c as rows in the laboratory, and ``crystal_volume``. Attributes ``clen``,
        ``cell``, ``seed``, ``options``.
    """

    frames: xr.DataArray
    geometry: CrystFELGeometry
    cell: UnitCell
    truth: xr.Dataset
    _patterns: Patterns = field(repr=False)

    def spots(self, pattern: int) -> xr.Dataset:
        """Return the reflections excited in a pattern.

        Returns
        -------
        xarray.Dataset, dims (spot,)
            ``hkl``, ``q`` in 1/Å in the laboratory, ``excitation`` error in 1/Å, expected ``photons``, ``crystal``.
        """
        return self._patterns.spots(pattern)

    def write_hdf5(self, path: PathLike) -> Path:
        """Write HDF5 (CXI's layout) that CrystFEL reads, with ``.geom``, ``.cell`` and ``.truth.nc`` beside.

        Raises
        ------
        FileExistsError
            If one of the files exists; nothing is written.
        """
        return write_hdf5_experiment(self.frames, self.geometry, self.cell, self.truth, Path(path).expanduser())

    def write_run(self, folder: PathLike) -> Path:
        """Write a European XFEL run of corrected AGIPD data, with ``.geom``, ``.cell`` and ``.truth.nc`` beside.

        Raises
        ------
        DataError
            For another detector, or a folder that is not empty.
        FileExistsError
            If one of the files beside exists; nothing is written.
        """
        return write_run_experiment(self.frames, self.geometry, self.cell, self.truth, Path(folder).expanduser())


def simulate_crystals(
    options: CrystalOptions | None = None,
    *,
    cell: UnitCell | None = None,
    geometry: CrystFELGeometry | None = None,
    structure: PathLike | None = None,
    seed: int = 0,
) -> CrystalExperiment:
    """Simulate one experiment.

    Parameters
    ----------
    options : CrystalOptions, optional
    cell : UnitCell, optional
        The true one. The default is lysozyme's, or that of `structure`.
    geometry : CrystFELGeometry, optional
        The true one, with camera length and photon energy. The default is made by `detector_geometry`.
    structure : path, optional
        PDB or mmCIF to calculate structure factors from; without one, Wilson's statistics.
    seed : int
        Same seed and options, same experiment, in whatever order its patterns are read.

    Raises
    ------
    DataError
        For a geometry without camera length or photon energy, or a cell and structure that disagree.

    Examples
    --------
    >>> experiment = simulate_crystals(CrystalOptions(n_patterns=2), seed=1)
    >>> experiment.frames.sizes["module"], experiment.truth.sizes["pattern"]
    (16, 2)
    """
    o = options or CrystalOptions()
    if geometry is None:
        geometry = detector_geometry(
            o.detector, clen=o.clen, photon_energy=o.photon_energy, adu_per_photon=o.adu_per_photon
        )
    d_min = _finest(geometry)
    if structure is not None:
        cell, reflections = structure_factors(structure, d_min)
    else:
        cell = cell or _LYSOZYME
        rng = np.random.default_rng([seed, 3])
        reflections = wilson_reflections(cell, d_min, b_factor=o.b_factor, rng=rng, space_group=o.space_group)
    truth = draw_conditions(o, cell, geometry.clen, np.random.default_rng([seed, 0]))
    truth.attrs = {
        "clen": geometry.clen,
        "cell": [float(value) for value in cell.parameters],
        "centering": cell.centering,
        "seed": seed,
        "options": o.model_dump_json(),
    }
    patterns = Patterns(o, geometry, reflections, truth, seed)
    nominal = geometry.with_clen(geometry.clen * (1 + o.clen_error / 100))
    own = UnitCell.from_matrix(cell.matrix * (1 + o.cell_error / 100), cell)
    return CrystalExperiment(_frames(patterns, truth, geometry), nominal, own, truth, patterns)


def write_example(workspace: Path) -> str:
    """Write an experiment into ``crystals/`` of a workspace, and tell what it is."""
    options = CrystalOptions(n_patterns=96, detector="agipd-mini", clen_error=1.8)
    simulate_crystals(options, seed=3).write_hdf5(workspace / "crystals" / "experiment.h5")
    return (
        "- `crystals/`: 96 simulated patterns of lysozyme crystals on four AGIPD modules, with geometry and cell.\n"
        "  The geometry's camera length is 1.8 % too long: the true one is 0.12 m."
    )


def _finest(geometry: CrystFELGeometry) -> float:
    """Return the resolution at the detector's outermost pixel, in Å; refuse a geometry that has none."""
    if not (np.isfinite(geometry.clen) and np.isfinite(geometry.wavelength)):
        got = f"a camera length of {geometry.clen} m and a photon energy of {geometry.photon_energy} eV"
        raise DataError("geometry", got, "numbers in the file", "write 'clen = …' and 'photon_energy = …' into it")
    place = geometry.positions().reshape(-1, 3)
    place = place[np.isfinite(place[:, 0])]
    cosine = np.min(place[:, 2] / np.linalg.norm(place, axis=1))
    return geometry.wavelength / float(np.sqrt(2 - 2 * cosine))


def _frames(patterns: Patterns, truth: xr.Dataset, geometry: CrystFELGeometry) -> xr.DataArray:
    """Label the patterns as a run of the European XFEL is: pulses of trains."""
    told = json.dumps([truth.attrs, geometry.text]) + patterns.reflections.intensity.tobytes().hex()
    digest = hashlib.sha256(told.encode()).hexdigest()
    number = np.arange(patterns.shape[0])
    pulse = (number % _PER_TRAIN).astype(np.uint64)
    dims = MODULES if len(patterns.shape) == 4 else IMAGE
    coords = {
        "trainId": ("pattern", (_FIRST_TRAIN + number // _PER_TRAIN).astype(np.uint64)),
        "pulseId": ("pattern", pulse * _SPACING),
        "cellId": ("pattern", pulse),
    }
    attrs = {"long_name": "intensity", "units": "ADU", "source": "simulation", "fingerprint": digest}
    return xr.DataArray(patterns.dask(f"crystals-{digest}"), dims=dims, coords=coords, attrs=attrs, name="frames")
