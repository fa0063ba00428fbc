"""The lattices that may stand behind a set of spots, best first."""

from __future__ import annotations

from functools import lru_cache

import numba
import numpy as np
from numpy.typing import NDArray

from pulsetrain.tuning._index._fit import fit_lattice, lattice_score
from pulsetrain.tuning._index._reduced import ReducedCell
from pulsetrain.tuning._index._search import Known, best_apart, half_sphere, misfit, polish, ring_vectors, third_vectors
from pulsetrain.tuning._index._small import determinant

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


@numba.njit(nogil=True, cache=True)
def _grow(
    q: NDArray[np.float64], starts: NDArray[np.float64], stages: NDArray[np.int64], known: Known, clear: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Grow lattices from trial vectors: polish them, add a second vector and a third, and refine the three."""
    firsts = _polished(q, starts, stages, known)
    low = q[: stages[0]].astype(np.float32)
    found = np.empty((len(firsts) * _SECONDS * 2, 3, 3))
    worth = np.empty(len(found))
    count = 0
    for first in firsts:
        begun = count
        for second in ring_vectors(low, first, known, _SECONDS):
            polish(q, second, stages[:1])
            for third in third_vectors(low, first, second, known):
                axes = found[count]
                axes[0], axes[1], axes[2] = first, second, third
                if determinant(axes) < 0:
                    axes *= -1
                worth[count] = lattice_score(q[: stages[0]], axes)
                count += 1
        if count > begun and clear < 1:
            out = found[begun + np.argmax(worth[begun:count])].copy()
            score = _refined(q, out, stages, known)
            if score > clear:
                return np.expand_dims(out, 0), np.array([score])
    best = np.argsort(-worth[:count])[:_FIRSTS]
    several = found[best]
    scores = np.array([_refined(q, axes, stages, known) for axes in several])
    return several, scores


@numba.njit(nogil=True, cache=True)
def _polished(
    q: NDArray[np.float64], starts: NDArray[np.float64], stages: NDArray[np.int64], known: Known
) -> NDArray[np.float64]:
    """Refine the first vectors, and return the best that are apart and as long as they should be."""
    n = len(starts)
    scores = np.empty(n)
    for j in range(n):
        v = starts[j]
        scores[j] = polish(q, v, stages)
        if abs(np.sqrt(np.sum(v * v)) / known.lengths[0] - 1) > 1.5 * known.length_span:
            scores[j] = -np.inf
    return best_apart(np.argsort(-scores), starts.T, np.ones(n), 0.5 * known.step, _FIRSTS)


@numba.njit(nogil=True, cache=True)
def _refined(q: NDArray[np.float64], axes: NDArray[np.float64], stages: NDArray[np.int64], known: Known) -> float:
    """Refine a lattice in place; return its score."""
    rms = fit_lattice(q, axes, stages, 0.3, known.axes)
    return lattice_score(q, axes) if np.isfinite(rms) else -1.0
