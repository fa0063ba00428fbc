"""What a sequence of predictions says about the place of the switch, and how sure it is."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["boundary_interval", "find_boundary", "p_conf"]


def p_conf(prediction: ArrayLike) -> float:
    """Return how close the predicted classes are to a single switch from 0 to 1.

    P_conf = 1 − (c₁ − c₀ − 1)/N, with c₀ the last index of the initial run of 0s, c₁ the first of the final run of 1s.
    Sequences of one class give 0.5. Sequences that do not start with 0 and end with 1 give 0, also where they start
    and end with the same class: the paper leaves that case open, and two switches are no boundary.
    It says "one switch", not "in the right place".

    Parameters
    ----------
    prediction : array of int, shape (spectrum,)
        0 or 1.

    References
    ----------
    Sun, Brockhauser, Hegedűs, Applied Sciences 11 (2021) 11520.

    Examples
    --------
    >>> p_conf([0, 0, 0, 1, 1])
    1.0
    >>> p_conf([0, 0, 1, 0, 1])
    0.6
    """
    classes = np.asarray(prediction, int)
    if (classes == classes[0]).all():
        return 0.5
    if classes[0] != 0 or classes[-1] != 1:
        return 0.0
    c0 = int(np.argmax(classes == 1)) - 1
    c1 = len(classes) - int(np.argmax(classes[::-1] == 0))
    return 1 - (c1 - c0 - 1) / len(classes)


def find_boundary(probability: ArrayLike) -> float:
    """Return where a series switches from class 0 to class 1.

    The one step that explains the probabilities best; where they cross ½ at that step, the crossing between the two
    spectra, linearly interpolated. Single strays far from the switch do not move it.

    Parameters
    ----------
    probability : array of float, shape (spectrum,)
        Of class 1.

    Returns
    -------
    float, spectra
        Index, fractional; NaN where the best explanation is that nothing switches.
    """
    p = np.asarray(probability, float)
    # Cost of a step before spectrum k: what is above 0 before it and below 1 from it on.
    cost = np.concatenate([[0.0], np.cumsum(p)]) + np.concatenate([np.cumsum((1 - p)[::-1])[::-1], [0.0]])
    best = np.flatnonzero(cost <= cost.min() + 1e-9)
    step = int(best[(len(best) - 1) // 2])
    if step in (0, len(p)) or not p[:step].min() < 0.5 <= p[step:].max():
        return float("nan")
    before, after = p[step - 1], p[step]
    if before < 0.5 <= after + 1e-9:  # as far as steps of one cost are told apart
        return float(step - 1 + (0.5 - before) / (after - before))
    return step - 0.5


def boundary_interval(
    boundaries: ArrayLike, gap: tuple[float, float], middles: ArrayLike, *, level: float = 0.9
) -> NDArray[np.float64]:
    """Return how far the boundary is uncertain, from networks that saw other labels.

    Networks that draw the line somewhere in the gap agree with each other and are wrong together: the scatter of
    seeds and resampled labels alone covers the truth of drifting series less than half of the time. What gives them
    away is that their line moves when labels beside the gap are left out. The slope of the boundary over the middle
    of each member's own gap, from 0 (it finds the switch) to 1 (it follows the labels), says for how much of the
    gap a place cannot be told from any other, and the interval is widened by as much, within the gap.

    Parameters
    ----------
    boundaries : array of float, shape (member,), spectra
        NaN where a member found none.
    gap : tuple of float, spectra
        The last spectrum labelled 0 and the first labelled 1.
    middles : array of float, shape (member,), spectra
        The middle of the gap that each member's labels left; members with all labels or a bootstrap of them at the
        middle of ``gap``.
    level : float
        Of the interval.

    Returns
    -------
    numpy.ndarray, shape (2,), spectra
        NaN where fewer than two members with all labels find a boundary.
    """
    found, middle = np.asarray(boundaries, float), np.asarray(middles, float)
    centre = sum(gap) / 2
    whole = (middle == centre) & np.isfinite(found)
    if whole.sum() < 2:
        return np.full(2, np.nan)
    low, high = np.quantile(found[whole], [(1 - level) / 2, (1 + level) / 2])
    room = max(gap[1] - gap[0], 0.0)
    reach = level / 2 * room * _slope(found - np.mean(found[whole]), middle - centre)
    return np.array([max(low - reach, min(gap[0], low)), min(high + reach, max(gap[1], high))])


def _slope(moved: NDArray[np.float64], shifted: NDArray[np.float64]) -> float:
    """Return how far the boundary follows the middle of the gap, 0 … 1; 1 where nobody can tell."""
    others = shifted != 0
    if not others.any() or not np.isfinite(moved[others]).all():
        return 1.0
    return float(np.clip(moved[others] @ shifted[others] / (shifted[others] @ shifted[others]), 0, 1))
