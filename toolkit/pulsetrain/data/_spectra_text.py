"""A series of spectra from text files, one spectrum a file."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._axis import AxisKind, axis_kind
from pulsetrain.data._columns import Table, read_table
from pulsetrain.data._errors import DataError
from pulsetrain.data._fingerprint import fingerprint
from pulsetrain.data._inputs import place_of
from pulsetrain.data._naming import order_from_names
from pulsetrain.data._series import Series

__all__ = ["HEADER_TITLE", "series_of_tables"]

# The first line of the files that `write_spectra` writes.
HEADER_TITLE = "# Pulsetrain spectrum"
# Share of a channel's width by which the axes of two files may differ: what rounding does, no more.
_AXIS_TOLERANCE = 0.05


def series_of_tables(files: list[Path], column: str | None) -> Series:
    """Read text files into one series, in the order of the ordering variable where the names give one.

    Parameters
    ----------
    files : list of Path
    column : str, optional
        Title of the column of intensities; the default is the second column.
    """
    tables = [read_table(file) for file in files]
    if len(files) == 1 and column is None and (wide := _wide(files[0], tables[0])):
        return wide
    axis = tables[0].values[:, 0]
    for file, table in zip(files[1:], tables[1:], strict=True):
        _refuse_other_axis(axis, file, table, files[0])
    intensity = np.stack([_intensity(file, table, column) for file, table in zip(files, tables, strict=True)])
    found = [_own_header(table.header) for table in tables]
    order, order_kind, ranks = _order(files, found)
    kind = axis_kind(tables[0].header, tables[0].titles, files[0].suffix.lower(), axis)
    first = found[0]
    return Series(
        intensity=intensity[ranks],
        axis=axis,
        axis_kind=AxisKind(first.get("axis long_name", kind.long_name), first.get("axis units", kind.units)),
        order=order[ranks],
        order_kind=order_kind,
        names=[found[rank].get("name", files[rank].name) for rank in ranks],
        source=place_of(files),
        fingerprint=fingerprint(files),
        long_name=first.get("signal long_name", "G(r)" if files[0].suffix.lower() == ".gr" else "intensity"),
        units=first.get("signal units", "1/Å²" if files[0].suffix.lower() == ".gr" else ""),
    )


def _wide(file: Path, table: Table) -> Series | None:
    """Read a table of a whole series: one axis, then a column per spectrum with titles such as 300K and 350K."""
    ordering = order_from_names(table.titles[1:])
    if ordering is None:
        return None
    return Series(
        intensity=table.values[:, 1:].T.copy(),
        axis=table.values[:, 0],
        axis_kind=axis_kind(table.header, table.titles, file.suffix.lower(), table.values[:, 0]),
        order=np.array(ordering.values),
        order_kind=AxisKind(ordering.long_name, ordering.units),
        names=table.titles[1:],
        source=place_of([file]),
        fingerprint=fingerprint([file]),
    )


def _order(files: list[Path], found: list[dict[str, Any]]) -> tuple[NDArray[np.float64], AxisKind, NDArray[np.intp]]:
    """Return the ordering variable of the files, what it measures, and the order in which they follow each other."""
    as_given = np.arange(len(files))
    if all("order" in header for header in found):
        kind = AxisKind(found[0].get("order long_name", "spectrum"), found[0].get("order units", ""))
        return np.array([header["order"] for header in found], dtype=np.float64), kind, as_given
    ordering = order_from_names([file.stem for file in files])
    if ordering is None:
        return np.arange(len(files), dtype=np.float64), AxisKind("spectrum", ""), as_given
    values = np.array(ordering.values)
    # "-20C" comes before "10C", which no sorting of names knows; but a cycle numbered in time stays as it was measured.
    ranks = np.argsort(values, kind="stable") if ordering.alone else as_given
    return values, AxisKind(ordering.long_name, ordering.units), ranks


def _intensity(file: Path, table: Table, column: str | None) -> NDArray[np.float64]:
    if column is None:
        return table.values[:, 1]
    if column not in table.titles[1:]:
        allowed = ", ".join(table.titles[1:]) or "no key=, as the columns have no titles"
        raise DataError(file, f"key={column!r}", allowed, "name one of the columns")
    return table.values[:, table.titles.index(column)]


def _refuse_other_axis(axis: NDArray[np.float64], file: Path, table: Table, first: Path) -> None:
    other = table.values[:, 0]
    if other.size != axis.size:
        got = f"{other.size} points where {first.name} has {axis.size}"
        raise DataError(
            file, got, "the same axis in all files", "is the file cut off? Leave it out, or interpolate to one axis"
        )
    step = float(np.median(np.abs(np.diff(axis))))
    # Negated, so that NaN in an axis counts as a difference.
    if not np.abs(other - axis).max() <= _AXIS_TOLERANCE * step:
        got = f"an axis of {other[0]:g} … {other[-1]:g} where {first.name} has {axis[0]:g} … {axis[-1]:g}"
        raise DataError(file, got, "the same axis in all files", "leave the file out, or interpolate to one axis")


def _own_header(header: str) -> dict[str, Any]:
    if not header.startswith(HEADER_TITLE):
        return {}
    pairs = re.findall(r"^# ([a-z_ ]+): (.+)$", header, re.MULTILINE)
    try:
        return {name: json.loads(value) for name, value in pairs}
    except json.JSONDecodeError:
        return {}
