"""The lattices that may stand behind a set of spots, best first."""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._fit import fit_lattice, lattice_score
from pulsetrain.tuning._index._reduced import ReducedCell
from pulsetrain.tuning._index._search import best_apart, half_sphere, misfit, polish, ring_vectors, third_vectors
from pulsetrain.tuning._index._small import determinant

__all__ = ["Plan", "candidates"]

_BUDGET = 2.5e7  # trial vectors × spots of the first search: some 5 ms
_FEWEST = 20  # spots of the coarse search, if there are as many
_PHASE = 0.35  # step of trial vectors, in units of the reciprocal length of the outermost spot
_MOST = 400  # trial vectors that are looked at again
_FIRSTS, _SECONDS = 24, 4


@lru_cache(maxsize=32)
def _sphere(n: int) -> NDArray[np.float32]:
    return half_sphere(n)


class Plan:
    """How finely a set of spots is searched.

    Attributes
    ----------
    coarse : int
        Number of spots, those nearest to the beam, of the coarse search.
    step : float, Å
        Distance of trial vectors.
    stages : numpy.ndarray of int
        Number of spots at each stage of the refinement.
    """

    def __init__(self, lengths: NDArray[np.float64], shortest: float, span: float) -> None:
        n = np.arange(1, len(lengths) + 1)
        steps = _PHASE / np.maximum(lengths, 1e-6)
        trials = 2 * np.pi * shortest**2 / steps**2 * np.ceil(2 * span * shortest / steps)
        within = np.flatnonzero(trials * n <= _BUDGET)
        self.coarse = int(min(len(lengths), max(_FEWEST, within[-1] + 1 if len(within) else 0)))
        self.step = float(steps[self.coarse - 1])
        limits = lengths[self.coarse - 1] * 1.35 ** np.arange(12)
        counts = np.searchsorted(lengths, limits, side="right")
        self.stages = np.unique(np.append(np.maximum(counts, self.coarse), len(lengths))).astype(np.int64)


def candidates(
    q: NDArray[np.float64], reduced: ReducedCell, spans: tuple[float, float], first: int, clear: float
) -> NDArray[np.float64]:
    """Return refined lattices, shape (candidate, 3, 3), Å, rows as in the reduced cell.

    Parameters
    ----------
    q : numpy.ndarray, shape (n, 3), 1/Å, by rising length
    reduced : ReducedCell
    spans : tuple of float
        Relative half-range of lengths, half-range of angles in rad.
    first : int
        Which of the three axes is searched over the sphere.
    clear : float
        Score of a lattice (`lattice_score`) that ends the search at once, as its only answer.
    """
    lengths = np.linalg.norm(reduced.axes, axis=1)
    unit = reduced.axes / lengths[:, None]
    cosines = np.clip(unit @ unit.T, -1, 1)
    order = np.roll(np.arange(3), -first)  # cyclic, so that the axes stay right-handed
    plan = Plan(np.linalg.norm(q, axis=1), lengths[first], spans[0])
    low = q[: plan.coarse].astype(np.float32)
    n_sphere = int(2 * np.pi * (lengths[first] / plan.step) ** 2)
    # Rounded up to steps of a tenth, so that few spheres are kept.
    n_sphere = max(200, int(1.1 ** np.ceil(np.log(n_sphere) / np.log(1.1))))
    vectors = _sphere(n_sphere) * np.float32(lengths[first])
    n_scales = int(np.ceil(2 * spans[0] * lengths[first] / plan.step))
    score, factor = misfit(low, vectors, 1 - spans[0], 1 + spans[0], n_scales)
    few = np.argpartition(score, min(_MOST, len(score) - 1))[:_MOST]
    few = few[np.argsort(score[few], kind="stable")]
    starts = best_apart(few, vectors, factor, 1.5 * plan.step, len(few))
    axes, scores = _grow(
        q,
        low,
        starts,
        plan.stages,
        lengths[order],
        np.arccos(cosines[order][:, order]),
        np.ascontiguousarray(reduced.axes[order]),
        spans,
        plan.step,
        clear,
    )
    best = np.argsort(-scores, kind="stable")
    back = np.argsort(order)
    found: NDArray[np.float64] = axes[best][:, back]
    return found


@numba.njit(nogil=True, cache=True)
def _grow(
    q: NDArray[np.float64],
    low: NDArray[np.float32],
    starts: NDArray[np.float64],
    stages: NDArray[np.int64],
    lengths: NDArray[np.float64],
    angles: NDArray[np.float64],
    known: NDArray[np.float64],
    spans: tuple[float, float],
    step: float,
    clear: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grow lattices from trial vectors: polish them, add a second vector and a third, and refine the three."""
    n = len(starts)
    scores = np.empty(n)
    for j in range(n):
        v = starts[j]
        scores[j] = polish(q, v, stages)
        if abs(np.sqrt(v @ v) / lengths[0] - 1) > 1.5 * spans[0]:
            scores[j] = -1e9
    order = np.argsort(-scores)
    firsts = best_apart(order, starts.T, np.ones(n), 0.5 * step, _FIRSTS)
    size = len(firsts) * _SECONDS * 2
    found = np.empty((size, 3, 3))
    worth = np.full(size, -1.0)
    count = 0
    narrow, near = stages[:1], q[: stages[0]]
    for j in range(len(firsts)):
        seconds = ring_vectors(low, firsts[j], lengths[1], angles[0, 1], spans, step, _SECONDS)
        for m in range(len(seconds)):
            polish(q, seconds[m], narrow)
            thirds = third_vectors(low, firsts[j], seconds[m], lengths[2], (angles[0, 2], angles[1, 2]), spans, step)
            for side in range(2):
                axes = found[count]
                axes[0], axes[1], axes[2] = firsts[j], seconds[m], thirds[side]
                if determinant(axes) < 0:
                    axes *= -1
                worth[count] = lattice_score(near, axes)
                count += 1
        latest = count - len(seconds) * 2
        if count > latest and clear < 1:
            best_new = latest + np.argmax(worth[latest:count])
            out = found[best_new : best_new + 1].copy()
            if np.isfinite(fit_lattice(q, out[0], stages, 0.3, known, spans[0] / 3)):
                score = lattice_score(q, out[0])
                if score > clear:
                    return out, np.array([score])
    best = np.argsort(-worth[:count])[:_FIRSTS]
    out = np.empty((len(best), 3, 3))
    final = np.empty(len(best))
    for j in range(len(best)):
        out[j] = found[best[j]]
        rms = fit_lattice(q, out[j], stages, 0.3, known, spans[0] / 3)
        final[j] = lattice_score(q, out[j]) if np.isfinite(rms) else -1.0
    return out, final
