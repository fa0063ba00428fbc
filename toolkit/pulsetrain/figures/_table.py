"""A table as HTML that follows the page's colours: the same in controls of all methods."""

from __future__ import annotations

import html
import math
from collections.abc import Sequence
from typing import Any

import pandas as pd

__all__ = ["html_table"]

_STYLE = """<style>
.pulsetrain-table {border-collapse: collapse; font: 13px/1.5 var(--jp-ui-font-family, sans-serif);
  color: var(--jp-ui-font-color1, #212121); font-variant-numeric: tabular-nums}
.pulsetrain-table caption {text-align: left; font-weight: 600; padding: 4px 8px}
.pulsetrain-table th, .pulsetrain-table td {padding: 3px 10px; text-align: right;
  border-bottom: 1px solid var(--jp-border-color2, #d6d6d6); background: none}
.pulsetrain-table th:first-child, .pulsetrain-table td:first-child {text-align: left}
.pulsetrain-table tr.reference td {font-style: italic}
.pulsetrain-table tr.best td {font-weight: 600}
.pulsetrain-table td.words {text-align: left; min-width: 18em}
.pulsetrain-scroll {overflow-x: auto; max-width: 100%}
</style>"""


def html_table(frame: pd.DataFrame, caption: str = "", classes: Sequence[str] = ()) -> str:
    """Write a table as HTML.

    Parameters
    ----------
    frame : pandas.DataFrame
        Its index is left out. An interval may be a pair in one cell.
    caption : str
        Above the table.
    classes : sequence of str
        One a row: ``"reference"`` is set in italics, ``"best"`` in bold, ``""`` plain.

    Returns
    -------
    str
        HTML; every text is escaped.
    """
    heads = "".join(f'<th scope="col">{html.escape(str(name).replace("_", " "))}</th>' for name in frame.columns)
    kinds = classes or [""] * len(frame)
    body = "".join(
        f"<tr{f' class={kind}' if kind else ''}>" + "".join(map(_data, line)) + "</tr>"
        for line, kind in zip(frame.itertuples(index=False), kinds, strict=True)
    )
    title = f"<caption>{html.escape(caption)}</caption>" if caption else ""
    return (
        f'{_STYLE}<div class="pulsetrain-scroll"><table class="pulsetrain-table">{title}'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
    )


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
