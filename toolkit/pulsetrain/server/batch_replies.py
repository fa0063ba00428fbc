"""What is said of batches, of what they would do, and of where they can run."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pulsetrain.reports import Plan, Status
from pulsetrain.reports._absent import absent_paths
from pulsetrain.reports._batch_pace import seconds_left
from pulsetrain.reports._values import safe_json
from pulsetrain.reports.executors import EXECUTORS, executor_class
from pulsetrain.reports.status import FINISHED
from pulsetrain.server import replies
from pulsetrain.server._known import KnownBatch
from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.job_replies import rows_of, said, template_said

__all__ = ["batch_reply", "batches_reply", "executors_reply", "plan_reply"]

_PATIENCE = 10.0  # s after which the jobs of a batch that has ended are looked at again: one may have been resumed
_ROWS = 20  # of a plan that are shown
_DAMAGED = "batch.json is torn or not one of ours"


@dataclass(frozen=True)
class Tally:
    """Where the jobs of a batch stand together.

    Attributes
    ----------
    counts : dict
        Number of jobs by state.
    eta : float or None, seconds
        Until the last one ends, at the pace of those that have.
    message : str
        The commonest reason why jobs failed, else what they wait for.
    """

    counts: dict[str, int]
    eta: float | None
    message: str

    @classmethod
    def of(cls, statuses: Sequence[Status]) -> Tally:
        """Sum up."""
        counts: dict[str, int] = dict(Counter(str(status.state) for status in statuses))
        return cls(counts, seconds_left(statuses), _message(statuses))

    @property
    def settled(self) -> bool:
        """Whether nothing will change by itself."""
        return self.counts.keys() <= {*FINISHED}


def batches_reply(catalogue: Catalogue) -> dict[str, Any]:
    """Describe all batches; their queues are asked together."""
    batches = catalogue.batches()
    now = time.monotonic()
    due = [batch for batch in batches if not _is_settled(batch, now)]
    jobs = {batch.id: list(batch.jobs().values()) for batch in due}
    rows = iter(rows_of((job for known in jobs.values() for job in known), catalogue))
    for batch in due:
        batch.tally = (now, Tally.of([next(rows)[1] for _ in jobs[batch.id]]))
    return {"total": len(batches), "batches": [_reply(batch, catalogue) for batch in batches]}


def batch_reply(batch: KnownBatch, catalogue: Catalogue) -> dict[str, Any]:
    """Describe a batch and where it stands."""
    statuses = [status for _, status in rows_of(batch.jobs().values(), catalogue)]
    batch.tally = (time.monotonic(), Tally.of(statuses))
    return _reply(batch, catalogue)


def plan_reply(plan: Plan) -> dict[str, Any]:
    """Describe what a batch would do."""
    return {
        "total": len(plan.rows),
        "varied": list(plan.varied),
        "rows": safe_json(list(plan.rows[:_ROWS])),
        "cell": plan.cell(0),
        "script": plan.script(),
        "folder": str(plan.folder),
        "warnings": absent_paths(plan),
    }


def executors_reply() -> list[dict[str, Any]]:
    """Describe where jobs can run; one that is not installed says so."""
    return [_executor_reply(name) for name in EXECUTORS]


def _executor_reply(name: str) -> dict[str, Any]:
    try:
        executor = executor_class(name)
    except ImportError as error:
        return {"name": name, "title": name, "trouble": f"is not installed: {error}", "schema": {}}
    schema = replies.schema_reply(executor.model)
    return {"name": name, "title": executor.title, "trouble": executor.trouble(), "schema": schema}


def _is_settled(batch: KnownBatch, now: float) -> bool:
    return batch.tally is not None and batch.tally[1].settled and now - batch.tally[0] < _PATIENCE


def _reply(batch: KnownBatch, catalogue: Catalogue) -> dict[str, Any]:
    record = batch.record.now()
    tally: Tally = batch.tally[1] if batch.tally else Tally({}, None, "")
    return {
        "id": batch.id,
        "title": said(record, "template", "title") or said(record, "template", "name") or batch.id,
        "template": template_said(record, catalogue, catalogue.templates()),
        "submitted": record.get("submitted", 0),
        "executor": record.get("executor", {"name": "local"}),
        "counts": tally.counts,
        "total": sum(tally.counts.values()),
        "eta": tally.eta,
        "varied": record.get("varied", []),
        "runs": said(record, "runs"),
        "grid": record.get("grid", {}),
        "parameters": record.get("values", {}),
        "comparison": tally.counts.get("done", 0) > 0,
        "message": tally.message if record else _DAMAGED,
        "mine": batch.mine,
        "user": said(record, "provenance", "user"),
    }


def _message(statuses: Sequence[Status]) -> str:
    for states in (("failed", "dead"), ("queued",)):
        messages = Counter(s.message for s in statuses if s.state in states and s.message)
        if messages:
            message, number = messages.most_common(1)[0]
            return f"{number} × {message}" if number > 1 else message
    return ""
