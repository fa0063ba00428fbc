"""``dask``: tasks of a `distributed` scheduler that runs already, as on a facility's cluster.

A task holds no data: it starts the job's runner on a worker and waits for it. The folder of jobs must have the same
path on the workers, and their Python must have Pulsetrain.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from pydantic import field_validator
from pydantic_core import PydanticCustomError

from pulsetrain.options import OptionError, Options, option
from pulsetrain.reports._dask_scheduler import Known, Scheduler, is_address
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import FINISHED, Status

__all__ = ["Dask", "DaskOptions"]

_ON_ITS_WAY = 30.0  # s after which a job that is handed over must be known to the scheduler
_GONE = "interrupted: Dask's scheduler {} has gone, and its queue with it"
_LOST = "interrupted: Dask's scheduler {} does not know the job any more: it was restarted, or the job cancelled there"
_ERRED = (
    "interrupted: its task failed on the worker before it began; are Pulsetrain and this folder there? "
    "See the worker's log"
)


class DaskOptions(Options):
    """Settings of `Dask`."""

    scheduler: str = option(
        help="Address of the scheduler, such as tcp://max-exfl001:8786, or path of its scheduler file."
    )
    resources: dict[str, float] = option(
        {},
        "What a worker must have been started with for each job, such as {'GPU': 1}. A worker runs as many jobs at a "
        "time as it has threads, or as its resources allow.",
    )

    @field_validator("scheduler")
    @classmethod
    def _names_a_scheduler(cls, scheduler: str) -> str:
        if is_address(scheduler):
            return scheduler
        path = Path(scheduler).expanduser()
        # A scheduler takes its file along when it ends; records, which hold whole paths, still name it then.
        if not path.is_file() and not path.is_absolute():
            raise PydanticCustomError(
                "scheduler", "allowed an address like tcp://host:8786, or a scheduler file's path"
            )
        return str(path.resolve())  # whoever asks later stands in another folder


class Dask(Executor):
    """Workers of an existing `distributed` scheduler; jobs go on without the process that submits them.

    A job runs on one worker, and never twice for one attempt: a worker that is closed has its jobs stop with the
    partial notebook saved, and one that dies takes them along; such a job is resumed by whoever wants it, not by Dask.
    """

    name = "dask"
    title = "Dask"
    model = DaskOptions

    @classmethod
    def trouble(cls) -> str:
        """Return what is not installed, or an empty string."""
        return "" if find_spec("distributed") else "the package distributed is not installed; pip install distributed"

    def check(self, jobs: int) -> None:  # noqa: ARG002  # it takes any number
        """Ask whether the scheduler answers; one without workers does, as they may come later."""
        try:
            self._scheduler.greet()
        except OSError as error:
            raise OptionError(f"scheduler: {self._silent(error)}") from None

    def start(self, jobs: Sequence[Job]) -> None:
        """Hand a task for each job to the scheduler."""
        tasks = []
        for job in jobs:  # before a worker can write to the same file
            status = job.status
            key = f"pulsetrain-{job.id}-{status.attempt}"
            tasks.append((key, str(job.folder), status.attempt))
            waiting = replace(status, queue=key, message="waiting for a worker", submitter_pid=None)
            waiting.write(job.folder / "status.json")
        try:
            self._scheduler.hand_over(tasks, self.options.resources)
        except OSError as error:
            message = f"not submitted: {self._silent(error)}"
            for job in jobs:
                failed = replace(job.status, state="failed", message=message, finished=time.time())
                failed.write(job.folder / "status.json")
            raise OptionError(f"scheduler: {self._silent(error)}") from None

    def look(self, jobs: Sequence[tuple[Job, Status]]) -> list[Status]:
        """Ask the scheduler once where the jobs are that no runner has signed; runners speak for themselves."""
        keys = [status.queue for _, status in jobs if _unsigned(status)]
        try:
            known = self._scheduler.ask(keys) if keys else Known()
        except Exception as error:  # noqa: BLE001  # whatever it answers, the jobs must be listed
            verdict = self._without_answer(error)
        else:
            verdict = self._verdict(known)
        return [_judged(job, status, verdict) for job, status in jobs]

    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Cancel the jobs' tasks; where the scheduler does not answer, the tasks find out on the worker."""
        keys = [key for job in jobs if (key := job.status.queue)]
        with contextlib.suppress(OSError):
            if keys:
                self._scheduler.cancel(keys)

    def script(self, jobs: int, folder: Path) -> str:
        """Return the command that workers run."""
        needs = f", each on a worker with {self.options.resources}" if self.options.resources else ""
        return (
            f"# {jobs} tasks for Dask's scheduler {self.options.scheduler}{needs}\n"
            f"{sys.executable} -P -m pulsetrain.reports.runner {folder}{'/JOB' * (jobs > 1)}"
        )

    @property
    def _scheduler(self) -> Scheduler:
        return Scheduler(self.options.scheduler)

    def _verdict(self, known: Known) -> Callable[[Status], Status]:
        def verdict(status: Status) -> Status:
            state, erred = known.states.get(status.queue), status.queue in known.erred
            if status.queue in known.places:
                worker, host = known.places[status.queue]
                return replace(status, node=host, message=f"waiting on the worker {worker}")
            on_its_way = time.time() - status.beat < _ON_ITS_WAY or status.being_submitted
            if state is None and not erred and on_its_way:
                return status
            if state is None or state not in ("waiting", "queued", "processing", "no-worker"):
                lost = _ERRED if erred or state == "erred" else _LOST.format(self.options.scheduler)
                return replace(status, state="dead", message=lost)
            why = ": none has what the job needs" if state == "no-worker" else ""
            return replace(
                status, message=f"waiting for a worker{why if known.workers else ': the scheduler has none'}"
            )

        return verdict

    def _without_answer(self, error: Exception) -> Callable[[Status], Status]:
        """Return what it means for a job in the queue that the scheduler does not answer."""
        if self._scheduler.gone():
            message = _GONE.format(self.options.scheduler)
            return lambda status: replace(status, state="dead", message=message)
        message = f"unknown: {self._silent(error)}"
        return lambda status: replace(status, message=message)

    def _silent(self, error: Exception) -> str:
        reason = str(error).split("\n", 1)[0] or type(error).__name__
        return f"Dask's scheduler {self.options.scheduler} does not answer ({reason})"


def _judged(job: Job, status: Status, verdict: Callable[[Status], Status]) -> Status:
    """Apply the queue's word to a job that no runner has signed, not even while the queue was asked."""
    if _unsigned(status) and _unsigned(status := job.status):
        return verdict(status)
    return replace(status, node=status.node or status.host)


def _unsigned(status: Status) -> bool:
    return status.pid is None and status.state not in FINISHED
