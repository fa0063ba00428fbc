"""Compiled search for the vectors of a lattice: how near q·v is to whole numbers, over spheres, rings and boxes.

A vector v of the crystal's lattice makes q·v whole for all of its spots. A trial vector is worth the sum over the
spots of the squared distance from the nearest whole number (1/12 per spot by chance).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._small import across, compiled, inverse, shift, unit, write_vector

__all__ = ["Known", "best_apart", "half_sphere", "misfit", "polish", "ring_vectors", "third_vectors"]


class Known(NamedTuple):
    """What is known of the cell, its vectors in the order of the search.

    Attributes
    ----------
    axes : float64, shape (3, 3), Å
    lengths : float64, shape (3,), Å
    angles : float64, shape (3, 3), rad
        Between the vectors.
    length_span : float
        Relative half-range of the lengths.
    angle_span : float, rad
        Half-range of the angles.
    step : float, Å
        Distance of trial vectors.
    """

    axes: NDArray[np.float64]
    lengths: NDArray[np.float64]
    angles: NDArray[np.float64]
    length_span: float
    angle_span: float
    step: float


_BLOCK = 512  # trial vectors that stay in the fastest cache


def half_sphere(n: int) -> NDArray[np.float32]:
    """Return n directions spread evenly over half a sphere (Fibonacci's spiral), shape (3, n)."""
    k = np.arange(n) + 0.5
    z = k / n
    angle = np.pi * (1 + 5**0.5) * k
    r = np.sqrt(1 - z * z)
    return np.array([r * np.cos(angle), r * np.sin(angle), z], dtype=np.float32)


@compiled
def misfit(
    q: NDArray[np.float32], vectors: NDArray[np.float32], low: float, high: float, n_scales: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Score trial vectors, each at several lengths.

    Parameters
    ----------
    q : float32, shape (n, 3), 1/Å
    vectors : float32, shape (3, m), Å
    low, high : float
        Least and largest factor on the vectors.
    n_scales : int

    Returns
    -------
    best : float32, shape (m,)
        Mean squared distance from the nearest whole number, at the best length.
    factor : float32, shape (m,)
    """
    n, m = q.shape[0], vectors.shape[1]
    best = np.full(m, np.float32(1.0), dtype=np.float32)
    factor = np.ones(m, dtype=np.float32)
    total = np.empty(_BLOCK, dtype=np.float32)
    for start in range(0, m, _BLOCK):
        size = min(_BLOCK, m - start)
        x, y, z = vectors[0, start : start + size], vectors[1, start : start + size], vectors[2, start : start + size]
        for k in range(n_scales):
            scale = np.float32(low + (high - low) * (k + 0.5) / n_scales)
            total[:] = 0
            for i in range(n):
                qx, qy, qz = q[i, 0] * scale, q[i, 1] * scale, q[i, 2] * scale
                for j in range(size):
                    phase = qx * x[j] + qy * y[j] + qz * z[j]
                    off = phase - np.rint(phase)
                    total[j] += off * off
            for j in range(size):
                mean = total[j] / np.float32(n)
                if mean < best[start + j]:
                    best[start + j] = mean
                    factor[start + j] = scale
    return best, factor


@compiled
def best_apart(
    order: NDArray[np.int64], vectors: NDArray[np.float64], factor: NDArray[np.float64], distance: float, most: int
) -> NDArray[np.float64]:
    """Return vectors in the given order that are apart from the better ones, and from their opposites."""
    found = np.empty((most, 3))
    count = 0
    limit = distance * distance
    for j in order:
        x, y, z = vectors[0, j] * factor[j], vectors[1, j] * factor[j], vectors[2, j] * factor[j]
        new = True
        for k in range(count):
            a, b, c = found[k, 0], found[k, 1], found[k, 2]
            same = (x - a) ** 2 + (y - b) ** 2 + (z - c) ** 2
            opposite = (x + a) ** 2 + (y + b) ** 2 + (z + c) ** 2
            if min(same, opposite) < limit:
                new = False
                break
        if new:
            found[count, 0], found[count, 1], found[count, 2] = x, y, z
            count += 1
            if count == most:
                break
    return found[:count]


@compiled
def polish(q: NDArray[np.float64], v: NDArray[np.float64], stages: NDArray[np.int64]) -> float:
    """Refine a trial vector by least squares, from the spots near the beam outwards.

    Parameters
    ----------
    q : float64, shape (n, 3), 1/Å, by rising length
    v : float64, shape (3,), Å; changed in place
    stages : int, shape (stage,), number of spots used

    Returns
    -------
    float
        How far its score is above chance, in standard deviations, at the stage where it is farthest.
    """
    best_score, best_v = -1e9, np.empty(3)
    for n in stages:
        for _ in range(3):
            a = np.zeros((3, 3))
            b = np.zeros(3)
            for i in range(n):
                phase = q[i, 0] * v[0] + q[i, 1] * v[1] + q[i, 2] * v[2]
                off = np.rint(phase) - phase
                if abs(off) < 0.3:
                    for r in range(3):
                        b[r] += q[i, r] * off
                        for s in range(3):
                            a[r, s] += q[i, r] * q[i, s]
            ridge = 1e-3 * (a[0, 0] + a[1, 1] + a[2, 2]) + 1e-12
            for r in range(3):
                a[r, r] += ridge
            shift(v, inverse(a), b)
        score = 0.0
        for i in range(n):
            phase = q[i, 0] * v[0] + q[i, 1] * v[1] + q[i, 2] * v[2]
            off = phase - np.rint(phase)
            score += max(0.0, 1.0 - 16.0 * off * off)
        # By chance |off| is even in 0 … 1/2: mean 1/3 and variance 4/15 − 1/9 of each term.
        score = (score - n / 3.0) / np.sqrt(n * (4.0 / 15.0 - 1.0 / 9.0))
        if score >= best_score:
            best_score = score
            write_vector(v, best_v)
    write_vector(best_v, v)
    return best_score


@compiled
def _frame(u: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return two unit vectors at right angles to a unit vector and to each other."""
    k = 0
    for r in range(1, 3):
        if abs(u[r]) < abs(u[k]):
            k = r
    e = np.empty(3)
    for r in range(3):
        e[r] = (r == k) - u[k] * u[r]
    e = unit(e)
    return e, across(u, e)


@compiled
def ring_vectors(q: NDArray[np.float32], first: NDArray[np.float64], known: Known, most: int) -> NDArray[np.float64]:
    """Return the best second vectors, of known length and angle to a first one; shape (found, 3), Å."""
    length, angle = known.lengths[1], known.angles[0, 1]
    u = unit(first)
    e, f = _frame(u)
    n_turns = max(12, int(np.ceil(2 * np.pi * length * np.sin(angle) / known.step)))
    n_angles = int(np.ceil(2 * known.angle_span * length / known.step))
    n_lengths = int(np.ceil(2 * known.length_span * length / known.step))
    turns = np.empty((3, n_turns), dtype=np.float32)
    best = np.ones(n_turns)
    found = np.empty((n_turns, 3))
    for k in range(n_angles):
        tilt = angle + known.angle_span * (2 * (k + 0.5) / n_angles - 1)
        for j in range(n_turns):
            turn = 2 * np.pi * j / n_turns
            for r in range(3):
                aside = np.cos(turn) * e[r] + np.sin(turn) * f[r]
                turns[r, j] = length * (np.cos(tilt) * u[r] + np.sin(tilt) * aside)
        score, factor = misfit(q, turns, 1 - known.length_span, 1 + known.length_span, n_lengths)
        for j in range(n_turns):
            if score[j] < best[j]:
                best[j] = score[j]
                for r in range(3):
                    found[j, r] = turns[r, j] * factor[j]
    return _lowest(best, found, most)


@compiled
def _lowest(score: NDArray[np.float64], vectors: NDArray[np.float64], most: int) -> NDArray[np.float64]:
    """Return the vectors at the lowest minima of the score around a ring."""
    n, count = len(score), 0
    where, depth = np.empty(n, dtype=np.int64), np.empty(n)
    for j in range(n):
        if score[j] < score[j - 1] and score[j] <= score[(j + 1) % n]:
            where[count], depth[count] = j, score[j]
            count += 1
    order = np.argsort(depth[:count])[:most]
    lowest = np.empty((len(order), 3))
    for k in range(len(order)):
        write_vector(vectors[where[order[k]]], lowest[k])
    return lowest


@compiled
def third_vectors(
    q: NDArray[np.float32], first: NDArray[np.float64], second: NDArray[np.float64], known: Known
) -> NDArray[np.float64]:
    """Return the two vectors, one on each side, that with two others best make the known cell; shape (2, 3), Å."""
    length, angles = known.lengths[2], known.angles[:, 2]
    u, w = unit(first), unit(second)
    g = u[0] * w[0] + u[1] * w[1] + u[2] * w[2]
    up = unit(across(u, w))
    n_angles = int(np.ceil(2 * known.angle_span * length / known.step))
    n_lengths = int(np.ceil(2 * known.length_span * length / known.step))
    box = np.empty((3, 2 * n_angles * n_angles), dtype=np.float32)
    count = n_angles * n_angles
    for k in range(n_angles):
        cos_u = np.cos(angles[0] + known.angle_span * (2 * (k + 0.5) / n_angles - 1))
        for m in range(n_angles):
            cos_w = np.cos(angles[1] + known.angle_span * (2 * (m + 0.5) / n_angles - 1))
            # x u + y w has these angles; what is missing in length stands at right angles to both.
            x = (cos_u - g * cos_w) / (1 - g * g)
            y = (cos_w - g * cos_u) / (1 - g * g)
            rest = np.sqrt(max(0.0, 1 - x * cos_u - y * cos_w))
            for r in range(3):
                box[r, k * n_angles + m] = length * (x * u[r] + y * w[r] + rest * up[r])
                box[r, count + k * n_angles + m] = length * (x * u[r] + y * w[r] - rest * up[r])
    score, factor = misfit(q, box, 1 - known.length_span, 1 + known.length_span, n_lengths)
    found = np.empty((2, 3))
    for side in range(2):
        j = side * count + np.argmin(score[side * count : (side + 1) * count])
        for r in range(3):
            found[side, r] = box[r, j] * factor[j]
    return found
