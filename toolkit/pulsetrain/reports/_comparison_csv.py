"""A comparison as a table in a file, for programs and for spreadsheets, which must not take a text for a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Any

from pulsetrain.reports._comparison_numbers import in_full
from pulsetrain.reports._comparison_rows import Comparison
from pulsetrain.reports._comparison_texts import Clamped
from pulsetrain.reports._values import sound

__all__ = ["comparison_csv"]

_CELL = 1000  # characters of a value that each row of the CSV file says again
_FORMULA = ("=", "+", "-", "@", "\t", "\n")  # what a spreadsheet takes the rest of a cell to be code after


def comparison_csv(comparison: Comparison) -> str:
    """Return the table with full digits: what is missing is empty, what is no number reads NaN."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    units, constant = comparison.units, {name: _cut(value) for name, value in comparison.constant.items()}
    parameters, metrics, others = (
        [f"{name} [{units[name]}]" if units.get(name) else name for name in names]
        for names in (comparison.parameters, comparison.metrics, constant)
    )
    writer.writerow(_harmless(["job", *parameters, "state", "seconds", "message", *metrics, *others]))
    for row in comparison.rows:
        values = [row.parameters.get(name, "") for name in comparison.parameters]
        found = [row.metrics.get(name, "") for name in comparison.metrics]
        seconds = "" if row.seconds is None else round(row.seconds, 3)
        cells = [row.job.id, *values, row.status.state, seconds, row.message, *found, *constant.values()]
        writer.writerow(_harmless(cells))
    return sound(file.getvalue())


def _cut(value: Any) -> Any:
    """Return a value as it is, unless its text would swell every row."""
    text = in_full(value)
    return value if len(text) <= _CELL else Clamped.of(text, head=_CELL).head


def _harmless(values: Iterable[Any]) -> list[Any]:
    """Return the cells of a row with no text among them that a spreadsheet would run; numbers stay as they are."""
    return [_harmless_text(value) if isinstance(value, str) else value for value in values]


def _harmless_text(text: str) -> str:
    text = "\n".join(text.splitlines()) if "\r" in text else text  # by itself it would end the row
    return f"'{text}" if _is_formula(text) else text


def _is_formula(text: str) -> bool:
    try:
        float(text)  # -3.2 and -inf are numbers, written as text or not
    except ValueError:
        return text.startswith(_FORMULA)
    return False
