"""Clusters named by what physics says of their frames."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.results import KINDS

__all__ = ["describe_clusters"]

_MOST = 0.7  # of a cluster's frames in the mean, to be called by one kind
_NAMES = {"none": "no hit", "single": "single hits", "multiple": "multiple hits"}


def describe_clusters(
    cluster: NDArray[np.integer],
    probability: NDArray[np.floating],
    scores: Mapping[str, NDArray[np.floating]],
    clusters: int,
) -> xr.Dataset:
    """Name each cluster by the kind of most of its frames, and give the medians that say why.

    Parameters
    ----------
    cluster : int, shape (n,)
        0 … ``clusters`` − 1, or −1 where it is not known.
    probability : float, shape (n, 3)
        Of each of `KINDS`.
    scores : mapping of name to float, shape (n,)
    clusters : int

    Returns
    -------
    xarray.Dataset, dims (cluster, kind)
        ``name`` ("single hits", "single hits 2", "mixed"…), ``size``, ``probability`` (cluster, kind) in the mean, and
        the median of each score; NaN for clusters without frames.
    """
    size = np.bincount(cluster[cluster >= 0], minlength=clusters)
    members = [cluster == number for number in range(clusters)]
    mean = np.stack([probability[rows].mean(axis=0) if rows.any() else np.full(3, np.nan) for rows in members])
    medians = {
        name: ("cluster", np.array([np.nanmedian(values[rows]) if rows.any() else np.nan for rows in members]))
        for name, values in scores.items()
    }
    names = _numbered([_kind_name(share) for share in mean], size)
    found = {"name": ("cluster", names), "size": ("cluster", size), "probability": (("cluster", "kind"), mean)}
    return xr.Dataset({**found, **medians}, {"cluster": np.arange(clusters), "kind": list(KINDS)})


def _kind_name(share: NDArray[np.floating]) -> str:
    if np.isnan(share).any():
        return "empty"
    return _NAMES[KINDS[int(share.argmax())]] if share.max() >= _MOST else "mixed"


def _numbered(names: list[str], size: NDArray[np.integer]) -> list[str]:
    """Tell clusters of one name apart: the largest keeps it, the next is called 2."""
    rank: dict[str, int] = {}
    told = list(names)
    for number in np.argsort(-size, kind="stable"):
        rank[names[number]] = rank.get(names[number], 0) + 1
        if rank[names[number]] > 1:
            told[number] = f"{names[number]} {rank[names[number]]}"
    return told
