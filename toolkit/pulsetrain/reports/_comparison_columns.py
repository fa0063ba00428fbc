"""Which metrics the table of a comparison has room for, and what is said of the others."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pulsetrain.reports._comparison_numbers import Digits, written
from pulsetrain.reports._comparison_rows import Comparison, number

__all__ = ["MOST_METRICS", "Columns", "label", "span", "values_of"]

MOST_METRICS = 24  # columns; more nobody reads side by side
_NAMED = 3  # values of a text that are named
_WAYS: dict[str, Callable[[Sequence[float]], float]] = {"least": min, "median": statistics.median, "greatest": max}


@dataclass(frozen=True)
class Columns:
    """The metrics of a comparison: a column each as far as there is room, and the others in short.

    Attributes
    ----------
    shown : tuple of str
        All of them where they are few, else the first of those in which jobs differ.
    differing, same : tuple of str
        Those without a column: in which jobs differ too, and that are the same wherever they are.
    words : str
        How many the table leaves out, and where they are; nothing where it has all.
    """

    shown: tuple[str, ...]
    differing: tuple[str, ...] = ()
    same: tuple[str, ...] = ()
    words: str = ""

    @classmethod
    def of(cls, comparison: Comparison) -> Columns:
        """Choose them."""
        metrics = comparison.metrics
        if len(metrics) <= MOST_METRICS:
            return cls(metrics)
        differing = [name for name in metrics if _differs(comparison, name)]
        shown = (differing or list(metrics))[:MOST_METRICS]
        left = [name for name in metrics if name not in set(shown)]
        more = tuple(name for name in left if name in set(differing))
        which = "those that differ between jobs" if differing else "the first; all jobs have the same"
        if more:
            which = f"the first of {len(differing)} that differ between jobs"
        words = (
            f"The table has {len(shown)} of {len(metrics)} metrics: {which}. "
            f"The other {len(left)} are folded below it, and stand by job in the CSV table."
        )
        return cls(tuple(shown), more, tuple(name for name in left if name not in set(differing)), words)

    def folded(self, comparison: Comparison) -> list[dict[str, Any]]:
        """Return a line for each metric that differs and has no column: its values in short, and how many have it."""
        return [
            {
                "name": label(comparison, name),
                "values": _in_short(comparison, name),
                "jobs": len(values_of(comparison, name)),
            }
            for name in self.differing
        ]

    def common(self, comparison: Comparison) -> dict[str, str]:
        """Return the value of each metric that is the same in all jobs and has no column."""
        return {label(comparison, name): written(values_of(comparison, name)[0]) for name in self.same}


def label(comparison: Comparison, name: str) -> str:
    """Return the name of a parameter or metric, with its unit if it has one."""
    unit = comparison.units.get(name, "")
    return f"{name} ({unit})" if unit else name


def span(comparison: Comparison, name: str) -> dict[str, str]:
    """Return the least, the middle and the greatest value of a numeric metric, and the form they are written in."""
    values = values_of(comparison, name)
    finite = [each for each in values if (found := number(each)) is not None and math.isfinite(found)]
    digits = Digits(values)
    return {way: digits.written(take(finite)) for way, take in _WAYS.items()} | {"form": digits.form}


def values_of(comparison: Comparison, name: str) -> list[Any]:
    """Return the values of a metric, of the jobs that have it."""
    return [row.metrics[name] for row in comparison.rows if name in row.metrics]


def _in_short(comparison: Comparison, name: str) -> str:
    if comparison.numeric(name):
        ends = span(comparison, name)
        return f"{ends['least']} … {ends['greatest']}, median {ends['median']}"
    different = list({_key(value): written(value) for value in values_of(comparison, name)}.values())
    more = len(different) - _NAMED
    return ", ".join(different[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _differs(comparison: Comparison, name: str) -> bool:
    """Return whether jobs have different values; that a failed one has none is no difference."""
    return len({_key(value) for value in values_of(comparison, name)}) > 1


def _key(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
