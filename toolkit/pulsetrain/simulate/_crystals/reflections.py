"""How strongly each reflection of a crystal scatters: from an atomic model, or from Wilson's statistics."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data._inputs import PathLike
from pulsetrain.data.lattices import is_allowed
from pulsetrain.data.unit_cell import UnitCell

__all__ = ["Reflections", "structure_factors", "wilson_reflections"]

# Intensities are given relative to the mean of the reflections of lower resolution than this, in Å.
_STRONG = 4.0
_MOST = 30_000_000


@dataclass(frozen=True)
class Reflections:
    """All reflections of a crystal down to a resolution, Friedel mates and symmetry equivalents included.

    Attributes
    ----------
    hkl : int16, shape (reflection, 3)
    intensity : float32, shape (reflection,)
        Squared structure factors, in units of the mean over the reflections with d > 4 Å (or all, if there are none).
    """

    hkl: NDArray[np.int16]
    intensity: NDArray[np.float32]


def wilson_reflections(
    cell: UnitCell, d_min: float, *, b_factor: float, rng: np.random.Generator, space_group: str = ""
) -> Reflections:
    """Draw intensities as those of atoms at random places: A. J. C. Wilson, Acta Cryst. 2 (1949) 318.

    Parameters
    ----------
    cell : UnitCell
        Its centring makes systematic absences.
    d_min : float, Å
    b_factor : float, Å²
        Intensities fall as exp(−B / 2d²).
    rng : numpy.random.Generator
    space_group : str
        Hermann–Mauguin symbol, such as ``'P 43 21 2'``: equivalent reflections are then alike, screw axes and glide
        planes extinguish, and centric reflections follow their own law. Without one, only Friedel mates are alike.

    Raises
    ------
    DataError
        For a space group that gemmi does not know or that does not fit the cell, or for more than 30 million
        reflections.
    """
    _refuse_too_many(cell, d_min)
    if space_group:
        hkl, operations, centric, epsilon = _unique(cell, d_min, space_group)
    else:
        hkl, operations = _half_sphere(cell, d_min), np.eye(3, dtype=int)[None]
        centric, epsilon = np.zeros(len(hkl), dtype=bool), np.ones(len(hkl))
    squared = np.where(centric, rng.standard_normal(len(hkl)) ** 2, rng.exponential(size=len(hkl)))
    fall = np.exp(-b_factor * _squared_q(cell, hkl) / 2)
    return _expanded(cell, hkl, epsilon * squared * fall, operations)


def structure_factors(path: PathLike, d_min: float) -> tuple[UnitCell, Reflections]:
    """Calculate the reflections of an atomic model by gemmi.

    Parameters
    ----------
    path : path
        PDB or mmCIF of a macromolecule.
    d_min : float, Å

    Returns
    -------
    UnitCell, Reflections

    Raises
    ------
    DataError
        For a file without a model or a cell.
    """
    import gemmi

    cell, file = UnitCell.read(path), str(Path(path).expanduser())
    _refuse_too_many(cell, d_min)
    structure = gemmi.read_structure(file)
    group = structure.find_spacegroup()
    if not len(structure) or not structure[0].count_atom_sites() or group is None:
        raise DataError(file, "no atoms, or no space group", "a PDB or mmCIF of a crystal", "give another file")
    density = gemmi.DensityCalculatorX()
    density.d_min, density.rate = d_min, 1.5
    density.set_grid_cell_and_spacegroup(structure)
    # Sharp atoms are blurred for the grid, and the structure factors sharpened again.
    density.set_refmac_compatible_blur(structure[0])
    density.put_model_density_on_grid(structure[0])
    waves = gemmi.transform_map_to_f_phi(density.grid, half_l=True)
    data = waves.prepare_asu_data(dmin=d_min, unblur=density.blur)
    operations = _rotations(group.operations())
    return cell, _expanded(cell, data.miller_array, np.abs(data.value_array) ** 2, operations)


def _unique(cell: UnitCell, d_min: float, symbol: str) -> tuple[Any, Any, Any, Any]:
    """Return the unique reflections that are not absent, the rotations, what is centric, and the multiplicity ε."""
    import gemmi

    group = gemmi.find_spacegroup_by_name(symbol, cell.alpha, cell.gamma)
    if group is None:
        raise DataError("space_group", repr(symbol), "a Hermann–Mauguin symbol", "such as 'P 43 21 2'")
    own = "R" if group.ext == "R" else "H" if group.ext == "H" else group.hm[0]
    if own != cell.centering or not _fits(cell, group):
        got = f"{symbol!r} for {' '.join(f'{value:g}' for value in cell.parameters)} {cell.centering}"
        raise DataError("space_group", got, "a group of the cell's system and centring", "give another, or none")
    operations = group.operations()
    lattice = gemmi.UnitCell(*cell.parameters)
    hkl = gemmi.make_miller_array(lattice, group, d_min)
    hkl = hkl[~operations.systematic_absences(hkl)]
    centric = np.asarray(operations.centric_flag_array(hkl), dtype=bool)
    epsilon = np.asarray(operations.epsilon_factor_without_centering_array(hkl), dtype=float)
    return hkl, _rotations(operations), centric, epsilon


def _fits(cell: UnitCell, group: Any) -> bool:
    """Tell whether the group's rotations leave the cell's metric as it is."""
    metric = cell.matrix @ cell.matrix.T
    turned = [R.T @ metric @ R for R in _rotations(group.operations())]
    return bool(np.allclose(turned, metric, rtol=5e-3, atol=5e-3 * np.trace(metric) / 3))


def _rotations(operations: Any) -> NDArray[np.int64]:
    return np.array([np.array(op.rot) // op.DEN for op in operations.sym_ops])


def _half_sphere(cell: UnitCell, d_min: float) -> NDArray[np.int64]:
    """Return one of each Friedel pair, the centring's absences left out."""
    # |h| = |q · a| ≤ |q| |a|.
    ends = np.floor(np.array(cell.parameters[:3]) / d_min).astype(int)
    h, k, el = (np.arange(low, high + 1) for low, high in ((0, ends[0]), (-ends[1], ends[1]), (-ends[2], ends[2])))
    hkl = np.stack(np.meshgrid(h, k, el, indexing="ij"), axis=-1).reshape(-1, 3)
    first = (hkl[:, 0] > 0) | ((hkl[:, 0] == 0) & ((hkl[:, 1] > 0) | ((hkl[:, 1] == 0) & (hkl[:, 2] > 0))))
    hkl = hkl[first]
    hkl = hkl[_squared_q(cell, hkl) <= d_min**-2]
    present: NDArray[np.int64] = hkl[is_allowed(hkl, cell.centering)]
    return present


def _expanded(cell: UnitCell, hkl: Any, squared: Any, operations: NDArray[np.int64]) -> Reflections:
    """Give every equivalent of the unique reflections their intensity, once."""
    everywhere = np.concatenate([sign * (hkl @ R) for R in operations for sign in (1, -1)])
    code = everywhere @ np.array([1 << 40, 1 << 20, 1])
    _, first = np.unique(code, return_index=True)
    intensity = np.tile(squared, 2 * len(operations))[first]
    everywhere = everywhere[first]
    strong = _squared_q(cell, everywhere) < _STRONG**-2
    mean = intensity[strong].mean() if strong.any() else intensity.mean()
    return Reflections(everywhere.astype(np.int16), (intensity / mean).astype(np.float32))


def _squared_q(cell: UnitCell, hkl: Any) -> NDArray[np.float64]:
    return np.asarray(np.sum((hkl @ cell.reciprocal) ** 2, axis=1))


def _refuse_too_many(cell: UnitCell, d_min: float) -> None:
    number = 4 / 3 * np.pi * cell.volume / d_min**3
    if number > _MOST:
        got = f"{number:.2g} reflections to {d_min:g} Å"
        raise DataError("cell", got, f"{_MOST:.0g} at most", "give a lower resolution (a larger d_min)")
