"""The lattices that may stand behind a set of spots, best first."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._fit import fit_lattice, lattice_score
from pulsetrain.tuning._index._reduced import ReducedCell
from pulsetrain.tuning._index._search import Known, best_apart, half_sphere, misfit, polish, ring_vectors, third_vectors
from pulsetrain.tuning._index._small import compiled, determinant, write, write_vector

__all__ = ["Plan", "candidates"]

_BUDGET = 2.5e7  # trial vectors × spots of the first search: some 5 ms
_THIRD_BUDGET = 5e8  # trial vectors × spots of the last search, for all pairs together: a second
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

    def __init__(self, lengths: NDArray[np.float64], first: float, third: float, spans: tuple[float, float]) -> None:
        n = np.arange(1, len(lengths) + 1)
        steps = _PHASE / np.maximum(lengths, 1e-6)
        trials = 2 * np.pi * first**2 / steps**2 * np.ceil(2 * spans[0] * first / steps)
        # A box of two angles and a length around a long axis outgrows the sphere of a short one.
        box = 2 * np.ceil(2 * spans[1] * third / steps) ** 2 * np.ceil(2 * spans[0] * third / steps)
        within = np.flatnonzero((trials * n <= _BUDGET) & (_FIRSTS * _SECONDS * box * n <= _THIRD_BUDGET))
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
    plan = Plan(np.linalg.norm(q, axis=1), lengths[first], lengths[order[2]], spans)
    low = q[: plan.coarse].astype(np.float32)
    n_sphere = max(1, int(2 * np.pi * (lengths[first] / plan.step) ** 2))
    # Rounded up to steps of a tenth, so that few spheres are kept.
    n_sphere = max(200, int(1.1 ** np.ceil(np.log(n_sphere) / np.log(1.1))))
    vectors = _sphere(n_sphere) * np.float32(lengths[first])
    n_scales = int(np.ceil(2 * spans[0] * lengths[first] / plan.step))
    score, factor = misfit(low, vectors, 1 - spans[0], 1 + spans[0], n_scales)
    few = np.argpartition(score, min(_MOST, len(score) - 1))[:_MOST]
    few = few[np.argsort(score[few], kind="stable")]
    starts = best_apart(few, vectors.astype(np.float64), factor.astype(np.float64), 1.5 * plan.step, len(few))
    known = Known(
        axes=np.ascontiguousarray(reduced.axes[order]),
        lengths=lengths[order],
        angles=np.ascontiguousarray(np.arccos(cosines[order][:, order])),
        length_span=spans[0],
        angle_span=spans[1],
        step=plan.step,
    )
    axes, scores = _grow(q, starts, plan.stages, known, clear)
    whole = np.isfinite(axes).all((1, 2))  # too few spots leave a fit without an answer
    axes, scores = axes[whole], scores[whole]
    best = np.argsort(-scores, kind="stable")
    back = np.argsort(order)
    return np.ascontiguousarray(axes[best][:, back])


@compiled
def _grow(
    q: NDArray[np.float64], starts: NDArray[np.float64], stages: NDArray[np.int64], known: Known, clear: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grow lattices from trial vectors: polish them, add a second vector and a third, and refine the three."""
    firsts = _polished(q, starts, stages, known)
    low = q[: stages[0]].astype(np.float32)
    found = np.empty((len(firsts) * _SECONDS * 2, 3, 3))
    loss = np.empty(len(found))  # the score, turned round
    one, alone = np.empty((1, 3, 3)), np.empty(1)
    count = 0
    for i in range(len(firsts)):
        begun, least = count, count
        seconds = ring_vectors(low, firsts[i], known, _SECONDS)
        for j in range(len(seconds)):
            polish(q, seconds[j], stages[:1])
            thirds = third_vectors(low, firsts[i], seconds[j], known)
            for k in range(2):
                _write_right_handed(firsts[i], seconds[j], thirds[k], found[count])
                loss[count] = -lattice_score(q[: stages[0]], found[count])
                if loss[count] < loss[least]:
                    least = count
                count += 1
        if count > begun and clear < 1:
            write(found[least], one[0])
            alone[0] = _refined(q, one[0], stages, known)
            if alone[0] > clear:
                return one, alone
    best = np.argsort(loss[:count])[:_FIRSTS]
    several, scores = np.empty((len(best), 3, 3)), np.empty(len(best))
    for k in range(len(best)):
        write(found[best[k]], several[k])
        scores[k] = _refined(q, several[k], stages, known)
    return several, scores


@compiled
def _write_right_handed(
    first: NDArray[np.float64], second: NDArray[np.float64], third: NDArray[np.float64], axes: NDArray[np.float64]
) -> None:
    """Write three vectors, or all their opposites, as the rows of a matrix whose determinant is positive."""
    write_vector(first, axes[0])
    write_vector(second, axes[1])
    write_vector(third, axes[2])
    sign = -1 if determinant(axes) < 0 else 1
    for r in range(3):
        for s in range(3):
            axes[r, s] *= sign


@compiled
def _polished(
    q: NDArray[np.float64], starts: NDArray[np.float64], stages: NDArray[np.int64], known: Known
) -> NDArray[np.float64]:
    """Refine the first vectors, and return the best that are apart and as long as they should be."""
    n = len(starts)
    loss, polished = np.empty(n), np.empty((3, n))
    for j in range(n):
        v = starts[j]
        loss[j] = -polish(q, v, stages)
        if abs(np.sqrt(v[0] ** 2 + v[1] ** 2 + v[2] ** 2) / known.lengths[0] - 1) > 1.5 * known.length_span:
            loss[j] = np.inf
        write_vector(v, polished[:, j])
    return best_apart(np.argsort(loss), polished, np.ones(n), 0.5 * known.step, _FIRSTS)


@compiled
def _refined(q: NDArray[np.float64], axes: NDArray[np.float64], stages: NDArray[np.int64], known: Known) -> float:
    """Refine a lattice in place; return its score."""
    rms = fit_lattice(q, axes, stages, 0.3, known.axes)
    return lattice_score(q, axes) if np.isfinite(rms) else -1.0
