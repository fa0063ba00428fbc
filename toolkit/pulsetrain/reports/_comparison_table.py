"""The table of a comparison, cell by cell."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pulsetrain.reports._comparison_columns import Columns, label, span, values_of
from pulsetrain.reports._comparison_numbers import MISSING, Digits, duration, in_full
from pulsetrain.reports._comparison_pictures import first_picture, scaled
from pulsetrain.reports._comparison_rows import Comparison, Row, number
from pulsetrain.reports._comparison_texts import Clamped, room

__all__ = ["Thumbnails", "columns", "rows", "spans"]

_PAGE = 4_700_000  # bytes; what text and figures leave of it is for the jobs' pictures
_CELL, _ROW = 60, 260  # bytes of the page that a cell and a row take
_SIZES = {60: (280, 210), 250: (180, 135), 600: (120, 90)}  # pixels, by the number of jobs
_SMALLEST = (88, 66)
_TEXT = 60  # characters of a text that stand there in any case


class Thumbnails:
    """Makes a small picture of each job, the smaller the more there are, until the page has enough.

    Parameters
    ----------
    comparison
    columns : int
        Of the table.
    taken : int, bytes
        What other pictures of the page take.

    Attributes
    ----------
    remark : str
        What is said of jobs that are left without one.
    """

    def __init__(self, comparison: Comparison, columns: int, taken: int) -> None:
        jobs = len(comparison.rows)
        self._left, self._made = _PAGE - taken - jobs * (_ROW + _CELL * columns), 0
        self._size = next((size for most, size in _SIZES.items() if jobs <= most), _SMALLEST)
        self.remark = ""

    def leave(self, taken: int) -> None:
        """Leave room for so many bytes more."""
        self._left -= taken

    def of(self, row: Row) -> str:
        """Return a data address, or nothing."""
        if self.remark:
            return ""
        picture = first_picture(row.job.notebook)
        small = scaled(picture, *self._size) if picture is not None else ""
        if len(small) > self._left:
            self.remark = f"Pictures of the first {self._made} jobs only; those of the others are in their reports."
            return ""
        self._left -= len(small)
        self._made += bool(small)
        return small


def columns(comparison: Comparison, shown: Columns, *, pictured: bool) -> list[dict[str, Any]]:
    """Return the heads of the columns."""

    def heads(names: tuple[str, ...]) -> list[dict[str, Any]]:
        return [{"label": label(comparison, name), "number": _right(comparison, name)} for name in names]

    found: list[dict[str, Any]] = [*heads(comparison.parameters), {"label": "State"}]
    found += [{"label": "Duration", "number": True}, *heads(shown.shown)]
    job, *others = [{**head, "sortable": True} for head in ({"label": "Job"}, *found)]
    return [job, *[{"label": "Picture"}] * pictured, *others]


def rows(comparison: Comparison, shown: Columns, thumbnails: Thumbnails, *, links: bool) -> list[dict[str, Any]]:
    """Return the rows, each with its cells.

    A job's report is a link where the page lies beside it; elsewhere only its id is told, and the page's script asks
    whoever shows the page to open it.
    """
    names = (*comparison.parameters, *shown.shown)
    most = room(len(comparison.rows))
    digits = {name: Digits(_values(comparison, name)) for name in names}
    numbers = {name: _right(comparison, name) for name in names}

    def cell(values: dict[str, Any], name: str) -> dict[str, Any]:
        if name not in values:
            return {"text": Clamped(MISSING), "sort": "", "number": numbers[name]}
        value = values[name]
        if number(value) is None:
            return {"text": Clamped.of(in_full(value), most, head=_TEXT), "sort": None, "number": False}
        sort = str(value) if numbers[name] else None
        return {"text": Clamped(digits[name].written(value)), "sort": sort, "number": numbers[name]}

    def line(row: Row) -> dict[str, Any]:
        report = row.job.report
        seconds = row.seconds
        return {
            "name": row.job.id.rpartition(".")[2],
            "link": f"{quote(row.job.id)}/report.html" if links and report else "",
            "job": row.job.id if report and not links else "",
            "cells": [
                *(cell(row.parameters, name) for name in comparison.parameters),
                {"text": Clamped(row.status.state), "sort": row.status.state, "remark": Clamped.of(row.message, most)},
                {
                    "text": Clamped(duration(seconds)),
                    "sort": "" if seconds is None else f"{seconds:.3f}",
                    "number": True,
                },
                *(cell(row.metrics, name) for name in shown.shown),
            ],
        }

    lines = [line(row) for row in comparison.rows]
    unfolded = (
        cell[part].rest for line in lines for cell in line["cells"] for part in ("text", "remark") & cell.keys()
    )
    thumbnails.leave(sum(len(text.encode("utf-8", "replace")) for text in unfolded))
    return [{**line, "picture": thumbnails.of(row)} for line, row in zip(lines, comparison.rows, strict=True)]


def spans(comparison: Comparison, shown: Columns, *, pictured: bool) -> list[dict[str, Any]]:
    """Return the least, the middle and the greatest of each numeric metric; nothing for a single job.

    Which end is the better one a metric does not say, and so the page does not either.
    """
    if len(comparison.rows) < 2 or not any(comparison.numeric(name) for name in shown.shown):
        return []
    found = [span(comparison, name) if comparison.numeric(name) else None for name in shown.shown]
    before = [{"text": ""}] * (pictured + len(comparison.parameters) + 2)
    return [
        {
            "name": way,
            "cells": [
                *before,
                *({"text": each[way], "form": each["form"]} if each else {"text": ""} for each in found),
            ],
        }
        for way in ("least", "median", "greatest")
    ]


def _right(comparison: Comparison, name: str) -> bool:
    """Return whether a column holds numbers."""
    return all(number(value) is not None for value in _values(comparison, name))


def _values(comparison: Comparison, name: str) -> list[Any]:
    if name not in comparison.parameters:
        return values_of(comparison, name)
    return [row.parameters[name] for row in comparison.rows if name in row.parameters]
