"""What is said of jobs: one by one, and as a page of many that a state and a text have picked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulsetrain.reports import Status, Template
from pulsetrain.server._known import KnownJob, Row
from pulsetrain.server.catalogue import Catalogue

__all__ = ["Pick", "job_reply", "jobs_reply", "rows_of", "said", "template_said"]

LIMIT = 1000  # jobs on one page
_STATES = ("running", "stopping", "queued", "failed", "dead", "stopped", "done")  # as "state" orders them


@dataclass(frozen=True)
class Pick:
    """Which jobs are wanted.

    Attributes
    ----------
    offset, limit : int
        The piece of the list.
    state, search : str
        Those in a state, and those that every word of a text is found in; empty for all.
    order : str
        Name of a parameter or metric, or "state"; "-" in front turns it round; empty for the list's own order. A metric
        that a parameter has the name of is ``metrics.NAME``, as in a comparison.
    """

    offset: int = 0
    limit: int = 100
    state: str = ""
    search: str = ""
    order: str = ""

    def found(self, rows: Sequence[Row]) -> list[Row]:
        """Return the jobs that the text is found in, in the order asked for."""
        words = self.search.casefold().split()
        kept = [row for row in rows if all(word in _words(row[0]) for word in words)] if words else list(rows)
        if self.order:
            return _ordered(kept, self.order)
        return kept

    def page(self, rows: Sequence[Row]) -> list[Row]:
        """Return the piece of the list that is shown."""
        start = max(0, self.offset)
        return list(rows[start : start + min(max(0, self.limit), LIMIT)])


def jobs_reply(rows: Sequence[Row], pick: Pick, catalogue: Catalogue) -> dict[str, Any]:
    """Describe a page of jobs, how many were found, and how many of these are in each state."""
    found = pick.found(rows)
    counts = Counter(status.state for _, status in found)
    wanted = [row for row in found if row[1].state == pick.state] if pick.state else found
    offered = catalogue.templates()
    shown = [job_reply(job, status, catalogue, offered) for job, status in pick.page(wanted)]
    return {"total": len(wanted), "counts": counts, "jobs": shown}


def rows_of(jobs: Iterable[KnownJob], catalogue: Catalogue) -> list[Row]:
    """Return jobs with where they stand; one that was asked to stop is stopping."""
    jobs = list(jobs)
    return [(job, _shown(job, status)) for job, status in zip(jobs, catalogue.statuses(jobs), strict=True)]


def job_reply(job: KnownJob, status: Status, catalogue: Catalogue, offered: list[Template]) -> dict[str, Any]:
    """Describe a job and where it stands."""
    record = job.record.now()
    parameters, varied = record.get("parameters"), record.get("varied")
    return {
        "id": job.job.id,
        "title": said(record, "template", "title") or said(record, "template", "name") or job.job.id,
        "template": job.once("template", lambda: template_said(record, catalogue, offered), record, offered),
        "parameters": parameters if isinstance(parameters, dict) else {},
        "state": status.state,
        "message": status.message,
        "cell": status.cell,
        "cells": status.cells,
        "eta": status.eta,
        "submitted": status.submitted or 0,
        "started": status.started,
        "finished": status.finished,
        "notebook": catalogue.path_below_root(f"{job.path}/notebook.ipynb") if job.has("notebook.ipynb") else None,
        "report": job.has("report.html"),
        "batch": job.batch,
        "varied": varied if isinstance(varied, dict) else {},
        "metrics": job.metrics(),
        "executor": status.executor,
        "queue": status.queue,
        "node": status.node,
        "mine": job.mine,
        "user": said(record, "provenance", "user"),
    }


def said(record: Mapping[str, Any], *names: str) -> str:
    """Return a text that lies in a record under some names; empty where something else lies there."""
    value: Any = record
    for name in names:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value if isinstance(value, str) else ""


def template_said(record: Mapping[str, Any], catalogue: Catalogue, offered: Iterable[Template]) -> str:
    """Return under which name or path the template of a record can be asked for again, else its name."""
    path = said(record, "template", "path")
    try:
        found = catalogue.template_id(Path(path), offered) if path else None
    except (ValueError, OSError, RuntimeError):  # a null character, a name too long, a loop of links
        found = None
    return found or said(record, "template", "name")


def _shown(job: KnownJob, status: Status) -> Status:
    if status.state in ("queued", "running") and job.has("stop"):
        return replace(status, state="stopping")
    if status.state == "queued" and status.message == "waiting":
        return replace(status, message="")  # its state says it already
    return status


def _words(job: KnownJob) -> str:
    """Return what a search looks in: the job's name, template, parameters and user."""
    record = job.record.last()

    def make() -> str:
        values = [value for name in ("parameters", "varied") for value in _pairs(record.get(name))]
        texts = (job.job.id, said(record, "template", "title"), said(record, "provenance", "user"), *values)
        return "\n".join(texts).casefold()

    return job.once("words", make, record)


def _pairs(values: Any) -> Iterable[str]:
    return [f"{name}={value}" for name, value in values.items()] if isinstance(values, Mapping) else []


def _ordered(rows: list[Row], order: str) -> list[Row]:
    """Return jobs in an order; numbers come before texts, and those that have no such value come last either way."""
    name, down = order.removeprefix("-"), order.startswith("-")
    value: Callable[[Row], Any] = (lambda row: _STATES.index(row[1].state)) if name == "state" else _value_of(name)
    keyed = [(_key(value(row)), row) for row in rows]
    there = sorted((pair for pair in keyed if pair[0] is not None), key=lambda pair: pair[0] or (), reverse=down)
    return [row for _, row in there] + [row for key, row in keyed if key is None]


def _value_of(name: str) -> Callable[[Row], Any]:
    measure = name.removeprefix("metrics.") if name.startswith("metrics.") else ""

    def value(row: Row) -> Any:
        record = row[0].record.last()
        if measure:
            return _within(row[0].metrics(), measure)
        for values in (record.get("varied"), record.get("parameters"), row[0].metrics(), record.get("defaults")):
            if isinstance(values, Mapping) and (found := _within(values, name)) is not None:
                return found
        return None

    return value


def _within(values: Mapping[str, Any], name: str) -> Any:
    """Return a value by its name, or by a dotted one where it lies deeper; of one with its unit the value."""
    found: Any = values
    if name in values:
        found = values[name]
    else:
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
    return found.get("value") if isinstance(found, Mapping) else found


def _key(value: Any) -> tuple[int, float, str] | None:
    if value is None:
        return None
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        return (1, 0.0, str(value))
    return (0, number, "") if number == number else None  # noqa: PLR0124 -- NaN, which is in no order
