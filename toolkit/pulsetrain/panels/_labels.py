"""From labels set by clicks back to the notation that people, options and reports use."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

__all__ = ["written"]


def written(labels: NDArray[np.int64]) -> str:
    """Write labels as index ranges, each as long as its spectra are evenly spaced.

    Parameters
    ----------
    labels : numpy.ndarray, shape (spectrum,), int
        −1 unlabelled, 0, 1.

    Returns
    -------
    str
        What `pulsetrain.spectra.parse_labels` reads back to the same labels; empty where none is set.

    Examples
    --------
    >>> written(np.array([0, -1, 0, -1, 0, -1, -1, 1, 1, 1]))
    '0-4/2:0, 7-9:1'
    """
    parts = []
    for label in (0, 1):
        parts += [f"{span}:{label}" for span in _spans(np.flatnonzero(labels == label).tolist())]
    return ", ".join(parts)


def _spans(indices: list[int]) -> list[str]:
    spans = []
    while indices:
        steps = [after - before for before, after in pairwise(indices)]
        length = 1 + next((k for k, step in enumerate(steps) if step != steps[0]), len(steps))
        # Two far apart are no range, and the second may begin one.
        length = 1 if length == 2 and steps[0] > 1 else length
        run, indices = indices[:length], indices[length:]
        stride = f"/{steps[0]}" if length > 1 and steps[0] > 1 else ""
        spans.append(f"{run[0]}-{run[-1]}{stride}" if length > 1 else f"{run[0]}")
    return spans
