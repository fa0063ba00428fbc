"""``local``: a bounded pool of processes on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Self

from pulsetrain._shared_files import take_lock
from pulsetrain.options import Options, option
from pulsetrain.reports._files import this_host
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.jobs import Job

__all__ = ["Local", "LocalOptions", "Turn", "say_if_it_never_began", "slot"]

_NOT_INHERITED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT")  # of the kernel or server that submits
_START_WITHIN = 30.0  # s; a runner that has not claimed its place in the queue by then is taken for lost


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalOptions(Options):
    """Settings of `Local`."""

    slots: int = option(
        max(1, _processors() // 2),
        "Jobs that run at the same time on this machine, over all that are submitted to one folder of jobs.",
        ge=1,
        le=256,
    )


class Local(Executor):
    """Processes of this machine, detached from the one that submits: they survive its end, however it ends.

    The bound belongs to the jobs' folder: it holds over all processes that submit there. Queued jobs start in the
    order of their submission even if the process that submitted them has gone; a batch has one turn at a time, so
    that a report which is asked for meanwhile need not wait for its end.
    """

    name = "local"
    title = "This machine"
    model = LocalOptions

    def start(self, jobs: Sequence[Job]) -> None:
        """Start the runner of one job, or for many a crew that starts one after the other, in a session of its own."""
        if len(jobs) == 1:
            (job,) = jobs
            Turn.announce(job)
            process = _detached("runner", job.folder, str(job.folder))
            arguments = (process, job, job.status.attempt)
            threading.Thread(target=_reap, args=arguments, daemon=True, name=f"reap {job.id}").start()
            return
        crew = _detached("crew", jobs[0].folder.parent, str(self.options.slots), stdin=subprocess.PIPE)
        assert crew.stdin is not None  # noqa: S101  # it was asked for
        with crew.stdin as pipe:
            pipe.write(b"\0".join(os.fsencode(job.folder) for job in jobs))
        threading.Thread(target=crew.wait, daemon=True, name="reap crew").start()

    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Do nothing: a runner or crew sees by itself that a job is no longer queued."""

    def script(self, jobs: int, folder: Path) -> str:
        """Return the command of a runner."""
        many = f"# {jobs} jobs, {self.options.slots} at a time on {this_host()}\n" if jobs > 1 else ""
        return f"{many}{sys.executable} -P -m pulsetrain.reports.runner {folder}{'/JOB' * (jobs > 1)}"


class Turn:
    """A ticket in the queue for one of the places of a folder of jobs.

    Who waits holds a lock on the ticket, and who runs one on the place; locks end with their process, so that nothing
    is left to clean up after a crash.
    """

    def __init__(self, job: Job) -> None:
        pool = _pool(job)
        pool.mkdir(parents=True, exist_ok=True)
        self._ticket = next(iter(sorted(pool.glob(f"*.{job.id}"))), pool / _ticket_name(job))
        self._claim = take_lock(self._ticket, wait=True)

    @classmethod
    def announce(cls, job: Job) -> None:
        """Draw the ticket now for a process that will come to claim it."""
        pool = _pool(job)
        pool.mkdir(parents=True, exist_ok=True)
        (pool / _ticket_name(job)).touch()

    def take(self, slots: int) -> tuple[int | None, int]:
        """Return the place, which is held until the descriptor closes, or None, and how many are ahead."""
        ahead = self._ahead()
        if not ahead:
            for number in range(slots):
                place = take_lock(self._ticket.parent / f"place-{number}")
                if place is not None:
                    return place, 0
        return None, ahead

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._ticket.unlink(missing_ok=True)
        if self._claim is not None:
            os.close(self._claim)

    def _ahead(self) -> int:
        """Return how many live ones were submitted before; lost tickets are removed."""
        count = 0
        for other in sorted(self._ticket.parent.glob("[0-9]*")):
            if other.name >= self._ticket.name:
                break
            with contextlib.suppress(FileNotFoundError):
                fresh = time.time() - other.stat().st_mtime < _START_WITHIN
                job = Job.below(other.parents[2], other.name.split(".", 1)[1])
                if _locked(other) or (fresh and not job.status.finished_for_good):
                    count += 1
                else:
                    other.unlink()
        return count


async def slot(job: Job, slots: int, tell: Callable[[str], None], *, poll: float = 0.2) -> int:
    """Wait for this job's turn in the pool of its folder; the place is held until the returned descriptor closes."""
    with Turn(job) as turn:
        while True:
            place, ahead = turn.take(slots)
            if place is not None:
                return place
            tell(f"waiting for a free place; {ahead} ahead" if ahead else "waiting for a free place")
            await asyncio.sleep(poll)


def say_if_it_never_began(job: Job, attempt: int, code: int) -> None:
    """Note that a runner ended, if it never got as far as signing its job."""
    status = job.status
    if (status.state, status.pid, status.attempt) == ("queued", None, attempt):
        message = f"the runner ended with code {code} before it began; see the log"
        replace(status, state="failed", message=message, finished=time.time()).write(job.folder / "status.json")


def _detached(module: str, folder: Path, argument: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    with (folder / "log.txt").open("ab") as log:
        # -P: the user's folder must not shadow the runner's own imports
        return subprocess.Popen(
            [sys.executable, "-P", "-m", f"pulsetrain.reports.{module}", argument],
            stdin=stdin,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )


def _reap(process: subprocess.Popen[bytes], job: Job, attempt: int) -> None:
    """Wait for a runner, so that none lingers as a zombie."""
    say_if_it_never_began(job, attempt, process.wait())


def _locked(path: Path) -> bool:
    descriptor = take_lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _ticket_name(job: Job) -> str:
    return f"{time.time_ns():020d}.{job.id}"


def _pool(job: Job) -> Path:
    return job.root / ".pool" / this_host()
