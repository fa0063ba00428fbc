"""The unit cell of a crystal, as CrystFEL's cell files, PDB and CIF hold it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, get_args

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import PathLike
from pulsetrain.data.lattices import Centering, LatticeType, centering_vectors, lattice_type_of

__all__ = ["UnitCell"]

_HEADER = "CrystFEL unit cell file version 1.0"
_FLAT = 1e-6  # squared volume in units of the lengths: what is below is flat but for rounding
_LENGTHS, _ANGLES = ("a", "b", "c"), ("al", "be", "ga")
_ENTRY = re.compile(r"^\s*(\w+)\s*=\s*([^\s;]+)\s*(\S*)")


@dataclass(frozen=True)
class UnitCell:
    """A conventional unit cell.

    Attributes
    ----------
    a, b, c : float, Å
    alpha, beta, gamma : float, degrees
    centering : {'P', 'A', 'B', 'C', 'I', 'F', 'R', 'H'}
        R: primitive rhombohedral axes; H: hexagonal axes of a rhombohedral lattice (obverse).
    lattice_type : str
        ``triclinic`` … ``cubic``.
    unique_axis : {'a', 'b', 'c', '*'}
        Of monoclinic, tetragonal and hexagonal lattices; ``*`` where there is none.

    Examples
    --------
    >>> cell = UnitCell(58.4, 67.9, 91.2, 90, 90, 90)
    >>> round(cell.volume), cell.lattice_type
    (361641, 'orthorhombic')
    """

    a: float
    b: float
    c: float
    alpha: float = 90.0
    beta: float = 90.0
    gamma: float = 90.0
    centering: Centering = "P"
    lattice_type: LatticeType | None = None
    unique_axis: str = ""

    def __post_init__(self) -> None:
        numbers = self.parameters
        if not np.all(np.isfinite(numbers)) or min(numbers[:3]) < 1.0 or max(numbers[:3]) > 10_000.0:
            self._refuse(f"lengths {numbers[0]:g}, {numbers[1]:g}, {numbers[2]:g} Å", "1 … 10000 Å")
        if min(numbers[3:]) <= 0 or max(numbers[3:]) >= 180 or not self._squared_volume > _FLAT:
            self._refuse(f"angles {numbers[3]:g}, {numbers[4]:g}, {numbers[5]:g}°", "angles that span a cell")
        if self.centering not in get_args(Centering):
            self._refuse(f"centering {self.centering!r}", ", ".join(get_args(Centering)))
        found, axis = lattice_type_of(numbers, self.centering)
        if self.lattice_type is None:
            object.__setattr__(self, "lattice_type", found)
        elif self.lattice_type not in get_args(LatticeType):
            self._refuse(f"lattice type {self.lattice_type!r}", ", ".join(get_args(LatticeType)))
        if not self.unique_axis:
            object.__setattr__(self, "unique_axis", axis)

    @property
    def parameters(self) -> tuple[float, float, float, float, float, float]:
        """Lengths in Å and angles in degrees."""
        return self.a, self.b, self.c, self.alpha, self.beta, self.gamma

    @property
    def matrix(self) -> NDArray[np.float64]:
        """The axes as rows, shape (3, 3), Å: a along x, b in the plane of x and y."""
        cos_a, cos_b, cos_g = np.cos(np.deg2rad(self.parameters[3:]))
        sin_g = np.sin(np.deg2rad(self.gamma))
        c_y = (cos_a - cos_b * cos_g) / sin_g
        return np.array(
            [
                [self.a, 0.0, 0.0],
                [self.b * cos_g, self.b * sin_g, 0.0],
                [self.c * cos_b, self.c * c_y, self.c * np.sqrt(1 - cos_b**2 - c_y**2)],
            ]
        )

    @property
    def reciprocal(self) -> NDArray[np.float64]:
        """The reciprocal axes a*, b*, c* as rows, shape (3, 3), 1/Å (no factor 2π)."""
        return np.asarray(np.linalg.inv(self.matrix).T, dtype=np.float64)

    @property
    def primitive(self) -> NDArray[np.float64]:
        """The axes of a primitive cell of the same lattice as rows, shape (3, 3), Å."""
        return centering_vectors(self.centering) @ self.matrix

    @property
    def volume(self) -> float:
        """Volume of the conventional cell in Å³."""
        return float(self.a * self.b * self.c * np.sqrt(self._squared_volume))

    @classmethod
    def from_matrix(cls, axes: NDArray[np.float64], like: UnitCell) -> Self:
        """Return the cell spanned by three axes (rows, Å), with the centering and type of another."""
        lengths = np.linalg.norm(axes, axis=1)
        unit = axes / lengths[:, None]
        angles = [np.rad2deg(np.arccos(np.clip(unit[i] @ unit[j], -1, 1))) for i, j in ((1, 2), (0, 2), (0, 1))]
        a, b, c, alpha, beta, gamma = map(float, (*lengths, *angles))
        return cls(a, b, c, alpha, beta, gamma, like.centering, like.lattice_type, like.unique_axis)

    @classmethod
    def of(cls, given: UnitCell | PathLike) -> UnitCell:
        """Return a cell as it is, or read it from a path."""
        return given if isinstance(given, UnitCell) else cls.read(given)

    @classmethod
    def read(cls, path: PathLike) -> Self:
        """Read a CrystFEL ``.cell`` file, a PDB's CRYST1 line, or a CIF.

        Raises
        ------
        DataError
            For a file that is missing, of another kind, or holds no cell that can be.
        """
        file = Path(path).expanduser()
        if not file.is_file():
            raise DataError(file, "no such file", "a CrystFEL .cell file, a PDB or a CIF", "check the path")
        try:
            text = file.read_text(encoding="utf-8", errors="replace")
            return cls._of_crystfel(text) if _HEADER in text[:200] else cls._of_gemmi(file)
        except DataError as error:
            raise DataError(file, *error.args_without_place) from None

    @property
    def text(self) -> str:
        """The cell as a CrystFEL ``.cell`` file holds it."""
        lines = [_HEADER, "", f"lattice_type = {self.lattice_type}", f"centering = {self.centering}"]
        if self.unique_axis in _LENGTHS:
            lines.append(f"unique_axis = {self.unique_axis}")
        names, units = (*_LENGTHS, *_ANGLES), ("A",) * 3 + ("deg",) * 3
        lines += [
            f"{name} = {value:.6g} {unit}" for name, value, unit in zip(names, self.parameters, units, strict=True)
        ]
        return "\n".join(lines) + "\n"

    def write(self, path: PathLike) -> None:
        """Write a CrystFEL ``.cell`` file."""
        Path(path).write_text(self.text, encoding="utf-8")

    @classmethod
    def _of_crystfel(cls, text: str) -> Self:
        found = {m[1]: (m[2], m[3]) for m in map(_ENTRY.match, text.splitlines()) if m}
        scale = {"A": 1.0, "nm": 10.0, "deg": 1.0, "rad": float(np.rad2deg(1.0))}
        missing = [name for name in (*_LENGTHS, *_ANGLES) if name not in found]
        if missing:
            raise DataError("cell", f"no {', '.join(missing)}", "six parameters such as 'a = 58.4 A'", "complete it")
        values: dict[str, Any] = {}
        for name, attribute in zip((*_LENGTHS, *_ANGLES), (*_LENGTHS, "alpha", "beta", "gamma"), strict=True):
            number, unit = found[name]
            try:
                values[attribute] = float(number) * scale[unit]
            except (KeyError, ValueError):
                got = f"{name} = {number} {unit}".rstrip()
                raise DataError("cell", got, "a number with A, nm, deg or rad", "mend the line") from None
        kind, centering = found.get("lattice_type", ("", ""))[0], found.get("centering", ("P", ""))[0]
        axis = found.get("unique_axis", ("", ""))[0].replace("?", "")
        return cls(**values | {"centering": centering, "lattice_type": kind or None, "unique_axis": axis})

    @classmethod
    def _of_gemmi(cls, file: Path) -> Self:
        import gemmi

        try:
            if file.suffix.lower() in (".cif", ".mmcif"):
                block = gemmi.cif.read(str(file))[0]
                structure = gemmi.make_structure_from_block(block)
                if not structure.cell.is_crystal():
                    structure.cell = gemmi.make_small_structure_from_block(block).cell
            else:
                structure = gemmi.read_structure(str(file))
        except (RuntimeError, ValueError, IndexError, OSError) as error:
            raise DataError("cell", f"nothing readable ({error})", "a .cell, PDB or CIF file", "check it") from None
        cell = structure.cell
        if not cell.is_crystal():
            raise DataError("cell", "no unit cell", "a CRYST1 line, _cell.length_a …, or a .cell file", "add it")
        letter = (structure.spacegroup_hm or "P")[:1]
        angles_of_r = abs(cell.gamma - 90) < 1e-3 or abs(cell.gamma - 120) > 1e-3
        centering = ("R" if angles_of_r else "H") if letter in "RH" else letter
        return cls(cell.a, cell.b, cell.c, cell.alpha, cell.beta, cell.gamma, centering=centering)  # type: ignore[arg-type]  # checked there

    @property
    def _squared_volume(self) -> float:
        cosines = np.cos(np.deg2rad(self.parameters[3:]))
        return float(1 - np.sum(cosines**2) + 2 * np.prod(cosines))

    @staticmethod
    def _refuse(got: str, allowed: str) -> None:
        raise DataError("cell", got, allowed, "check the six parameters")
