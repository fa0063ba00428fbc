"""Over which of the parameters that vary a metric is drawn."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pulsetrain.reports._comparison_numbers import written
from pulsetrain.reports._comparison_rows import Comparison, Row, number

__all__ = ["Axis", "Plan", "plan"]

_CATEGORIES = 24  # more names on an axis nobody reads
_SERIES = 8  # more lines nobody tells apart
_SMALLEST_MAP = 3  # values a side; fewer are read better as lines
_FILLED = 0.5  # of a map; where fewer pairs were tried it is no map
_NUMBER = "job"
_FIGURES = "0123456789"


@dataclass(frozen=True)
class Axis:
    """One axis: a number each, or names in their order.

    Attributes
    ----------
    name : str
        Of the parameter; with its unit it labels the axis.
    unit : str
    values : tuple of (float or None)
        Of each job, or the place of its name; None where it has none.
    names : tuple of str
        Of a parameter that is no number; else empty.
    text : bool
        Whether it is no number, be there one in it.
    """

    name: str
    unit: str
    values: tuple[float | None, ...]
    names: tuple[str, ...] = ()
    text: bool = False

    @property
    def label(self) -> str:
        """Name and unit."""
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def steps(self) -> list[float]:
        """The different values, in order."""
        return sorted({value for value in self.values if value is not None})


@dataclass(frozen=True)
class Plan:
    """How metrics are drawn.

    Attributes
    ----------
    kind : str
        ``points`` over `x`, ``lines`` over `x` with one for each step of `y` (which only has its colour where others
        vary too), a ``map`` over both, or ``colours``: points over both that are no grid.
    x, y : Axis
    others : int
        Parameters that vary too and are not to be seen.
    """

    kind: Literal["points", "lines", "map", "colours"]
    x: Axis
    y: Axis | None = None
    others: int = 0


def plan(comparison: Comparison) -> Plan:
    """Choose the axes: one or two parameters that vary, else the jobs one after the other."""
    rows = comparison.rows
    axes = _independent([_axis(rows, name, comparison.units.get(name, "")) for name in comparison.parameters])
    numbers = [axis for axis in axes if not axis.names]
    if len(axes) == 1 and len(axes[0].names) <= _CATEGORIES:
        return Plan("points", axes[0])
    if len(axes) == 2:
        x, y = sorted(axes, key=lambda axis: (bool(axis.names), -len(axis.steps)))
        return _of_two(x, y, rows)
    first = max(numbers, key=lambda axis: len(axis.steps)) if numbers else _jobs(rows)
    left = [axis for axis in axes if axis is not first]
    second = next((axis for axis in left if 1 < len(axis.steps) <= _SERIES), None)
    if second is None:
        return Plan("points", first, others=len(left))
    return Plan("lines", first, second, others=len(left) - 1)


def _of_two(x: Axis, y: Axis, rows: Sequence[Row]) -> Plan:
    if not x.names and not y.names and min(len(x.steps), len(y.steps)) >= _SMALLEST_MAP:
        pairs = len({pair for pair in zip(x.values, y.values, strict=True) if None not in pair})
        return Plan("map" if pairs >= _FILLED * len(x.steps) * len(y.steps) else "colours", x, y)
    if len(y.steps) <= _SERIES and len(x.names) <= _CATEGORIES:
        return Plan("lines", x, y)
    return Plan("points", _jobs(rows) if x.names else x, others=2 if x.names else 1)


def _jobs(rows: Sequence[Row]) -> Axis:
    return Axis(_NUMBER, "", tuple(float(place) for place in range(1, len(rows) + 1)))


def _axis(rows: Sequence[Row], name: str, unit: str) -> Axis:
    given = [row.parameters.get(name) for row in rows]
    numbers = [_finite(value) for value in given]
    if all(found is not None for found, row in zip(numbers, rows, strict=True) if name in row.parameters):
        return Axis(name, unit, tuple(numbers))
    texts = [written(value) if name in row.parameters else "" for value, row in zip(given, rows, strict=True)]
    parts = _differing(texts)
    if all(part.isascii() and part.isdigit() for part in parts):
        return Axis(f"number in {name}", "", tuple(float(part) for part in parts), text=True)
    places = {part: float(place) for place, part in enumerate(dict.fromkeys(parts))}
    return Axis(name, unit, tuple(places[part] for part in parts), tuple(places), text=True)


def _finite(value: Any) -> float | None:
    found = number(value)
    return found if found is not None and math.isfinite(found) else None


def _differing(texts: Sequence[str]) -> list[str]:
    """Return texts without what all of them begin and end with; numbers are not cut: r0010, r0011 give 0010, 0011."""
    before = len(_common(texts).rstrip(_FIGURES))
    rests = [text[before:] for text in texts]
    after = len(_common([rest[::-1] for rest in rests]).rstrip(_FIGURES))
    return [rest[: len(rest) - after] for rest in rests]


def _common(texts: Sequence[str]) -> str:
    """Return what all texts begin with."""
    first, last = min(texts), max(texts)
    return first[: next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))]


def _independent(axes: list[Axis]) -> list[Axis]:
    """Leave out each text that tells the jobs apart just as another axis does, such as a path beside its run."""
    kept: list[Axis] = []
    for axis in sorted(axes, key=lambda each: each.text):
        if not axis.text or not any(_same_division(axis, other) for other in kept):
            kept.append(axis)
    return [axis for axis in axes if axis in kept]


def _same_division(one: Axis, other: Axis) -> bool:
    pairs = set(zip(one.values, other.values, strict=True))
    return len(pairs) == len(set(one.values)) == len(set(other.values))
