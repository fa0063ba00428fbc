"""The table of a comparison, cell by cell."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from pulsetrain.reports._comparison_columns import Columns, label, span, values_of
from pulsetrain.reports._comparison_numbers import MISSING, Digits, duration
from pulsetrain.reports._comparison_pictures import first_picture, scaled
from pulsetrain.reports._comparison_rows import Comparison, Row, number

__all__ = ["Thumbnails", "columns", "rows", "spans"]

_PAGE = 4_700_000  # bytes; what text and figures leave of it is for the jobs' pictures
_CELL, _ROW = 60, 260  # bytes of the page that a cell and a row take
_SIZES = {60: (280, 210), 250: (180, 135), 600: (120, 90)}  # pixels, by the number of jobs
_SMALLEST = (88, 66)
_MESSAGE = 160  # characters


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

    found: list[dict[str, Any]] = [{"label": "Job"}, *heads(comparison.parameters), {"label": "State"}]
    found += [{"label": "Duration", "number": True}, *heads(shown.shown)]
    return [{**head, "sortable": True} for head in found] + [{"label": "Picture"}] * pictured


def rows(comparison: Comparison, shown: Columns, thumbnails: Thumbnails, *, links: bool) -> list[dict[str, Any]]:
    """Return the rows, each with its cells.

    A job's report is a link where the page lies beside it; elsewhere only its id is told, and the page's script asks
    whoever shows the page to open it.
    """
    names = (*comparison.parameters, *shown.shown)
    digits = {name: Digits(_values(comparison, name)) for name in names}
    numbers = {name: _right(comparison, name) for name in names}

    def cell(values: dict[str, Any], name: str) -> dict[str, Any]:
        if name not in values:
            return {"text": MISSING, "sort": "", "number": numbers[name]}
        value = values[name]
        sort = str(value) if numbers[name] else None
        return {"text": digits[name].written(value), "sort": sort, "number": numbers[name]}

    def line(row: Row) -> dict[str, Any]:
        report = row.job.report
        seconds = row.seconds
        return {
            "name": row.job.id.rpartition(".")[2],
            "link": f"{quote(row.job.id)}/report.html" if links and report else "",
            "job": row.job.id if report and not links else "",
            "cells": [
                *(cell(row.parameters, name) for name in comparison.parameters),
                {"text": row.status.state, "sort": row.status.state, "remark": _message(row)},
                {"text": duration(seconds), "sort": "" if seconds is None else f"{seconds:.3f}", "number": True},
                *(cell(row.metrics, name) for name in shown.shown),
            ],
            "picture": thumbnails.of(row),
        }

    return [line(row) for row in comparison.rows]


def spans(comparison: Comparison, shown: Columns, *, pictured: bool) -> list[dict[str, Any]]:
    """Return the least, the middle and the greatest of each numeric metric; nothing for a single job.

    Which end is the better one a metric does not say, and so the page does not either.
    """
    if len(comparison.rows) < 2 or not any(comparison.numeric(name) for name in shown.shown):
        return []
    found = [span(comparison, name) for name in shown.shown]
    before, after = [""] * (len(comparison.parameters) + 2), [""] * pictured
    return [
        {"name": way, "texts": [*before, *(each[way] for each in found), *after]}
        for way in ("least", "median", "greatest")
    ]


def _right(comparison: Comparison, name: str) -> bool:
    """Return whether a column holds numbers."""
    return all(number(value) is not None for value in _values(comparison, name))


def _values(comparison: Comparison, name: str) -> list[Any]:
    if name not in comparison.parameters:
        return values_of(comparison, name)
    return [row.parameters[name] for row in comparison.rows if name in row.parameters]


def _message(row: Row) -> str:
    """Return why a job has no result, shortened; the whole is in the provenance."""
    if row.status.state not in ("failed", "dead", "stopped"):
        return ""
    return row.status.message if len(row.status.message) <= _MESSAGE else f"{row.status.message[:_MESSAGE]} …"
