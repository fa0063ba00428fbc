"""What a batch goes over and how its jobs stand, each in one line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pulsetrain.reports._comparison_numbers import written

__all__ = ["axes_of", "counts_words", "over_words"]

_MOST = 6  # values of a parameter that are all named
_STATES = ("done", "running", "stopping", "queued", "stopped", "failed", "dead")


def axes_of(record: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the list of runs and the parameters that vary of a batch, each with its values."""
    runs, grid = record.get("runs"), record.get("grid")
    axes = [("runs", runs)] if isinstance(runs, str) and runs else []
    return axes + [(str(name), _values(given)) for name, given in (grid if isinstance(grid, dict) else {}).items()]


def over_words(record: Mapping[str, Any]) -> str:
    """Return what a batch goes over, such as "runs 10-25 × min_snr 4, 5, 6"."""
    return " × ".join(f"{name} {values}".strip() for name, values in axes_of(record))


def counts_words(counts: Mapping[str, int]) -> str:
    """Return how many jobs there are in each state that occurs, such as "6 done, 2 failed"."""
    return ", ".join(f"{counts[state]} {state}" for state in _STATES if counts.get(state))


def _values(given: Any) -> str:
    values: Sequence[Any] = given if isinstance(given, list) else [given]
    if len(values) <= _MOST:
        return ", ".join(map(written, values))
    return f"{written(values[0])}, {written(values[1])} … {written(values[-1])} ({len(values)} values)"
