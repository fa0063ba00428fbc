"""The paper's table: one row a model, the references that need no network at the bottom."""

from __future__ import annotations

import html
import math
from typing import Any

import pandas as pd
import xarray as xr

__all__ = ["table"]

_STYLE = """<style>
.pulsetrain-table {border-collapse: collapse; font: 13px/1.5 var(--jp-ui-font-family, sans-serif);
  color: var(--jp-ui-font-color1, #212121); font-variant-numeric: tabular-nums}
.pulsetrain-table caption {text-align: left; font-weight: 600; padding: 4px 8px}
.pulsetrain-table th, .pulsetrain-table td {padding: 3px 10px; text-align: right;
  border-bottom: 1px solid var(--jp-border-color2, #d6d6d6); background: none}
.pulsetrain-table th:first-child, .pulsetrain-table td:first-child {text-align: left}
.pulsetrain-table tr.reference td {font-style: italic}
.pulsetrain-table td.words {text-align: left; min-width: 18em}
.pulsetrain-scroll {overflow-x: auto; max-width: 100%}
</style>"""


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
    heads = "".join(f'<th scope="col">{html.escape(str(name).replace("_", " "))}</th>' for name in frame.columns)
    plain = _without_network(frame, references)
    body = "".join(
        f"<tr{' class=reference' if flag else ''}>" + "".join(map(_data, line)) + "</tr>"
        for line, flag in zip(frame.itertuples(index=False), plain, strict=True)
    )
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return (
        f'{_STYLE}<div class="pulsetrain-scroll"><table class="pulsetrain-table">{title}'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


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


def _data(value: Any) -> str:
    # A sentence, such as a warning, would otherwise be squeezed to a word a line.
    long = ' class="words"' if isinstance(value, str) and len(value) > 30 else ""
    return f"<td{long}>{_cell(value)}</td>"


def _cell(value: Any) -> str:
    if isinstance(value, (bool, str)):
        return html.escape(str(value))
    if hasattr(value, "__len__"):
        return " … ".join(_cell(part) for part in value)
    if value is None or (isinstance(value, float) and math.isnan(value)) or value is pd.NA:
        return "–"
    number = float(value)
    return f"{number:,.0f}" if number.is_integer() and abs(number) < 1e15 else f"{number:.4g}"
