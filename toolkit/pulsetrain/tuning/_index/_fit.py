"""Compiled least squares of a whole lattice to its spots, and the count of the spots that it explains."""

from __future__ import annotations

import numba
import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._small import determinant, inverse, nearest_turn

__all__ = ["assigned", "count_near", "fit_lattice", "lattice_score", "turned"]


@numba.njit(nogil=True, cache=True)
def lattice_score(q: NDArray[np.float64], axes: NDArray[np.float64]) -> float:
    """Return the share of spots near the nodes of a lattice, each weighted by how near, less what is chance.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å
    axes : float64, shape (3, 3), Å
        As rows.
    """
    score = 0.0
    for i in range(q.shape[0]):
        weight = 1.0
        for k in range(3):
            phase = axes[k, 0] * q[i, 0] + axes[k, 1] * q[i, 1] + axes[k, 2] * q[i, 2]
            off = phase - np.rint(phase)
            weight *= max(0.0, 1.0 - 9.0 * off * off)
        score += weight
    return score / q.shape[0]


@numba.njit(nogil=True, cache=True)
def turned(known: NDArray[np.float64], columns: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the reciprocal axes of a known cell as rows, turned and scaled onto those of a lattice."""
    own = inverse(known).T
    overlap = own.T @ columns.T
    turn = nearest_turn(overlap)
    return own @ turn * (np.sum(turn * overlap) / np.sum(own * own))


@numba.njit(nogil=True, cache=True)
def fit_lattice(
    q: NDArray[np.float64],
    axes: NDArray[np.float64],
    stages: NDArray[np.int64],
    widest: float,
    known: NDArray[np.float64],
    freedom: float,
) -> float:
    """Refine all nine parameters of a lattice by least squares, from the spots near the beam outwards.

    What the spots leave open is held by the known cell, turned and scaled to the lattice: as strong as one
    observation of each reciprocal axis.

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
    freedom : float
        Standard deviation of the lattice from the known cell, relative to an axis.

    Returns
    -------
    float
        Root mean square distance of the spots that took part, 1/Å; infinite where they do not fix a lattice.
    """
    n_all = q.shape[0]
    offs = np.empty((n_all, 3))
    hkl = np.empty((n_all, 3))
    distance = np.empty(n_all)
    used = np.zeros(n_all, dtype=np.bool_)
    rms = np.inf
    n_stages = len(stages)
    for round_ in range(2 * n_stages + 8):
        last = round_ >= 2 * n_stages
        n = stages[min(round_ // 2, n_stages - 1)]
        columns = inverse(axes)  # its columns are a*, b*, c*
        near = 0
        for i in range(n):
            ok = True
            for k in range(3):
                phase = axes[k, 0] * q[i, 0] + axes[k, 1] * q[i, 1] + axes[k, 2] * q[i, 2]
                hkl[i, k] = np.rint(phase)
                offs[i, k] = phase - hkl[i, k]
                ok = ok and abs(offs[i, k]) < widest
            d2 = 0.0
            for r in range(3):
                d = columns[r, 0] * offs[i, 0] + columns[r, 1] * offs[i, 1] + columns[r, 2] * offs[i, 2]
                d2 += d * d
            distance[i] = np.sqrt(d2) if ok else np.inf
            near += ok
        if near < 5:
            return np.inf
        limit = np.inf
        if last:
            # Three and a half times the width of the nearer half: outliers do not widen it.
            limit = 3.5 * np.sort(distance[:n])[near // 2]
        a = np.zeros((3, 3))
        b = np.zeros((3, 3))
        count, squares, changed = 0, 0.0, False
        for i in range(n):
            take = distance[i] <= limit and distance[i] < np.inf
            changed = changed or take != used[i]
            used[i] = take
            if take:
                count += 1
                squares += distance[i] ** 2
                for r in range(3):
                    for s in range(3):
                        a[r, s] += hkl[i, r] * hkl[i, s]
                        b[r, s] += hkl[i, r] * q[i, s]
        if count < 5:
            return np.inf
        rms = np.sqrt(squares / count)
        expected = turned(known, columns)
        for r in range(3):
            tie = max(rms, 1e-5) ** 2 / (freedom**2 * (expected[r] @ expected[r]))
            a[r, r] += tie
            for s in range(3):
                b[r, s] += tie * expected[r, s]
        reciprocal = inverse(a) @ b  # rows a*, b*, c*
        if determinant(reciprocal) < 0.1 * determinant(columns):
            return np.inf
        axes[:] = inverse(reciprocal).T
        if last and not changed:
            break
    return rms


@numba.njit(nogil=True, cache=True)
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
    return spots, near, chance / max(1, turned)


@numba.njit(nogil=True, cache=True)
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
        d = columns @ offs
        distance[i] = np.sqrt(d @ d)
    return hkl, off, distance
