"""The path of a search: every evaluation in the order it was made, as a dataset and as a table to be printed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

import numpy as np
import pandas as pd
import xarray as xr

from pulsetrain.tuning.search import Evaluation

__all__ = ["evaluation_table", "path_of"]

_UNITS = {
    "min_snr": "σ", "min_pix_count": "px", "clen": "m", "n_patterns": "", "n_hits": "", "n_indexed": "", "rate": "",
    "peaks_per_pattern": "", "cell_shift": "", "residual": "px", "seconds": "s",
}  # fmt: skip
# What is printed: the head of a column, its quantity, the factor to its unit, and the decimals.
_COLUMNS = (
    ("min-snr (σ)", "min_snr", 1, 3),
    ("min-pix-count (px)", "min_pix_count", 1, 0),
    ("clen (mm)", "clen", 1e3, 3),
    ("patterns", "n_patterns", 1, 0),
    ("hits", "n_hits", 1, 0),
    ("indexed", "n_indexed", 1, 0),
    ("rate (%)", "rate", 100, 1),
    ("90 % from (%)", "low", 100, 1),
    ("90 % to (%)", "high", 100, 1),
    ("peaks per hit", "peaks_per_pattern", 1, 1),
    ("cell shift (%)", "cell_shift", 100, 3),
    ("residual (px)", "residual", 1, 3),
    ("time (s)", "seconds", 1, 2),
)


def path_of(evaluations: Sequence[Evaluation]) -> xr.Dataset:
    """Return evaluations as a dataset.

    Returns
    -------
    xarray.Dataset, dims (evaluation,)
        ``min_snr``, ``min_pix_count``, ``clen``, ``n_patterns``, ``n_hits``, ``n_indexed``, ``rate`` with
        ``rate_interval`` (evaluation, bound), ``peaks_per_pattern``, ``cell_shift``, ``residual``, ``seconds``, and
        ``best_rate``, the highest so far; evaluations are counted from 1.
    """
    rows = [asdict(each) | asdict(each.setting) | {"rate": each.rate} for each in evaluations]
    path = xr.Dataset(
        {name: ("evaluation", [row[name] for row in rows], {"units": unit}) for name, unit in _UNITS.items()},
        coords={"evaluation": np.arange(1, len(rows) + 1), "bound": ["low", "high"]},
    )
    path["best_rate"] = ("evaluation", np.maximum.accumulate(path["rate"].values), {"units": ""})
    intervals = np.array([each.interval for each in evaluations]).reshape(-1, 2)
    return path.assign(rate_interval=(("evaluation", "bound"), intervals, {"level": 0.9}))


def evaluation_table(path: xr.Dataset | Sequence[Evaluation]) -> pd.DataFrame:
    """Return evaluations as a table to be printed, one row each, with units in the heads of the columns.

    Parameters
    ----------
    path : xarray.Dataset or sequence of Evaluation
        As `path_of` or `Tuner.path` returns it; of a sequence the rows are counted from 1.
    """
    path = path if isinstance(path, xr.Dataset) else path_of(path)
    path = path.assign(low=path["rate_interval"].sel(bound="low"), high=path["rate_interval"].sel(bound="high"))
    columns = {
        words: np.round(path[name].to_numpy() * factor, digits) if digits else path[name].to_numpy()
        for words, name, factor, digits in _COLUMNS
    }
    return pd.DataFrame(columns, index=pd.Index(path["evaluation"].to_numpy(), name="evaluation"))
