"""The paper's table: one row a model, the references that need no network at the bottom."""

from __future__ import annotations

from typing import Any

import pandas as pd
import xarray as xr

from pulsetrain.figures._table import html_table

__all__ = ["table"]


def table(rows: pd.DataFrame | xr.Dataset, caption: str = "", references: int | None = None) -> str:
    """Write a comparison as HTML that follows the page's colours.

    Parameters
    ----------
    rows : pandas.DataFrame or xarray.Dataset along ``model``
        As `pulsetrain.spectra.compare` returns it. An interval may be a pair in one cell.
    caption : str
        Above the table.
    references : int, optional
        How many rows at the bottom need no network and are set in italics; by default those without a number of
        parameters.

    Returns
    -------
    str
        HTML; every text is escaped.
    """
    frame = _frame(rows)
    classes = ["reference" if flag else "" for flag in _without_network(frame, references)]
    return html_table(frame, caption, classes)


def _frame(rows: pd.DataFrame | xr.Dataset) -> pd.DataFrame:
    if isinstance(rows, xr.Dataset):
        lines = next(iter(rows.sizes))
        columns: dict[str, Any] = {str(lines): rows[lines].to_numpy()}
        columns.update({str(name): list(values.to_numpy()) for name, values in rows.data_vars.items()})
        return pd.DataFrame(columns)
    named = rows.index.name is not None or not isinstance(rows.index, pd.RangeIndex)
    return rows.reset_index() if named else rows


def _without_network(frame: pd.DataFrame, references: int | None) -> list[bool]:
    if references is not None:
        return [line >= len(frame) - references for line in range(len(frame))]
    if "parameters" not in frame:
        return [False] * len(frame)
    return [bool(missing) for missing in pd.isna(frame["parameters"])]
