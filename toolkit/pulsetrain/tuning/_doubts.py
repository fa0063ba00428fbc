"""What is doubtful about the setting that a search has found."""

from __future__ import annotations

from pulsetrain.tuning.search import Evaluation, SearchSpace

__all__ = ["doubts"]

_FEW, _SMALL_SHARE = 3, 0.05
_SHIFTED = 5e-3  # relative
_EDGE = 0.02  # of the searched span


def doubts(
    best: Evaluation, space: SearchSpace, fresh: Evaluation | None = None, fresh_start: Evaluation | None = None
) -> list[str]:
    """Return sentences for a person, in the order of their weight.

    Parameters
    ----------
    best : Evaluation
    space : SearchSpace
    fresh, fresh_start : Evaluation, optional
        The best setting, and the start, on fresh patterns.
    """
    found = []
    if best.n_indexed < _FEW or best.rate < _SMALL_SHARE:
        found.append(
            f"Only {best.n_indexed} of {best.n_patterns} patterns are indexed at the best setting: check cell, "
            "centering, geometry and photon energy."
        )
    elif best.n_hits >= 2 * _FEW and 2 * best.n_indexed < best.n_hits:
        found.append(
            f"Only {best.n_indexed} of {best.n_hits} hits are indexed at the best setting: either noise passes for "
            "peaks, or cell, geometry or photon energy are not right."
        )
    if abs(best.cell_shift) > _SHIFTED:
        size = "large" if best.cell_shift > 0 else "small"
        found.append(
            f"Cells come out {100 * abs(best.cell_shift):.1f} % too {size} at the best setting: its camera length, or "
            "the cell, is not right."
        )
    low, high = space.clen
    edge = min(best.setting.clen - low, high - best.setting.clen)
    if high > low and edge < _EDGE * (high - low):
        found.append("The best camera length lies at the edge of those searched: search a wider range.")
    if fresh is not None and fresh_start is not None and fresh.n_indexed <= fresh_start.n_indexed:
        found.append(
            f"On fresh patterns the best setting indexes {fresh.n_indexed}, the start {fresh_start.n_indexed} of "
            f"{fresh.n_patterns}: a gain in rate is not confirmed."
        )
    return found
