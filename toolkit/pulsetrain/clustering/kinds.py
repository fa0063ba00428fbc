"""No, one or several particles, by the physics scores alone and without labels.

Two tests whose null distributions are known, each against an alternative whose share is learnt from the run by
expectation-maximisation. Empty frames scatter as a standard normal in the hit score. The fringe score of a single
particle is the highest of many exponentials, a Gumbel distribution, raised by what its own light leaks; that of several
is their fringes' visibility squared times the light there is. A run of a kind alone leaves the nulls where they are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

__all__ = ["PhysicsKinds"]

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]

_STRAY, _STRAY_WIDTH = 0.01, 3.0  # share of empties that scatter more than they should, and by how much more
_FAINTEST = 2.0  # hit score below which hits are not told from empties
_BINS, _PRIOR = 24, 5.0  # of log hit score, and as if so many hits had been seen, evenly
_EMPTY, _HIT = 3.0, 6.0  # hit scores of frames that surely are
_USUAL_PEAK = 8.5  # location of the highest of some 4,000 exponentials
_PEAKS = np.arange(-1.0, 2.01, 0.5)  # about what empty frames tell of it
_LEAKS = np.concatenate([[0.0], np.geomspace(1e-6, 1e-4, 8)])  # of the light that can be in a fringe, in power
# Some single particles leak more than others: of odd shape, large, or cut by a gap where they are bright. As log
# visibility: usually, from and to, and its scatter.
_LEAKED, _LEAKED_ENDS, _LEAKED_SCATTER = np.log(0.12), np.log([0.03, 0.22]), 0.35
_UNEQUAL, _UNEQUAL_TAIL = 0.05, 1.5  # share of unequal particles, and how far down their visibility falls, in widths
_VISIBILITY, _SCATTER, _WEIGHT = np.log(0.7), 0.3, 20.0  # of log visibility, as if so many frames had been seen
# Else bright single particles that leak pass for a group of faint fringes.
_LEAST_VISIBILITY, _MOST_SCATTER = np.log(0.5), 0.35
_FEWEST = 0.5  # frames of each kind that may always be there
_ROUNDS = 60


@dataclass(frozen=True)
class PhysicsKinds:
    """Probabilities of none, single and multiple.

    Attributes
    ----------
    hits : float
        Share of frames with particles.
    brightness : tuple of float
        Shares of the hits in bins of log hit score from 2 to `brightest`.
    brightest : float
    several : float
        Share of the hits with several particles.
    peak : float
        Location of the Gumbel distribution of single particles' fringe scores.
    leak : float
        Power of a single particle's own light there, as a share of what fringes could have.
    leaking, leaked : float
        Share of the single particles whose light leaks more, and the logarithm of the visibility that it feigns.
    visibility, scatter : float
        Mean and standard deviation of the logarithm of the visibility of several particles' fringes.
    """

    hits: float
    brightness: tuple[float, ...]
    brightest: float
    several: float
    peak: float
    leak: float
    leaking: float
    leaked: float
    visibility: float
    scatter: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "brightness", tuple(self.brightness))  # JSON gives a list

    @classmethod
    def fit(cls, scores: Mapping[str, Floats]) -> PhysicsKinds:
        """Learn the shares, and how fringes scatter, from a run's scores.

        Parameters
        ----------
        scores : mapping of name to float, shape (n,)
            ``hit_score``, ``fringe_score`` and ``fringe_visibility`` of `FrameScorer.measure`.
        """
        hit_score, fringes, possible = _columns(scores)
        brightest = max(20.0, float(np.quantile(hit_score, 0.999)) if len(hit_score) else 0.0)
        hits, brightness = _hits(hit_score, brightest)
        empty = fringes[np.abs(hit_score) < _EMPTY]
        usual = float(np.median(empty)) - 0.7 if len(empty) >= 20 else _USUAL_PEAK
        bright = hit_score > _HIT
        starts = (
            cls(hits, brightness, brightest, 1 / 3, usual + peak, leak, 0.1, _LEAKED, _VISIBILITY, _SCATTER)
            for peak in _PEAKS
            for leak in _LEAKS
        )
        fits = [_expectation_maximisation(start, fringes[bright], possible[bright]) for start in starts]
        return max(fits, key=lambda fit: fit[1] - 0.5 * (fit[0].peak - usual) ** 2)[0]

    def probability(self, scores: Mapping[str, Floats]) -> Doubles:
        """Return the probability of each of `KINDS`, shape (n, 3)."""
        hit_score, fringes, possible = _columns(scores)
        hit = _odds_to_share(
            self.hits * _of_hits(hit_score, self.brightness, self.brightest), (1 - self.hits) * _of_empties(hit_score)
        )
        clean, leaking, many = _densities(self, fringes, possible)
        several = _odds_to_share(many, clean + leaking)
        return np.stack([1 - hit, hit * (1 - several), hit * several], axis=1)


def _columns(scores: Mapping[str, Floats]) -> tuple[Doubles, Doubles, Doubles]:
    """Return hit scores, fringe scores, and the fringe score that fringes of visibility 1 would have."""
    hit_score, fringes, visibility = (
        np.asarray(scores[name], dtype=np.float64) for name in ("hit_score", "fringe_score", "fringe_visibility")
    )
    return hit_score, fringes, np.maximum(fringes, 1e-6) / np.maximum(visibility, 1e-6) ** 2


def _hits(hit_score: Doubles, brightest: float) -> tuple[float, tuple[float, ...]]:
    """Return the share of hits and how bright they are.

    Hits too bright to be empty are counted; how many there are of fainter ones is told by what empty frames leave
    unexplained, and they are at most as frequent as the faintest of the bright ones, per step of brightness.
    """
    n = max(len(hit_score), 1)
    bins = _bin(hit_score, brightest)
    count = np.bincount(bins[hit_score > _HIT], minlength=_BINS) + _PRIOR / _BINS
    sure = int(_bin(np.array([_HIT]), brightest)[0]) + 1  # the bin within which frames begin to count is not full
    count[:sure] = most = count[sure : sure + 3].mean()
    null = _of_empties(hit_score)
    for _ in range(_ROUNDS):
        share = float(np.clip(count.sum() / n, _FEWEST / n, 1 - _FEWEST / n))
        smooth = _smooth(count)
        hit = _odds_to_share(share * _of_hits(hit_score, smooth / smooth.sum(), brightest), (1 - share) * null)
        found = np.bincount(bins, hit * (hit_score > _FAINTEST), _BINS) + _PRIOR / _BINS
        count = np.where(np.arange(_BINS) < sure, np.minimum(found, most), found)
    smooth = _smooth(count)
    return float(np.clip(hit.sum() / n, _FEWEST / n, 1 - _FEWEST / n)), tuple((smooth / smooth.sum()).tolist())


def _smooth(count: Floats) -> Doubles:
    return np.asarray(np.convolve(np.pad(count, 1, mode="edge"), (0.25, 0.5, 0.25), mode="valid"))


def _of_empties(hit_score: Doubles) -> Doubles:
    return (1 - _STRAY) * _normal(hit_score) + _STRAY * _normal(hit_score / _STRAY_WIDTH) / _STRAY_WIDTH


def _of_hits(hit_score: Doubles, brightness: Sequence[float] | Doubles, brightest: float) -> Doubles:
    """Return the density of hits' scores; below 2 it falls evenly to none at 0."""
    width = np.log(brightest / _FAINTEST) / _BINS
    density = np.asarray(brightness)[_bin(hit_score, brightest)] / (width * np.maximum(hit_score, _FAINTEST))
    return np.asarray(density * np.clip(hit_score / _FAINTEST, 0, 1))


def _bin(hit_score: Doubles, brightest: float) -> NDArray[np.intp]:
    place = np.log(np.maximum(hit_score, _FAINTEST) / _FAINTEST) / np.log(brightest / _FAINTEST)
    return np.asarray(np.clip(place * _BINS, 0, _BINS - 1), dtype=np.intp)


def _expectation_maximisation(start: PhysicsKinds, fringes: Doubles, possible: Doubles) -> tuple[PhysicsKinds, float]:
    kinds, n = start, max(len(fringes), 1)
    likelihood = 0.0
    log_visibility = 0.5 * np.log(np.maximum(fringes / possible, 1e-12))
    for _ in range(_ROUNDS):
        clean, leaking, many = _densities(kinds, fringes, possible)
        total = np.maximum(clean + leaking + many, 1e-300)
        likelihood = float(np.log(total).sum())
        several, leaky = many / total, leaking / total
        mean = _pulled(several, log_visibility, _VISIBILITY)
        square = _WEIGHT * _SCATTER**2 + (several * (log_visibility - mean) ** 2).sum()
        before = kinds
        kinds = replace(
            kinds,
            several=float(np.clip(several.sum() / n, _FEWEST / n, 1 - _FEWEST / n)),
            leaking=float((leaky.sum() + 1) / (n - several.sum() + 10)),
            leaked=float(np.clip(_pulled(leaky, log_visibility, _LEAKED), *_LEAKED_ENDS)),
            visibility=float(max(mean, _LEAST_VISIBILITY)),
            scatter=float(min(np.sqrt(square / (_WEIGHT + several.sum())), _MOST_SCATTER)),
        )
        if abs(kinds.several - before.several) < 1e-5:
            break
    return kinds, likelihood


def _pulled(weight: Doubles, values: Doubles, usual: float) -> float:
    """Return a weighted mean, as if some values more had been the usual one."""
    return float((_WEIGHT * usual + (weight * values).sum()) / (_WEIGHT + weight.sum()))


def _densities(kinds: PhysicsKinds, fringes: Doubles, possible: Doubles) -> tuple[Doubles, Doubles, Doubles]:
    """Return the densities of log fringes, times their shares: one particle that leaks evenly or more, several."""
    width = 1 + kinds.leak * possible
    above = (fringes - kinds.peak * width) / width
    gumbel = np.exp(-above - np.exp(-np.clip(above, -5, None))) / width * fringes
    away = np.log(np.maximum(fringes, 1e-6) / possible)
    leaked = _normal((away - 2 * kinds.leaked) / (2 * _LEAKED_SCATTER)) / (2 * _LEAKED_SCATTER)
    # A fringe adds to the noise beneath it: the power scatters by twice its root.
    scatter = np.sqrt((2 * kinds.scatter) ** 2 + 4 / np.maximum(fringes, 1))
    off = (away - 2 * kinds.visibility) / scatter
    # Visibility falls without limit where particles are of unequal brightness.
    unequal = np.where(off < 0, np.exp(np.clip(off, -50, 0) / _UNEQUAL_TAIL), 0) / (_UNEQUAL_TAIL * scatter)
    many = (1 - _UNEQUAL) * _normal(off) / scatter + _UNEQUAL * unequal
    one = 1 - kinds.several
    return one * (1 - kinds.leaking) * gumbel, one * kinds.leaking * leaked, kinds.several * many


def _odds_to_share(favourable: Doubles, others: Doubles) -> Doubles:
    return np.asarray(favourable / np.maximum(favourable + others, 1e-300))


def _normal(values: Doubles) -> Doubles:
    return np.asarray(np.exp(-(values**2) / 2) / np.sqrt(2 * np.pi))
