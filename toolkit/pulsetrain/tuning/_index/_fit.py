"""Compiled least squares of a whole lattice to its spots, and the count of the spots that it explains."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._small import compiled, determinant, inverse, nearest_turn, product, transposed, write

__all__ = ["assigned", "count_near", "fit_lattice", "lattice_score", "turned"]

_FREEDOM = 0.02  # standard deviation of a lattice from the known cell, relative to each axis


@compiled
def lattice_score(q: NDArray[np.float64], axes: NDArray[np.float64]) -> float:
    """Return the share of spots near the nodes of a lattice, each weighted by how near, less what is chance.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å
    axes : float64, shape (3, 3), Å
        As rows.
    """
    score: float = 0.0
    for i in range(q.shape[0]):
        weight = 1.0
        for k in range(3):
            phase = axes[k, 0] * q[i, 0] + axes[k, 1] * q[i, 1] + axes[k, 2] * q[i, 2]
            off = phase - np.rint(phase)
            weight *= max(0.0, 1.0 - 9.0 * off * off)
        score += weight
    share: float = score / q.shape[0]
    return share


@compiled
def turned(known: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reciprocal axes of a known cell as rows, turned and scaled onto those of a lattice."""
    own = inverse(known)  # as columns
    overlap = np.empty((3, 3))
    for r in range(3):
        for s in range(3):
            overlap[r, s] = own[r, 0] * columns[s, 0] + own[r, 1] * columns[s, 1] + own[r, 2] * columns[s, 2]
    turn = nearest_turn(overlap)
    common = square = 0.0
    for r in range(3):
        for s in range(3):
            common += turn[r, s] * overlap[r, s]
            square += own[r, s] * own[r, s]
    onto = np.empty((3, 3))
    for r in range(3):
        for s in range(3):
            onto[r, s] = (own[0, r] * turn[0, s] + own[1, r] * turn[1, s] + own[2, r] * turn[2, s]) * common / square
    return onto


@compiled
def fit_lattice(
    q: NDArray[np.float64],
    axes: NDArray[np.float64],
    stages: NDArray[np.int64],
    widest: float,
    known: NDArray[np.float64],
) -> float:
    """Refine all nine parameters of a lattice by least squares, from the spots near the beam outwards.

    What the spots leave open is held by the known cell, turned and scaled to the lattice: as strongly as one more
    spot on each reciprocal axis would, if a cell were known to some 2 %.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å, by rising length
    axes : float64, shape (3, 3), Å
        As rows; changed in place.
    stages : int, shape (stage,)
        Number of spots used; the last one is repeated until nothing changes.
    widest : float
        Farthest from whole numbers of a spot that takes part.
    known : float64, shape (3, 3), Å
        Axes of the known cell.

    Returns
    -------
    float
        Root mean square distance of the spots that took part, 1/Å; infinite where they do not fix a lattice.
    """
    rms = np.inf
    n_before = 0.0
    near, apart = np.empty(len(q), dtype=np.bool_), np.empty(len(q))
    for turn in range(2 * len(stages) + 8):
        last = turn >= 2 * len(stages)
        some = q[: stages[min(turn // 2, len(stages) - 1)]]
        hkl, off, distance = assigned(some, axes)
        count = 0
        for i in range(len(some)):
            if off[i] < widest:
                apart[count] = distance[i]
                count += 1
        if count < 5:
            return np.inf
        # Three and a half times the median: outliers do not widen it.
        farthest = 3.5 * np.median(apart[:count]) if last else np.inf
        count, total, square = 0, 0.0, 0.0
        for i in range(len(some)):
            near[i] = off[i] < widest and distance[i] <= farthest
            if near[i]:
                count += 1
                total += distance[i]
                square += distance[i] ** 2
        if count == 0:
            return np.inf
        n_near = count + total  # changes with the spots, and with the lattice
        rms = np.sqrt(square / count)
        reciprocal = _least_squares(some, hkl, near, turned(known, inverse(axes)), rms)
        if not determinant(reciprocal) * determinant(axes) > 0.1:
            return np.inf
        write(transposed(inverse(reciprocal)), axes)
        if last and abs(n_near - n_before) < 1e-9:
            break
        n_before = n_near
    return rms


@compiled
def _least_squares(
    q: NDArray[np.float64],
    hkl: NDArray[np.float64],
    near: NDArray[np.bool_],
    expected: NDArray[np.float64],
    rms: float,
) -> NDArray[np.float64]:
    """Return the reciprocal axes, as rows, that best fit the spots that are near."""
    a, b = np.zeros((3, 3)), np.zeros((3, 3))
    for i in range(len(q)):
        if not near[i]:
            continue
        for r in range(3):
            for s in range(3):
                a[r, s] += hkl[i, r] * hkl[i, s]
                b[r, s] += hkl[i, r] * q[i, s]
    for r in range(3):
        square = expected[r, 0] ** 2 + expected[r, 1] ** 2 + expected[r, 2] ** 2
        tie = max(rms, 1e-5) ** 2 / (_FREEDOM**2 * square)
        a[r, r] += tie
        for s in range(3):
            b[r, s] += tie * expected[r, s]
    return product(inverse(a), b)


@compiled
def count_near(
    q: NDArray[np.float64], axes: NDArray[np.float64], widths: NDArray[np.float64], turns: NDArray[np.float64]
) -> tuple[int, NDArray[np.int64], NDArray[np.float64]]:
    """Count the spots near nodes, and how many would be by chance.

    Chance is measured: the same spots, turned around the beam by angles that no lattice has, against the same
    lattice. That keeps what makes spots fit anything, such as few layers along the beam.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å
    axes : float64, shape (3, 3), Å
    widths : float64, shape (width,), rising
        Farthest from whole numbers in each of the three indices.
    turns : float64, shape (turn,), rad

    Returns
    -------
    spots : int
        Those whose nearest node is not 000.
    near : int64, shape (width,)
    chance : float64, shape (width,)
        Share of turned spots.
    """
    n_widths = len(widths)
    near = np.zeros(n_widths, dtype=np.int64)
    chance = np.zeros(n_widths)
    spots, turned = 0, 0
    for t in range(-1, len(turns)):
        c, s = (1.0, 0.0) if t < 0 else (np.cos(turns[t]), np.sin(turns[t]))
        for i in range(q.shape[0]):
            x, y, z = c * q[i, 0] - s * q[i, 1], s * q[i, 0] + c * q[i, 1], q[i, 2]
            farthest, origin = 0.0, True
            for k in range(3):
                phase = axes[k, 0] * x + axes[k, 1] * y + axes[k, 2] * z
                whole = np.rint(phase)
                origin = origin and whole == 0
                farthest = max(farthest, abs(phase - whole))
            if origin:
                continue
            spots += t < 0
            turned += t >= 0
            for w in range(n_widths):
                if farthest <= widths[w]:
                    near[w] += t < 0
                    chance[w] += t >= 0
    for w in range(n_widths):
        chance[w] /= max(1, turned)
    return spots, near, chance


@compiled
def assigned(
    q: NDArray[np.float64], axes: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return the nearest node of each spot and its distance.

    Returns
    -------
    hkl : float64, shape (n, 3)
    off : float64, shape (n,)
        Farthest from a whole number of the three indices.
    distance : float64, shape (n,), 1/Å
    """
    n = q.shape[0]
    hkl, off, distance = np.empty((n, 3)), np.zeros(n), np.empty(n)
    columns = inverse(axes)
    offs = np.empty(3)
    for i in range(n):
        for k in range(3):
            phase = axes[k, 0] * q[i, 0] + axes[k, 1] * q[i, 1] + axes[k, 2] * q[i, 2]
            hkl[i, k] = np.rint(phase)
            offs[k] = phase - hkl[i, k]
            off[i] = max(off[i], abs(offs[k]))
        square = 0.0
        for r in range(3):
            square += (columns[r, 0] * offs[0] + columns[r, 1] * offs[1] + columns[r, 2] * offs[2]) ** 2
        distance[i] = np.sqrt(square)
    return hkl, off, distance
