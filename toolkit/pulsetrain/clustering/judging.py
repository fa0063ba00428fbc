"""How well frames were sorted, where the truth is known."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

__all__ = ["accuracy", "judge", "strata"]

Labels = NDArray[np.str_]

_PHOTONS = (0.0, 600.0, 2e3, 1e4, np.inf)
_SEPARATION = (0.0, 1.5e-7, 3e-7, 6e-7, np.inf)  # m


def judge(hit: Labels, truth: Labels, cluster: NDArray[np.generic] | None = None) -> dict[str, float]:
    """Compare what frames were called with what they show.

    Parameters
    ----------
    hit : str, shape (n,)
        One of `HITS`; "unsure" is never right.
    truth : str, shape (n,)
        One of `KINDS`.
    cluster : shape (n,), optional
        Groups whose names do not matter, for ``acc``, ``nmi`` and ``ari``; by default ``hit``.

    Returns
    -------
    dict
        ``precision``, ``recall`` and ``f1`` of single hits; ``acc`` (see `accuracy`); ``nmi``; ``ari``;
        ``unsure``: share of the frames that were left open. 0 where nothing was called single.
    """
    called, single = hit == "single", truth == "single"
    right = float((called & single).sum())
    group = hit if cluster is None else cluster
    return {
        "precision": right / max(called.sum(), 1),
        "recall": right / max(single.sum(), 1),
        "f1": 2 * right / max(called.sum() + single.sum(), 1),
        "acc": accuracy(group, truth),
        "nmi": float(normalized_mutual_info_score(truth, group)),
        "ari": float(adjusted_rand_score(truth, group)),
        "unsure": float((hit == "unsure").mean()),
    }


def accuracy(cluster: NDArray[np.generic], truth: NDArray[np.generic]) -> float:
    """Return the share of frames that are right if clusters are named as well as can be, one name each (Hungarian)."""
    table = pd.crosstab(cluster, truth).to_numpy()
    rows, columns = linear_sum_assignment(-table)
    return float(table[rows, columns].sum() / max(len(truth), 1))


def strata(hit: Labels, truth: xr.Dataset) -> dict[str, float]:
    """Return the share of single and multiple hits that were found, by photons and by separation.

    Parameters
    ----------
    hit : str, shape (n,)
    truth : xarray.Dataset
        Of a simulation: ``hit``, ``photons``, ``separation`` (m).

    Returns
    -------
    dict
        ``single, 600 to 2000 photons``…, ``multiple, 150 to 300 nm``…; NaN where there are none.
    """
    kind = truth["hit"].to_numpy()
    found: dict[str, float] = {}
    for name, of, ends, unit in (
        ("single", "photons", _PHOTONS, "photons"),
        ("multiple", "photons", _PHOTONS, "photons"),
        ("multiple", "separation", _SEPARATION, "nm"),
    ):
        there = kind == name
        shares = _shares((hit == name)[there], truth[of].to_numpy()[there], ends)
        scale = 1e9 if unit == "nm" else 1
        found |= {
            f"{name}, {low * scale:.0f} to {high * scale:.0f} {unit}": share
            for (low, high), share in zip(pairwise(ends), shares, strict=True)
        }
    return found


def _shares(right: NDArray[np.bool_], values: NDArray[np.floating], ends: Sequence[float]) -> list[float]:
    """Return the share that is right between each two ends."""
    inside = [(values >= low) & (values < high) for low, high in pairwise(ends)]
    return [float(right[rows].mean()) if rows.any() else float("nan") for rows in inside]
