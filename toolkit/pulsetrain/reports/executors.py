"""Where jobs run: an interface, and ``local``, a bounded pool of processes on this machine."""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pulsetrain._shared_files import take_lock
from pulsetrain.reports._files import this_host
from pulsetrain.reports.jobs import Job

__all__ = ["Executor", "Local", "executor_of", "slot"]

_NOT_INHERITED = ("JPY_PARENT_PID", "JPY_SESSION_NAME", "JPY_INTERRUPT_EVENT")  # of the kernel or server that submits
_START_WITHIN = 30.0  # s; a runner that has not claimed its place in the queue by then is taken for lost


class Executor(Protocol):
    """Starts the runner of a queued job somewhere; all else is between the runner and the folder."""

    def start(self, job: Job) -> None:
        """See to it that ``python -m pulsetrain.reports.runner FOLDER`` runs some time."""

    def as_dict(self) -> dict[str, Any]:
        """Return what `executor_of` needs to make this executor again."""


@dataclass(frozen=True)
class Local:
    """Processes of this machine, detached from the one that submits: they survive its end, however it ends.

    Attributes
    ----------
    slots : int
        Jobs that run at the same time; half of the processors by default. The bound belongs to the jobs' folder: it
        holds over all processes that submit there, and queued jobs start in the order of their submission even if
        the process that submitted them has gone.
    """

    slots: int = field(default_factory=lambda: max(1, _processors() // 2))
    name: str = "local"

    def start(self, job: Job) -> None:
        """Start the runner in a session of its own."""
        pool = _pool(job.folder.parent)
        pool.mkdir(parents=True, exist_ok=True)
        (pool / f"{time.time_ns():020d}.{job.id}").touch()
        attempt = job.status.attempt
        environment = {key: value for key, value in os.environ.items() if key not in _NOT_INHERITED}
        with (job.folder / "log.txt").open("ab") as log:
            # -P: the user's folder must not shadow the runner's own imports
            process = subprocess.Popen(
                [sys.executable, "-P", "-m", "pulsetrain.reports.runner", str(job.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=job.folder,
                env=environment,
                start_new_session=True,
            )
        threading.Thread(target=_reap, args=(process, job, attempt), daemon=True, name=f"reap {job.id}").start()

    def as_dict(self) -> dict[str, Any]:
        """Return the name and the bound."""
        return asdict(self)


def executor_of(record: Mapping[str, Any]) -> Executor:
    """Return the executor a job was submitted to, from its ``job.json``."""
    stated = record.get("executor", {})
    slots = stated.get("slots")
    return Local(slots) if stated.get("name") == "local" and isinstance(slots, int) else Local()


async def slot(job: Job, slots: int, tell: Callable[[str], None], *, poll: float = 0.2) -> int:
    """Wait for this job's turn in the pool of its folder; the place is held until the returned descriptor closes.

    Each waiting runner holds a lock on its ticket, and each running one a lock on its place; locks end with their
    process, so that nothing is left to clean up after a crash.
    """
    pool = _pool(job.folder.parent)
    pool.mkdir(parents=True, exist_ok=True)
    ticket = next(iter(sorted(pool.glob(f"*.{job.id}"))), pool / f"{time.time_ns():020d}.{job.id}")
    claim = take_lock(ticket, wait=True)
    try:
        while True:
            ahead = _ahead(ticket)
            if not ahead:
                for number in range(slots):
                    place = take_lock(pool / f"place-{number}")
                    if place is not None:
                        return place
            tell(f"waiting for a free place; {ahead} ahead" if ahead else "waiting for a free place")
            await asyncio.sleep(poll)
    finally:
        ticket.unlink(missing_ok=True)
        if claim is not None:
            os.close(claim)


def _ahead(ticket: Path) -> int:
    """Return how many live runners were submitted before; lost tickets are removed."""
    count = 0
    for other in sorted(ticket.parent.glob("[0-9]*")):
        if other.name >= ticket.name:
            break
        with contextlib.suppress(FileNotFoundError):
            fresh = time.time() - other.stat().st_mtime < _START_WITHIN
            job = Job(ticket.parents[2] / other.name.split(".", 1)[1])
            if _locked(other) or (fresh and not job.status.finished_for_good):
                count += 1
            else:
                other.unlink()
    return count


def _locked(path: Path) -> bool:
    descriptor = take_lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _reap(process: subprocess.Popen[bytes], job: Job, attempt: int) -> None:
    """Wait for a runner, so that none lingers as a zombie, and say so if it never got as far as signing its job."""
    code = process.wait()
    status = job.status
    if (status.state, status.pid, status.attempt) == ("queued", None, attempt):
        message = f"the runner ended with code {code} before it began; see the log"
        replace(status, state="failed", message=message, finished=time.time()).write(job.folder / "status.json")


def _pool(root: Path) -> Path:
    return root / ".pool" / this_host()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
