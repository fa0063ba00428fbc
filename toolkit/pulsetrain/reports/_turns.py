"""Whose turn it is: the places of a pool on this machine, and the tickets of those who wait for one."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self

from pulsetrain._shared_files import take_lock
from pulsetrain.reports._files import this_host
from pulsetrain.reports.jobs import Job

__all__ = ["Turn", "slot"]

_START_WITHIN = 30.0  # s; a runner that has not claimed its place in the queue by then is taken for lost


class Turn:
    """A ticket in the queue for one of the places of a folder of jobs.

    Who waits holds a lock on the ticket, and who runs one on the place; locks end with their process, so that nothing
    is left to clean up after a crash. A ticket that is empty was drawn for a process which is still to come.
    """

    def __init__(self, job: Job) -> None:
        pool = _pool(job)
        pool.mkdir(parents=True, exist_ok=True)
        self._ticket = next(iter(sorted(pool.glob(f"*.{job.id}"))), pool / _ticket_name(job))
        self._claim = take_lock(self._ticket, wait=True)
        if self._claim is not None:
            with contextlib.suppress(OSError):  # no room: should this process die, others wait half a minute for it
                os.write(self._claim, b"!")

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
        with contextlib.suppress(OSError):  # whoever comes next removes it
            self._ticket.unlink()
        if self._claim is not None:
            os.close(self._claim)

    def _ahead(self) -> int:
        """Return how many live ones were submitted before; lost tickets are removed."""
        count = 0
        for other in sorted(self._ticket.parent.glob("[0-9]*")):
            if other.name >= self._ticket.name:
                break
            with contextlib.suppress(FileNotFoundError):
                drawn = other.stat()
                fresh = not drawn.st_size and time.time() - drawn.st_mtime < _START_WITHIN
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


def _locked(path: Path) -> bool:
    # A look must not bring back the ticket of one who leaves just now: all others would wait for it.
    descriptor = take_lock(path, create=False)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def _ticket_name(job: Job) -> str:
    return f"{time.time_ns():020d}.{job.id}"


def _pool(job: Job) -> Path:
    # One for each user: in a folder that several may write to, what the first has made is not the second's to lock.
    return job.root / f".pool-{os.geteuid()}" / this_host()
