"""``local``: a bounded pool of processes on this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pulsetrain.options import Options, option
from pulsetrain.reports._files import this_host
from pulsetrain.reports._turns import Turn
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.jobs import Job

__all__ = ["Local", "LocalOptions", "say_if_it_never_began"]

_RESUMED_WITHIN = 3.0  # s
_NOT_INHERITED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT")  # of the kernel or server that submits


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class LocalOptions(Options):
    """Settings of `Local`."""

    slots: int = option(
        max(1, _processors() // 2),
        "Jobs that run at the same time on this machine, over all that one user submits to one folder of jobs.",
        ge=1,
        le=256,
    )


class Local(Executor):
    """Processes of this machine, detached from the one that submits: they survive its end, however it ends.

    The bound belongs to a user and the jobs' folder: it holds over all processes of theirs that submit there. Queued
    jobs start in the order of their submission even if the process that submitted them has gone; a batch has one turn
    at a time, so that a report which is asked for meanwhile need not wait for its end.
    """

    name = "local"
    title = "This machine"
    model = LocalOptions

    def start(self, jobs: Sequence[Job]) -> None:
        """Start the runner of one job, or for many a crew that starts one after the other, in a session of its own."""
        if len(jobs) == 1:
            (job,) = jobs
            Turn.announce(job)
            attempt = job.status.attempt
            process = _detached("runner", job.folder, str(job.folder), str(attempt))
            arguments = (process, job, attempt)
            threading.Thread(target=_reap, args=arguments, daemon=True, name=f"reap {job.id}").start()
            return
        signed, sign = os.pipe()
        try:
            words = (str(self.options.slots), str(sign))
            crew = _detached("crew", jobs[0].folder.parent, *words, stdin=subprocess.PIPE, pass_fds=(sign,))
        except BaseException:
            os.close(signed)
            raise
        finally:
            os.close(sign)
        # No daemon: until the crew has signed its jobs, this process is the one that they wait for.
        threading.Thread(target=_see_signed, args=(crew, signed, jobs), name="crew signs").start()
        assert crew.stdin is not None  # noqa: S101  # it was asked for
        with crew.stdin as pipe:
            pipe.write(b"\0".join(os.fsencode(job.folder) for job in jobs))

    def as_dict(self) -> dict[str, Any]:
        """Return the name and the bound, which runners read with nothing imported."""
        return {"name": self.name, "slots": self.options.slots}

    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Do nothing: a runner or crew sees by itself that a job is no longer queued."""

    def script(self, jobs: int, folder: Path) -> str:
        """Return the command of a runner."""
        many = f"# {jobs} jobs, {self.options.slots} at a time on {this_host()}\n" if jobs > 1 else ""
        return f"{many}{sys.executable} -P -m pulsetrain.reports.runner {folder}{'/JOB' * (jobs > 1)}"


def say_if_it_never_began(job: Job, attempt: int, code: int, who: str = "runner") -> None:
    """Note that a runner ended, or who was to start it, if it never got as far as signing its job."""

    def never_began() -> bool:
        now = job.status
        return (now.state, now.pid, now.attempt) == ("queued", None, attempt)

    if not never_began():
        return
    # Whoever resumes the job holds the lock for a moment more, and another runner as long as it runs.
    lock = job.held(_RESUMED_WITHIN)
    if lock is None:
        return
    try:
        if never_began():  # still: the lock was perhaps that of a runner, or of somebody who stopped the job
            message = f"the {who} ended with code {code} before it began; see the log"
            ended = replace(job.status, state="failed", message=message, finished=time.time())
            ended.write(job.folder / "status.json")
    finally:
        os.close(lock)


def _detached(
    module: str, folder: Path, *arguments: str, stdin: int = subprocess.DEVNULL, pass_fds: tuple[int, ...] = ()
) -> subprocess.Popen[bytes]:
    environment = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
    with (folder / "log.txt").open("ab") as log:
        # -P: the user's folder must not shadow the runner's own imports
        return subprocess.Popen(
            [sys.executable, "-P", "-m", f"pulsetrain.reports.{module}", *arguments],
            stdin=stdin,
            pass_fds=pass_fds,
            stdout=log,
            stderr=log,
            cwd=folder,
            env=environment,
            start_new_session=True,
        )


def _reap(process: subprocess.Popen[bytes], job: Job, attempt: int) -> None:
    """Wait for a runner, so that none lingers as a zombie."""
    code = process.wait()
    with contextlib.suppress(OSError):  # somebody removed the job's folder, or it is not to be written to
        say_if_it_never_began(job, attempt, code)


def _see_signed(crew: subprocess.Popen[bytes], signed: int, jobs: Sequence[Job]) -> None:
    """Wait until a crew has signed its jobs; of those that it has not, say that nobody will start them."""
    try:
        done = os.read(signed, 1)
    finally:
        os.close(signed)
    threading.Thread(target=crew.wait, daemon=True, name="reap crew").start()
    if done:
        return
    code = crew.wait()
    for job in jobs:
        with contextlib.suppress(OSError):
            status = job.status
            if status.being_submitted and status.crew_pid is None:
                say_if_it_never_began(job, status.attempt, code, "crew")
