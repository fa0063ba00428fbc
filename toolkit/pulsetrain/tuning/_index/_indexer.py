"""Lattices of a known cell in the spots of a pattern."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._index._candidates import candidates
from pulsetrain.tuning._index._chance import narrow
from pulsetrain.tuning._index._fit import assigned
from pulsetrain.tuning._index._reduced import ReducedCell, metric_change

__all__ = ["KnownCellIndexer", "Lattice"]

_SHORTEST, _LONGEST = 2.0, 2000.0  # Å; from metals to the largest viruses
_STRONGEST = 150  # spots that are searched
_FEWEST = 6  # spots: nine parameters, and some to say whether they are right
_MOST_LATTICES = 8
_LEFT = 0.25  # share of the spots that are worth looking for a further lattice
_ACCEPT = -6.0  # log10 of the lattices expected by chance in a pattern; random spots reach −4 in one of 600
_EXPLAINED = 0.25  # farthest from whole indices of an explained spot
_CERTAIN = -12.0  # no need to look for a better one
_CLEAR = 0.6  # score of a lattice; by chance it is 0.09
_LOOKED_AT = 6  # lattices, of those that a search gives
_NARROWING = np.array([0.25, 0.15, 0.1])  # farthest from whole indices of spots in the last refinements
_NEARLY = 0.6  # a lattice that fits the cell is taken before one that explains more, if it is nearly as good
_NONE = (np.eye(3), np.inf)
_SLACK = 1.15  # the search looks a little beyond the tolerance: the coarse steps are coarse


@dataclass(frozen=True)
class Lattice:
    """A lattice found in the spots of a pattern.

    Attributes
    ----------
    axes : numpy.ndarray, shape (3, 3), Å
        a, b, c of the conventional cell as rows, in the laboratory's x, y, z; right-handed.
    explained : numpy.ndarray of bool, shape (n,)
        Spots that it explains.
    hkl : numpy.ndarray of int, shape (n, 3)
        Nearest node of each spot; 000 of spots that are not finite.
    residual : float, 1/Å
        Root mean square distance of the explained spots from their nodes.
    false_alarms : float
        log10 of the number of lattices as good that spots at random would give.
    """

    axes: NDArray[np.float64]
    explained: NDArray[np.bool_]
    hkl: NDArray[np.int64]
    residual: float
    false_alarms: float

    @property
    def n_indexed(self) -> int:
        """Number of explained spots."""
        return int(self.explained.sum())

    @property
    def predicted(self) -> NDArray[np.float64]:
        """Reciprocal-lattice points of the spots, shape (n, 3), 1/Å."""
        points: NDArray[np.float64] = self.hkl @ np.linalg.inv(self.axes).T
        return points


class KnownCellIndexer:
    """Finds lattices of a known cell, of any lattice type and centering, in the spots of still patterns.

    Trial vectors of the reduced cell's lengths, over a half sphere, are scored by how near q·v is to whole numbers;
    the best grow to pairs and triplets with the cell's lengths and angles, which are refined by least squares with
    all nine parameters free and outliers trimmed. What is left must agree with the cell within the tolerance, and
    explain more spots than chance would. After P. Gasparotto et al. (TORO), J. Appl. Cryst. 57 (2024),
    doi:10.1107/S1600576724003182, and Y. Gevorkov et al. (XGANDALF), Acta Cryst. A75 (2019) 694.

    Parameters
    ----------
    cell : UnitCell
    tolerance : float, %
        Of the lengths of the axes.
    angle_tolerance : float, degrees
    multi : bool
        Look for further lattices in the spots that are left over.

    Raises
    ------
    DataError
        For a cell whose spots no detector tells apart, or that has hardly any.

    Examples
    --------
    >>> indexer = KnownCellIndexer(UnitCell(79, 79, 38))
    >>> indexer.index(q, snr)                                                            # doctest: +SKIP
    """

    def __init__(
        self, cell: UnitCell, *, tolerance: float = 5.0, angle_tolerance: float = 1.5, multi: bool = False
    ) -> None:
        self.cell, self.tolerance, self.angle_tolerance, self.multi = cell, tolerance, angle_tolerance, multi
        self._reduced = ReducedCell.of(cell, tolerance, angle_tolerance)
        lengths = np.linalg.norm(self._reduced.axes, axis=1)
        if lengths.min() < _SHORTEST or lengths.max() > _LONGEST:
            got = f"reduced axes of {', '.join(f'{length:.4g}' for length in lengths)} Å"
            raise DataError("cell", got, f"{_SHORTEST:g} … {_LONGEST:g} Å", "check the cell and its unit, Å")
        self._spans = (_SLACK * tolerance / 100, _SLACK * float(np.deg2rad(angle_tolerance)))

    def index(self, q: NDArray[np.float64], intensity: NDArray[np.float64] | None = None) -> list[Lattice]:
        """Find the lattices of a pattern.

        Parameters
        ----------
        q : numpy.ndarray, shape (n, 3), float64, 1/Å
            Spots in reciprocal space, without 2π, the beam along z.
        intensity : numpy.ndarray, shape (n,), optional
            Or their signal-to-noise ratio: the strongest are searched. Left out, those nearest to the beam.

        Returns
        -------
        list of Lattice
            Best first; empty where none is found.
        """
        q = np.ascontiguousarray(q, dtype=np.float64).reshape(-1, 3)
        usable = np.isfinite(q.sum(axis=1))
        rank = np.linalg.norm(q, axis=1) if intensity is None else -np.asarray(intensity, dtype=np.float64)
        left = usable
        lattices: list[Lattice] = []
        for _ in range(_MOST_LATTICES):
            if left.sum() < max(_FEWEST, _LEFT * usable.sum()):
                break
            lattice = self._best(q, left, rank)
            if lattice is None:
                break
            left = np.logical_and(left, ~lattice.explained)
            # A lattice outside the tolerance takes its spots along: some of them would fit a wrong one.
            if not self._fits(lattice.axes):
                continue
            if any(_alike(lattice.axes, other.axes) for other in lattices):
                break
            lattices.append(lattice)
            if not self.multi:
                break
        return lattices

    def _best(self, q: NDArray[np.float64], left: NDArray[np.bool_], rank: NDArray[np.float64]) -> Lattice | None:
        where = np.flatnonzero(left)
        strongest = where[np.argsort(rank[where], kind="stable")[:_STRONGEST]]
        searched, everything = _outwards(q[strongest]), _outwards(q[where])
        best, fitting = _NONE, _NONE
        for batch in self._candidates(searched):
            for axes in batch:
                for trial in zip(*narrow(everything, axes, _NARROWING, self._reduced.axes, self._spans), strict=True):
                    if not np.isfinite(trial[0]).all():
                        continue
                    best = min(best, trial, key=_alarms)
                    if trial[1] < fitting[1] and self._fits(self._reduced.conventional_axes(trial[0])):
                        fitting = trial
            if best[1] < _CERTAIN:
                break
        axes, alarms = fitting if fitting[1] < _NEARLY * best[1] else best
        return self._lattice(q, left, axes, float(alarms)) if alarms < _ACCEPT else None

    def _candidates(self, q: NDArray[np.float64]) -> Iterator[NDArray[np.float64]]:
        """Search along each of the axes that differ in length, first in haste."""
        lengths = np.linalg.norm(self._reduced.axes, axis=1)
        for first in range(3):
            if first and lengths[first] < 1.001 * lengths[first - 1]:
                continue
            for clear in (_CLEAR, np.inf):
                found = candidates(q, self._reduced, self._spans, first, clear)
                yield found[:_LOOKED_AT]
                if len(found) != 1:
                    break  # the search did not end early: it would find the same again

    def _fits(self, axes: NDArray[np.float64]) -> bool:
        lengths, angles = metric_change(axes, self.cell.matrix)
        return lengths <= self.tolerance / 100 and angles <= self.angle_tolerance

    def _lattice(
        self, q: NDArray[np.float64], left: NDArray[np.bool_], axes: NDArray[np.float64], alarms: float
    ) -> Lattice:
        conventional = self._reduced.conventional_axes(axes)
        _, off, distance = assigned(q, axes)
        near = left & (off <= _EXPLAINED)
        limit = 4 * np.median(distance[near])
        explained = near & (distance <= limit)
        hkl = np.rint(np.nan_to_num(q) @ conventional.T).astype(np.int64)
        residual = float(np.sqrt(np.mean(distance[explained] ** 2)))
        return Lattice(conventional, explained, hkl, residual, alarms)


def _alike(axes: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether a lattice is found again: in spots that lie on it, if not quite near enough."""
    apart: float = np.linalg.norm(axes - other, axis=1).max()
    return apart < 0.02 * float(np.linalg.norm(axes, axis=1).max())


def _outwards(q: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.ascontiguousarray(q[np.argsort(np.linalg.norm(q, axis=1), kind="stable")])


def _alarms(trial: tuple[NDArray[np.float64], float]) -> float:
    return trial[1]
