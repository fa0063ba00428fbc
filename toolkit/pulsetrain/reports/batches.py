"""Batches: folders of jobs that run one template over a list of runs and a grid of parameters."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pulsetrain._shared_files import take_lock
from pulsetrain.reports._files import write_json
from pulsetrain.reports._records import batch_record
from pulsetrain.reports._values import safe_json
from pulsetrain.reports.executors import Executor, executor_named, executor_of, statuses, withdraw
from pulsetrain.reports.jobs import BATCH, RUN, Job, JobError, refuse_anothers
from pulsetrain.reports.planning import Plan
from pulsetrain.reports.status import FINISHED, Status, submitter
from pulsetrain.reports.submission import hand_over, make_folder, queue_again

__all__ = ["Batch", "list_batches", "submit_plan"]

VERSION = 1
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Batch:
    """Jobs of one template, derived from the batch's folder alone.

    The folder holds ``batch.json`` (template, runs, grid, provenance, the jobs' names), ``template.ipynb``, a folder
    for each job, and in the end ``comparison.html`` and ``comparison.csv``.
    """

    folder: Path

    def __post_init__(self) -> None:
        object.__setattr__(self, "folder", self.folder.absolute())  # as that of a `Job`

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @property
    def record(self) -> dict[str, Any]:
        """Content of ``batch.json``; empty where it is torn or not one of ours."""
        return batch_record(self.folder / BATCH)

    @property
    def executor(self) -> Executor:
        """Where its jobs were submitted to."""
        return executor_of(self.record)

    def jobs(self) -> list[Job]:
        """Return the jobs, in the order of the plan."""
        named = self.record.get("jobs")
        names = (
            named if isinstance(named, list) else sorted(path.parent.name for path in self.folder.glob("*/job.json"))
        )
        return [Job(self.folder / name) for name in names if isinstance(name, str) and _is_plain(name)]

    def statuses(self) -> list[Status]:
        """Return where the jobs stand, in their order; each queue is asked once."""
        return statuses(self.jobs())

    def counts(self) -> dict[str, int]:
        """Return how many jobs there are in each state that occurs."""
        return dict(Counter(status.state for status in self.statuses()))

    def wait(self, timeout: float | None = None, *, poll: float = 0.5) -> list[Status]:
        """Wait until every job has ended.

        Raises
        ------
        TimeoutError
            If they have not within ``timeout`` seconds; the jobs go on.
        """
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            began = time.monotonic()
            found = self.statuses()
            if all(status.finished_for_good for status in found):
                return found
            if end is not None and time.monotonic() > end:
                left = sum(not status.finished_for_good for status in found)
                raise TimeoutError(f"{left} of {len(found)} jobs of {self.id} have not ended after {timeout:g} s")
            # Thousands of jobs take a while to look at; whoever waits must not keep a processor busy with it.
            time.sleep(max(poll, 20 * (time.monotonic() - began)))

    def stop(self) -> None:
        """Ask every job to stop; those at work save their partial notebooks, and the rest never begin.

        Raises
        ------
        OSError
            If some cannot be asked, and no crew was to start them that can be sent away; all others have been.
        """
        # From the end, or the place of each job that is stopped would be taken by one that is to be stopped next.
        never: list[Job] = []
        left: dict[Job, OSError] = {}
        for job in reversed(self.jobs()):
            try:
                if job.never_begin():
                    never.append(job)
                else:
                    job.stop()
            except FileNotFoundError:  # somebody removed its folder
                continue
            except OSError as error:
                left[job] = error
        withdraw(never)
        # Where a disk is full, those that have not begun can only be left without whoever would start them.
        told = [f"{job.id} cannot be stopped: {error}" for job, error in left.items() if not job.never_start()]
        if told:
            more = f"; and so {len(told) - 1} more" if len(told) > 1 else ""
            raise OSError(f"{told[-1]}{more}; all others have been, mend this and stop again")

    def resume(self, *, executor: Executor | None = None) -> list[Job]:
        """Run the jobs that are neither done nor at work once more, and return them; what they left is kept.

        Of those that cannot be queued again a warning says why; the others are.

        Raises
        ------
        JobError
            If every job is done or at work, or another process resumes the batch, or it is another user's or damaged.
        OptionError
            If the queue would not take the jobs.
        """
        refuse_anothers(self.folder, BATCH, "template.ipynb")
        if not self.record:  # it may have been meant for a queue
            raise JobError(f"{self.id}: batch.json is missing or damaged; submit the batch anew")
        with self._alone():
            jobs = self.jobs()
            ended = [
                (job, status.attempt)
                for job, status in zip(jobs, statuses(jobs), strict=True)
                if status.state in FINISHED and status.state != "done"
            ]
            # Not `self.executor`, which runs here what was meant for a queue whose record is no longer understood.
            chosen = executor or executor_named(self.record.get("executor") or {})
            if ended:
                chosen.check(len(ended))
                if executor is not None:  # first: without room for it, no job may be left queued
                    write_json(self.folder / BATCH, {**self.record, "executor": executor.as_dict()})
            claim = submitter()
            reasons = [(job, _not_queued(job, attempt, executor, claim)) for job, attempt in ended]
            again = [job for job, reason in reasons if not reason]
            if not again:
                counts = ", ".join(f"{number} {state}" for state, number in sorted(self.counts().items()))
                why = f"; {reasons[0][1]}" if reasons else ""
                raise JobError(f"{self.id}: nothing to resume ({counts}{why})")
            hand_over(chosen, again)
        for job, reason in reasons:
            if reason:
                _log.warning("%s is not queued again: %s", job.id, reason)
        return again

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep others from resuming the same batch meanwhile."""
        lock = take_lock(self.folder / ".lock")
        if lock is None:
            raise JobError(f"{self.id} is being resumed by another process")
        try:
            yield
        finally:
            os.close(lock)


def list_batches(root: str | Path) -> list[Batch]:
    """Return the batches under a folder of jobs, the newest first."""
    try:
        folders = [entry for entry in Path(root).expanduser().iterdir() if not entry.name.startswith(".")]
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [Batch(folder) for folder in sorted(folders, reverse=True) if (folder / BATCH).is_file()]


def submit_plan(plan: Plan) -> Batch:
    """Write the folder of a batch, which appears whole, and queue its jobs.

    Raises
    ------
    OptionError
        If the queue would not take them; nothing has been written. Where it refuses only when they are handed over, the
        batch is there, with jobs that failed for that reason and can be resumed.
    """
    plan.executor.check(len(plan.rows))
    submitted = time.time()
    digits = max(4, len(str(len(plan.rows))))
    claim = submitter()
    varied = [{name: row[name] for name in plan.varied if name in row} for row in plan.rows]

    def fill(folder: Path, name: str) -> None:
        (folder / "template.ipynb").write_bytes(plan.prepared.content)
        (folder / "log.txt").touch()
        names = [f"{name}.{number:0{digits}d}" for number in range(1, len(plan.rows) + 1)]
        for job, row, differing in zip(names, plan.rows, varied, strict=True):
            (folder / job).mkdir()
            _link(folder / "template.ipynb", folder / job / "template.ipynb")
            marks = {"id": job, "batch": name, "varied": safe_json(differing)}
            plan.prepared.fill(
                folder / job, row, root=plan.root, submitted=submitted, durable=False, claim=claim, **marks
            )
        write_json(folder / BATCH, {"id": name, **_record(plan, submitted), "jobs": names})

    batch = Batch(make_folder(plan.root, plan.prepared.template.name, submitted, fill))
    hand_over(plan.executor, batch.jobs())
    return batch


def _record(plan: Plan, submitted: float) -> dict[str, Any]:
    return {
        "version": VERSION,
        "template": plan.prepared.described(),
        "runs": plan.runs,
        "grid": safe_json(plan.grid),
        "values": safe_json(plan.values),
        "varied": list(plan.varied),
        "executor": plan.executor.as_dict(),
        "submitted": submitted,
        "provenance": plan.prepared.provenance(plan.command(), submitted),
    }


def _link(source: Path, target: Path) -> None:
    """Let a file stand in a second place; copied where the file system has no such links."""
    try:
        target.hardlink_to(source)
    except OSError:
        target.write_bytes(source.read_bytes())


def _not_queued(job: Job, attempt: int, executor: Executor | None, claim: Mapping[str, Any]) -> str:
    """Put a job back into its queue; return why it is not there, or an empty string."""
    try:
        lock = job.held()
    except FileNotFoundError:
        return f"the folder of {job.id} has been removed"
    except OSError as error:
        return str(error)
    if lock is None:
        return f"another process is at {job.id}"
    try:
        now = job.status  # queues take seconds to answer, in which somebody may have resumed it by itself
        if now.attempt != attempt or now.state in ("running", "stopping", "done"):
            return f"{job.id} has been resumed by itself"
        refuse_anothers(job.folder, *RUN)
        job.end()  # a kernel may have outlived its runner
        queue_again(job, executor, claim)
    except (OSError, ValueError) as error:
        return str(error)
    finally:
        os.close(lock)
    return ""


def _is_plain(name: str) -> bool:
    return bool(name) and "/" not in name and "\0" not in name and not name.startswith(".")
