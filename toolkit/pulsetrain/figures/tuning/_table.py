"""The evaluations of a search as a table for a page."""

from __future__ import annotations

from pulsetrain.figures._table import html_table
from pulsetrain.figures.tuning._points import Evaluations, best_of
from pulsetrain.tuning.path import evaluation_table

__all__ = ["table"]


def table(path: Evaluations, caption: str = "") -> str:
    """Write the evaluations as HTML that follows the page's colours, the best in bold.

    Parameters
    ----------
    path : xarray.Dataset or sequence of Evaluation
        As `pulsetrain.tuning.Tuner.path` returns it.
    caption : str
    """
    frame, best = evaluation_table(path).reset_index(), best_of(path)
    return html_table(frame, caption, ["best" if k == best else "" for k in range(len(frame))])
