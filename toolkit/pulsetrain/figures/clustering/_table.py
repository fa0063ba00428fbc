"""The clusters as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from pulsetrain.clustering.results import HITS
from pulsetrain.figures._table import html_table
from pulsetrain.figures.clustering._hits import counts, hits_of
from pulsetrain.figures.clustering._scales import score_label

__all__ = ["cluster_table", "counts_table", "table"]

_SCORES = ("hit_score", "fringe_score", "fringe_visibility", "photons", "ring_contrast")


def cluster_table(result: xr.Dataset, names: dict[int, str] | None = None) -> pd.DataFrame:
    """Return the clusters, one row each: name, size, shares of the kinds and medians of the scores.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.
    names : dict of int to str, optional
        Of the clusters.
    """
    cluster, kinds = result["cluster"].to_numpy(), hits_of(result)
    scores = [name for name in _SCORES if name in result]
    rows = []
    for number in np.unique(cluster):
        rows_of = cluster == number
        made = np.bincount(kinds[rows_of & (kinds >= 0)], minlength=len(HITS))
        row: dict[str, str | float] = {
            "cluster": "none" if number < 0 else int(number),
            "name": (names or {}).get(int(number), ""),
        }
        row["frames"] = int(rows_of.sum())
        row |= {f"{hit} (%)": 100 * made[k] / max(made.sum(), 1) for k, hit in enumerate(HITS)}
        row |= {score_label(name): float(np.nanmedian(result[name].to_numpy()[rows_of])) for name in scores}
        rows.append(row)
    return pd.DataFrame(rows)


def table(result: xr.Dataset, names: dict[int, str] | None = None, caption: str = "") -> str:
    """Write the clusters as HTML that follows the page's colours; arguments as for `cluster_table`."""
    return html_table(cluster_table(result, names).round(3), caption)


def counts_table(result: xr.Dataset, caption: str = "") -> str:
    """Write the number of frames of each kind as HTML, with the 90 % interval of its share."""
    found = counts(result)
    shown = pd.DataFrame(
        {
            "hit": found.index,
            "frames": found["frames"].to_numpy(),
            "share (%)": (100 * found["share"]).round(1).to_numpy(),
            "90 % from (%)": (100 * found["low"]).round(1).to_numpy(),
            "to (%)": (100 * found["high"]).round(1).to_numpy(),
        }
    )
    return html_table(shown, caption)
