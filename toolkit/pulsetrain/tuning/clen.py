"""The camera length that makes the known cell fit patterns that are indexed already."""

from __future__ import annotations

import json

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data._inputs import PathLike
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._index._fit import assigned
from pulsetrain.tuning._index._small import inverse, nearest_turn
from pulsetrain.tuning._native.detector import Detector

__all__ = ["refine_clen"]

_EXPLAINED = 0.25  # farthest from whole indices of a spot that takes part
_FEWEST = 6  # spots of a crystal: four unknowns, and some to say how well they are known
_STEP = 1e-4  # relative step of the camera length for its derivative
_ROUNDS = 8


def refine_clen(
    result: xr.Dataset, geometry: PathLike | CrystFELGeometry, cell: PathLike | UnitCell
) -> tuple[float, float]:
    """Return the camera length at which the known cell fits best.

    The indices of the spots are known from the lattices found, so that for each crystal the camera length and its
    orientation follow by least squares, its cell held. A true cell that differs from the known one by a common factor
    cannot be told from another camera length.

    Parameters
    ----------
    result : xarray.Dataset
        Of an engine: see `pulsetrain.tuning.results.indexing_result`.
    geometry : path or CrystFELGeometry
        That of the engine.
    cell : path or UnitCell

    Returns
    -------
    clen : float, metres
        Mean over the crystals, weighted by how well each knows it; outlying crystals left out.
    uncertainty : float, metres
        Its standard error, from the scatter of the crystals, or from the spots where that is larger.

    Raises
    ------
    DataError
        Where no crystal has spots enough.
    """
    geometry, cell = CrystFELGeometry.of(geometry), UnitCell.of(cell)
    detector = Detector.of(geometry)
    used = json.loads(result.attrs["options"])["clen"]
    clen = geometry.clen if used is None else float(used)
    pattern = result["peak_pattern"].to_numpy()
    peaks = [result[f"peak_{name}"].to_numpy() for name in ("pixel", "slow_scan", "fast_scan")]
    found = []
    for number, axes in zip(result["crystal_pattern"].to_numpy(), result["crystal_axes"].to_numpy(), strict=True):
        of_crystal = [values[pattern == number] for values in peaks]
        one = _of_crystal(detector, of_crystal, np.ascontiguousarray(axes), cell, clen)
        if one is not None:
            found.append(one)
    if not found:
        got = f"{result.sizes['crystal']} crystals, none with {_FEWEST} spots or more"
        raise DataError("result", got, "at least one indexed pattern", "index at a wider tolerance first")
    return _mean(*np.array(found).T)


def _of_crystal(
    detector: Detector, peaks: list[NDArray[np.float64]], axes: NDArray[np.float64], cell: UnitCell, clen: float
) -> tuple[float, float] | None:
    """Return camera length and standard error of one crystal."""

    def q_at(length: float) -> NDArray[np.float64]:
        q: NDArray[np.float64] = detector.q_of(detector.places(pixel.astype(np.int64), slow, fast, length))
        return q

    pixel, slow, fast = peaks
    hkl, off, distance = assigned(q_at(clen), axes)
    near = off <= _EXPLAINED
    if near.sum() >= _FEWEST:
        near &= distance <= 4 * np.median(distance[near])
    if near.sum() < _FEWEST:
        return None
    pixel, slow, fast = (values[near] for values in peaks)
    own = cell.reciprocal
    turn = nearest_turn(own.T @ inverse(axes).T)
    for _ in range(_ROUNDS):
        q, nodes = q_at(clen), hkl[near] @ own @ turn
        # Unknown: the camera length and a small turn w, which moves a node g by w × g.
        moves = [np.cross(axis, nodes) for axis in np.eye(3)]
        slope = (q_at(clen * (1 + _STEP)) - q) / (clen * _STEP)
        matrix = np.stack([slope, *(-move for move in moves)], axis=-1).reshape(-1, 4)
        change, *_ = np.linalg.lstsq(matrix, (nodes - q).ravel(), rcond=None)
        clen += change[0]
        turn = nearest_turn(turn + np.cross(change[1:], turn))
    rest = (nodes - q).ravel() - matrix @ change
    variance = rest @ rest / (rest.size - 4) * np.linalg.inv(matrix.T @ matrix)[0, 0]
    return float(clen), float(np.sqrt(variance))


def _mean(clens: NDArray[np.float64], errors: NDArray[np.float64]) -> tuple[float, float]:
    """Return the weighted mean and its standard error."""
    # Crystals scatter more than their spots say, as cells differ: that scatter is added to each.
    spread = 1.4826 * float(np.median(np.abs(clens - np.median(clens))))
    kept = np.abs(clens - np.median(clens)) <= 4 * np.hypot(spread, errors)
    weight = 1 / (errors[kept] ** 2 + spread**2 + 1e-18)
    mean = float(np.average(clens[kept], weights=weight))
    inner = 1 / float(weight.sum())
    n = int(kept.sum())
    outer = float(np.average((clens[kept] - mean) ** 2, weights=weight)) / (n - 1) if n > 1 else 0.0
    return mean, float(np.sqrt(max(inner, outer)))
