"""The table of a comparison, cell by cell."""

from __future__ import annotations

import math
import statistics
from typing import Any
from urllib.parse import quote

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
    taken : int, bytes
        What other pictures of the page take.

    Attributes
    ----------
    remark : str
        What is said of jobs that are left without one.
    """

    def __init__(self, comparison: Comparison, taken: int) -> None:
        jobs, cells = len(comparison.rows), 3 + len(comparison.parameters) + len(comparison.metrics)
        self._left, self._made = _PAGE - taken - jobs * (_ROW + _CELL * cells), 0
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


def columns(comparison: Comparison, *, pictured: bool) -> list[dict[str, Any]]:
    """Return the heads of the columns."""
    named = [{"label": _label(comparison, name), "number": _right(comparison, name)} for name in comparison.parameters]
    found = [{"label": _label(comparison, name), "number": _right(comparison, name)} for name in comparison.metrics]
    heads: list[dict[str, Any]] = [{"label": "Job"}, *named, {"label": "State"}]
    heads += [{"label": "Duration", "number": True}, *found]
    return [{**head, "sortable": True} for head in heads] + [{"label": "Picture"}] * pictured


def rows(comparison: Comparison, thumbnails: Thumbnails, *, links: bool) -> list[dict[str, Any]]:
    """Return the rows, each with its cells."""
    digits = {name: _digits(comparison, name) for name in (*comparison.parameters, *comparison.metrics)}
    numbers = {name: _right(comparison, name) for name in digits}

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
            "cells": [
                *(cell(row.parameters, name) for name in comparison.parameters),
                {"text": row.status.state, "sort": row.status.state, "remark": _message(row)},
                {"text": duration(seconds), "sort": "" if seconds is None else f"{seconds:.3f}", "number": True},
                *(cell(row.metrics, name) for name in comparison.metrics),
            ],
            "picture": thumbnails.of(row),
        }

    return [line(row) for row in comparison.rows]


def spans(comparison: Comparison, *, pictured: bool) -> list[dict[str, Any]]:
    """Return the least, the middle and the greatest of each numeric metric; nothing for a single job.

    Which end is the better one a metric does not say, and so the page does not either.
    """
    numeric = [name for name in comparison.metrics if comparison.numeric(name)]
    if len(comparison.rows) < 2 or not numeric:
        return []
    ways = {"least": min, "median": statistics.median, "greatest": max}
    before, after = [""] * (len(comparison.parameters) + 2), [""] * pictured
    return [
        {
            "name": name,
            "texts": [*before, *(_span(comparison, metric, way) for metric in comparison.metrics), *after],
        }
        for name, way in ways.items()
    ]


def _span(comparison: Comparison, metric: str, way: Any) -> str:
    if not comparison.numeric(metric):
        return ""
    found = [number(row.metrics.get(metric)) for row in comparison.rows]
    return _digits(comparison, metric).written(
        way([value for value in found if value is not None and math.isfinite(value)])
    )


def _digits(comparison: Comparison, name: str) -> Digits:
    return Digits(_values(comparison, name))


def _right(comparison: Comparison, name: str) -> bool:
    """Return whether a column holds numbers."""
    return all(number(value) is not None for value in _values(comparison, name))


def _values(comparison: Comparison, name: str) -> list[Any]:
    of = "parameters" if name in comparison.parameters else "metrics"
    return [values[name] for row in comparison.rows if name in (values := getattr(row, of))]


def _label(comparison: Comparison, name: str) -> str:
    unit = comparison.units.get(name, "")
    return f"{name} ({unit})" if unit else name


def _message(row: Row) -> str:
    """Return why a job has no result, shortened; the whole is in the provenance."""
    if row.status.state not in ("failed", "dead", "stopped"):
        return ""
    return row.status.message if len(row.status.message) <= _MESSAGE else f"{row.status.message[:_MESSAGE]} …"
