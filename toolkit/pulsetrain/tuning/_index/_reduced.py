"""The reduced cell that is searched for, and the way back to the user's own axes."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data.unit_cell import UnitCell

__all__ = ["ReducedCell", "metric_change"]

_WIDEST = 10.0  # %; settings that a still wider tolerance lets through are not told apart


def metric_change(axes: NDArray[np.float64], known: NDArray[np.float64]) -> tuple[float, float]:
    """Return how far axes are from known ones: the largest relative change of a length, and of an angle in degrees."""
    lengths, own = np.linalg.norm(axes, axis=1), np.linalg.norm(known, axis=1)
    angles = _angles(axes) - _angles(known)
    return float(np.abs(lengths / own - 1).max()), float(np.rad2deg(np.abs(angles).max()))


@dataclass(frozen=True)
class ReducedCell:
    """The three shortest independent vectors of a lattice.

    Attributes
    ----------
    axes : numpy.ndarray, shape (3, 3), Å
        As rows, in the orientation of ``UnitCell.matrix``, right-handed, the shortest first.
    conventional : numpy.ndarray, shape (3, 3)
        The cell's own axes are ``conventional @ axes``.
    settings : numpy.ndarray, shape (setting, 3, 3)
        ``settings[k] @ axes`` are, within the tolerance, as long and as inclined as `axes`: the rotations of the
        lattice, and what might be taken for one.
    """

    axes: NDArray[np.float64]
    conventional: NDArray[np.float64]
    settings: NDArray[np.float64]

    @classmethod
    def of(cls, cell: UnitCell, tolerance: float, angle_tolerance: float) -> ReducedCell:
        """Reduce a cell; tolerances in % and degrees."""
        axes = _shortest(cell.primitive)
        conventional = cell.matrix @ np.linalg.inv(axes)
        return cls(axes, conventional, _settings(axes, min(tolerance, _WIDEST), angle_tolerance))

    def conventional_axes(self, found: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the conventional axes of a lattice in the setting that fits the cell best.

        Settings that fit as well as another (rotations of the lattice onto itself) are told apart by the one that
        has turned least from the orientation of ``UnitCell.matrix``, so that a lattice has one answer only.

        Parameters
        ----------
        found : numpy.ndarray, shape (3, 3), Å
            Reduced axes as rows.
        """
        candidates = self.settings @ found  # (setting, 3, 3)
        scale = np.linalg.norm(self.axes, axis=1)
        own = (self.axes @ self.axes.T) / np.outer(scale, scale)
        metric = candidates @ candidates.swapaxes(1, 2) / np.outer(scale, scale)
        misfit = np.sqrt(((metric - own) ** 2).sum((1, 2)))
        best = np.flatnonzero(misfit <= misfit.min() * (1 + 1e-6) + 1e-9)
        axes: NDArray[np.float64] = self.conventional @ candidates[best]
        known = self.conventional @ self.axes
        unit, known_unit = (a / np.linalg.norm(a, axis=-1, keepdims=True) for a in (axes, known))
        closest: NDArray[np.float64] = axes[int(np.argmax(np.round((unit * known_unit).sum((1, 2)), 9)))]
        return closest


def _angles(axes: NDArray[np.float64]) -> NDArray[np.float64]:
    unit = axes / np.linalg.norm(axes, axis=1, keepdims=True)
    angles: NDArray[np.float64] = np.arccos(np.clip([unit[1] @ unit[2], unit[0] @ unit[2], unit[0] @ unit[1]], -1, 1))
    return angles


def _shortest(primitive: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shortest basis of a lattice (Minkowski's), right-handed.

    Among the 27 neighbours of a basis there is a shorter one until it is reduced, so that a few rounds suffice.
    """
    steps = np.array([n for n in product((-1, 0, 1), repeat=3) if any(n)], dtype=float)
    axes = primitive
    while True:
        vectors = steps @ axes
        vectors = vectors[np.argsort(np.round(np.linalg.norm(vectors, axis=1), 9), kind="stable")]
        shortest = [vectors[0]]
        for vector in vectors[1:]:
            trial = np.array([*shortest, vector])
            if np.linalg.matrix_rank(trial, tol=1e-6 * np.linalg.norm(vector)) == len(trial):
                shortest.append(vector)
            if len(shortest) == 3:
                break
        reduced = np.array(shortest)
        if np.linalg.norm(reduced) > np.linalg.norm(axes) * (1 - 1e-9):
            reduced = axes if np.linalg.norm(reduced) > np.linalg.norm(axes) else reduced
            order = np.argsort(np.round(np.linalg.norm(reduced, axis=1), 9), kind="stable")
            reduced = reduced[order]
            return reduced if np.linalg.det(reduced) > 0 else -reduced
        axes = reduced


def _settings(axes: NDArray[np.float64], tolerance: float, angle_tolerance: float) -> NDArray[np.float64]:
    """Return the unimodular matrices that carry a basis into one like it."""
    steps = np.array(list(product(range(-2, 3), repeat=3)), dtype=float)
    vectors = steps @ axes
    lengths, own = np.linalg.norm(vectors, axis=1), np.linalg.norm(axes, axis=1)
    # Twice the tolerance: the lattice at one end of it may have to be told from one at the other end.
    alike = [np.flatnonzero(np.abs(lengths / length - 1) <= 2 * tolerance / 100) for length in own]
    angles = _angles(axes)
    close = np.deg2rad(2 * angle_tolerance + 0.01)
    found = []
    for i, j, k in product(*alike):
        integer = steps[[i, j, k]]
        right_handed = 0.5 < np.linalg.det(integer) < 1.5
        if right_handed and np.abs(_angles(vectors[[i, j, k]]) - angles).max() <= close:
            found.append(integer)
    return np.array(found)
