"""Kinds and clusters: their colours, and how many frames are of each."""

from __future__ import annotations

import colorsys

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from scipy.stats import binomtest

from pulsetrain.clustering.results import HITS

__all__ = ["HIT_COLOURS", "LEVEL", "cluster_colours", "counts", "hits_of"]

LEVEL = 0.9  # of all intervals

# Okabe and Ito's colours, but for the empty frames, which are grey and lie behind; each has at least 3:1 contrast on
# white and on JupyterLab's dark page.
HIT_COLOURS = {"none": "#8a8a8a", "single": "#0072B2", "multiple": "#D55E00", "unsure": "#CC79A7"}

_CLUSTERS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B8860B", "#56B4E9", "#8a8a8a")


def cluster_colours(n: int) -> list[str]:
    """Return a colour for each of some clusters: seven that all can tell apart, then darker and lighter ones."""
    found = []
    for k in range(n):
        base, turn = _CLUSTERS[k % len(_CLUSTERS)], k // len(_CLUSTERS) % 3
        h, light, s = colorsys.rgb_to_hls(*(int(base[i : i + 2], 16) / 255 for i in (1, 3, 5)))
        rgb = colorsys.hls_to_rgb(h, (light, 0.6 * light, min(1.35 * light, 0.8))[turn], s)
        found.append("#" + "".join(f"{round(255 * part):02x}" for part in rgb))
    return found


def hits_of(result: xr.Dataset) -> NDArray[np.int64]:
    """Return the kind of each frame as its position in `HITS`; −1 where it is not assigned yet."""
    names = np.asarray(result["hit"], dtype="U8")
    found = np.full(len(names), -1)
    for number, name in enumerate(HITS):
        found[names == name] = number
    return found


def counts(result: xr.Dataset) -> pd.DataFrame:
    """Count the frames of each kind.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.

    Returns
    -------
    pandas.DataFrame
        Indexed by `HITS`: ``frames``, and ``share`` with Wilson's 90 % interval from ``low`` to ``high``.
    """
    kinds = hits_of(result)
    total = int((kinds >= 0).sum())
    made = np.bincount(kinds[kinds >= 0], minlength=len(HITS))
    rows = [(int(made[k]), *share_of(int(made[k]), total)) for k in range(len(HITS))]
    return pd.DataFrame(rows, index=pd.Index(HITS, name="hit"), columns=["frames", "share", "low", "high"])


def share_of(some: int, total: int) -> tuple[float, float, float]:
    """Return a share with Wilson's interval; NaN of nothing."""
    if not total:
        return np.nan, np.nan, np.nan
    interval = binomtest(some, total).proportion_ci(LEVEL, method="wilson")
    return some / total, float(interval.low), float(interval.high)
