"""The evaluations of a search as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd

from pulsetrain.figures._table import html_table
from pulsetrain.figures.tuning._points import Evaluations, best_of, points

__all__ = ["evaluation_table", "table"]

_COLUMNS = {
    "number": "evaluation",
    "min_snr": "min-snr (σ)",
    "min_pix_count": "min-pix-count (px)",
    "clen": "clen (mm)",
    "patterns": "patterns",
    "hits": "hits",
    "indexed": "indexed",
    "peaks": "peaks per hit",
    "shift": "cell shift (%)",
    "residual": "residual (px)",
    "seconds": "time (s)",
}


def evaluation_table(path: Evaluations) -> pd.DataFrame:
    """Return the evaluations, one row each, with units in the heads of the columns.

    Parameters
    ----------
    path : xarray.Dataset or sequence of Evaluation
        As `pulsetrain.tuning.Tuner.path` returns it.
    """
    found = points(path)
    table = pd.DataFrame({words: np.round(found[name], 3) for name, words in _COLUMNS.items()})
    place = list(table.columns).index("peaks per hit")
    for name, words in (("high", "90 % to (%)"), ("low", "90 % from (%)"), ("rate", "rate (%)")):
        table.insert(place, words, np.round(100 * found[name], 1))
    return table


def table(path: Evaluations, caption: str = "") -> str:
    """Write the evaluations as HTML that follows the page's colours, the best in bold; arguments as above."""
    frame, best = evaluation_table(path), best_of(path)
    return html_table(frame, caption, ["best" if k == best else "" for k in range(len(frame))])
