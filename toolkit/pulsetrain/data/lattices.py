"""Lattice systems and centerings."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

__all__ = ["Centering", "LatticeType", "centering_vectors", "is_allowed", "lattice_type_of"]

Centering = Literal["P", "A", "B", "C", "I", "F", "R", "H"]
LatticeType = Literal["triclinic", "monoclinic", "orthorhombic", "tetragonal", "rhombohedral", "hexagonal", "cubic"]

_SAME = 1e-3  # relative: lengths and angles closer than that are meant to be equal


def centering_vectors(centering: Centering) -> NDArray[np.float64]:
    """Return the axes of a primitive cell in units of the conventional axes, as rows, shape (3, 3)."""
    half, third = 0.5, 1 / 3
    primitive: dict[str, list[list[float]]] = {
        "P": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "R": [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
        "A": [[1, 0, 0], [0, half, half], [0, -half, half]],
        "B": [[half, 0, half], [0, 1, 0], [-half, 0, half]],
        "C": [[half, half, 0], [-half, half, 0], [0, 0, 1]],
        "I": [[-half, half, half], [half, -half, half], [half, half, -half]],
        "F": [[0, half, half], [half, 0, half], [half, half, 0]],
        # Obverse setting, International Tables A: (2/3, 1/3, 1/3), (−1/3, 1/3, 1/3), (−1/3, −2/3, 1/3).
        "H": [[2 * third, third, third], [-third, third, third], [-third, -2 * third, third]],
    }
    return np.array(primitive[centering])


def is_allowed(hkl: NDArray[np.integer], centering: Centering) -> NDArray[np.bool_]:
    """Return which reflections the centering leaves: those of whole indices on the axes of a primitive cell.

    Parameters
    ----------
    hkl : numpy.ndarray of int, shape (reflection, 3)
        On the conventional axes.
    centering : str

    Returns
    -------
    numpy.ndarray of bool, shape (reflection,)
    """
    indices = hkl @ centering_vectors(centering).T
    return np.asarray(np.all(np.abs(indices - np.rint(indices)) < 1e-6, axis=1), dtype=np.bool_)


def lattice_type_of(cell: tuple[float, ...], centering: Centering) -> tuple[LatticeType, str]:
    """Return the lattice system that six cell parameters show, and its unique axis (``*``: none)."""
    lengths, angles = cell[:3], cell[3:]
    alike = [abs(lengths[i] - lengths[j]) <= _SAME * lengths[i] for i, j in ((1, 2), (0, 2), (0, 1))]
    right = [abs(angle - 90) <= 90 * _SAME for angle in angles]
    names = "abc"
    if all(right):
        if all(alike):
            return "cubic", "*"
        return ("tetragonal", names[alike.index(True)]) if any(alike) else ("orthorhombic", "*")
    if sum(right) == 2:
        other = right.index(False)
        if alike[other] and abs(angles[other] - 120) <= 120 * _SAME:
            return "hexagonal", names[other]
        return "monoclinic", names[other]
    if all(alike) and max(angles) - min(angles) <= 90 * _SAME and centering in ("P", "R"):
        return "rhombohedral", "*"
    return "triclinic", "*"
