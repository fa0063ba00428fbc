"""What the command line says of the jobs of a batch."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pulsetrain.reports.status import FINISHED, Status

__all__ = ["counted", "counted_jobs", "reasons"]

_PLACE = re.compile(r"^cell \d+ of \d+: ")
_MOST = 4  # lines
_HEAD, _TAIL = 130, 60  # characters of a line; a long path is told by its end


def counted_jobs(number: int) -> str:
    """Return a number of jobs in words."""
    return f"{number} job{'s' * (number != 1)}"


def counted(counts: Mapping[str, int]) -> str:
    """Return how many jobs there are in each state."""
    return ", ".join(f"{number} {state}" for state, number in sorted(counts.items())) or "no jobs"


def reasons(statuses: Iterable[Status]) -> list[str]:
    """Return why jobs have no result, a line for each kind of error, the most frequent first.

    Examples
    --------
    >>> failed = [Status("failed", f"cell {n} of 9: KeyError: 'r{n}'") for n in (3, 4)]
    >>> reasons([*failed, Status("done"), Status("dead", "interrupted: the runner on node7 has gone")])
    ["2 × KeyError: 'r3', and the like", 'interrupted: the runner on node7 has gone']
    """
    kinds: dict[str, list[str]] = {}
    for status in statuses:
        if status.state in FINISHED and status.state != "done":
            text = _PLACE.sub("", status.message) or status.state
            kinds.setdefault(text.partition(": ")[0], []).append(text)
    found = sorted(kinds.values(), key=len, reverse=True)
    lines = [_line(texts) for texts in found[:_MOST]]
    more = sum(map(len, found[_MOST:]))
    return [*lines, *[f"{more} more, each for another reason"] * bool(more)]


def _line(texts: list[str]) -> str:
    first = texts[0] if len(texts[0]) <= _HEAD + _TAIL else f"{texts[0][:_HEAD]}…{texts[0][-_TAIL:]}"
    return f"{f'{len(texts)} × ' * (len(texts) > 1)}{first}{', and the like' * (len(set(texts)) > 1)}"
