"""What each member of an ensemble is trained on, so that the members together tell how sure they are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["SHORTENED", "member_labels", "whole_members"]

SHORTENED = (1, 2)  # members trained without the labels of class 0, of class 1, beside the gap


def member_labels(classes: NDArray[np.int64], member: int, seed: int) -> NDArray[np.intp]:
    """Return the labelled spectra that a member trains on.

    The first sees all, the second and third half of one class, without its labels beside the gap, and the others a
    bootstrap of each class.

    Parameters
    ----------
    classes : numpy.ndarray, shape (labelled,)
        0 or 1, in the order of the series, 0 for the phase that comes first.
    member, seed : int

    Returns
    -------
    numpy.ndarray of int
        Indices into ``classes``, ascending.
    """
    if member == 0:
        return np.arange(len(classes))
    groups = [np.flatnonzero(classes == label) for label in (0, 1)]
    if member in SHORTENED:
        side = SHORTENED.index(member)
        half = max(1, len(groups[side]) // 2)
        groups[side] = groups[side][-half:] if side else groups[side][:half]
        return np.sort(np.concatenate(groups))
    rng = np.random.default_rng([seed, member])
    return np.sort(np.concatenate([rng.choice(group, len(group)) for group in groups]))


def whole_members(members: int) -> list[int]:
    """Return the members that see labels up to both sides of the gap."""
    return [member for member in range(members) if member not in SHORTENED]
