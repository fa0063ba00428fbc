"""Run many jobs one after the other: ``python -m pulsetrain.reports.crew SLOTS`` with their folders on standard input.

A second argument is the descriptor of a pipe, on which it says that it has signed them all.

What every runner needs is imported once; each job then has a process of its own, forked off when it is its turn. The
crew's end, however it comes, is not that of the jobs at work; those still queued are seen as interrupted.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sys
import time
import traceback
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from pulsetrain._shared_files import take_lock
from pulsetrain.reports import runner
from pulsetrain.reports._files import identity, this_host
from pulsetrain.reports._local import say_if_it_never_began
from pulsetrain.reports._patience import insist
from pulsetrain.reports._turns import Turn
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import Status

__all__ = ["Crew", "main"]

_POLL = 0.02  # s between looks at the jobs at work
_RARELY = 0.5  # s between looks at the pool, which cost a file system that is far away something, while nothing changes


class Crew:
    """Starts the runners of some jobs, each when a place is free for it.

    Parameters
    ----------
    slots : int
        Places in the pool of the jobs' folder.
    """

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._at_work: dict[int, tuple[Job, int]] = {}
        self._broken: tuple[Path, int] | None = None

    def run(self, jobs: Mapping[Job, int]) -> None:
        """Run them all, in order; each only in the attempt that this crew was started for."""
        for job, attempt in jobs.items():
            if not _is_queued(job, attempt):
                continue
            try:
                self._start(job, attempt)
            except OSError as error:  # of its own folder, perhaps; the others are none the worse
                _pass_by(job, error)
        while self._at_work:
            self._reap()
            time.sleep(_POLL)
        if self._broken is not None:
            batch, attempt = self._broken
            runner.compare(batch, again=attempt > 1)

    def _start(self, job: Job, attempt: int) -> None:
        place = insist(lambda: self._place(job), self._reap)
        try:
            if _is_queued(job, attempt):
                insist(lambda: self._fork(job, attempt, place), self._reap)
        finally:
            os.close(place)  # its runner holds it on

    def _place(self, job: Job) -> int:
        again, pause = 0.0, _POLL
        with Turn(job) as turn:
            while True:
                if self._reap():
                    again, pause = 0.0, _POLL  # its place is free, or will be as soon as its kernel has gone too
                if time.monotonic() >= again:
                    place, _ = turn.take(self._slots)
                    if place is not None:
                        return place
                    again, pause = time.monotonic() + pause, min(2 * pause, _RARELY)
                time.sleep(_POLL)

    def _fork(self, job: Job, attempt: int, place: int) -> None:
        _flush()
        child = os.fork()
        if child:
            self._at_work[child] = (job, attempt)
            return
        code = 70
        try:
            code = _become_runner(job, attempt, place)
        except BaseException:  # noqa: BLE001 -- nothing of the child may ever run on as the crew
            traceback.print_exc()
        finally:
            try:
                _flush()
            finally:
                os._exit(code)

    def _reap(self) -> bool:
        """Take note of the runners that have ended; return whether there were any."""
        before = len(self._at_work)
        for child, (job, attempt) in list(self._at_work.items()):
            ended, how = os.waitpid(child, os.WNOHANG)
            if ended:
                del self._at_work[child]
                code = os.waitstatus_to_exitcode(how)
                if code not in (0, 1) and job.batch is not None:
                    self._broken = job.batch, attempt  # its runner, perhaps the last, was killed before it compared
                try:
                    say_if_it_never_began(job, attempt, code)
                except OSError as error:
                    _pass_by(job, error)
        return len(self._at_work) < before


def main(arguments: list[str] | None = None) -> int:
    """Sign the jobs as queued here, then run them."""
    slots, *pipe = sys.argv[1:] if arguments is None else arguments
    folders = [os.fsdecode(name) for name in sys.stdin.buffer.read().split(b"\0") if name]
    jobs = [Job(Path(folder)) for folder in folders]
    pid, started = identity()
    attempts = {job: _sign(job, pid, started) for job in jobs}
    for descriptor in map(int, pipe):
        with contextlib.suppress(OSError):  # whoever submitted them has gone
            os.write(descriptor, b"!")
        os.close(descriptor)
    _import_ahead()
    Crew(int(slots)).run(attempts)
    return 0


def _import_ahead() -> None:
    """Import what runners, their kernels and their reports need; none of it starts a thread."""
    runner.import_ahead()
    import_module("pulsetrain.reports.html")
    import_module("pulsetrain.reports._spare_kernel").import_ahead()


def _sign(job: Job, pid: int, started: float) -> int:
    """Say who will start a job, unless it was stopped meanwhile; return its attempt, or 0 where it is not for us."""
    try:
        lock = take_lock(job.folder / ".lock")
    except FileNotFoundError:  # somebody removed its folder
        return 0
    except OSError:  # that may have passed when its turn comes; else it is said then
        lock = None
    if lock is None:
        return _attempt(job.status)
    try:
        status = job.status
        # Also one that seems lost: the folder of a large batch takes longer to write than a runner may to come.
        if status.unclaimed and _attempt(status):
            status = replace(status, state="queued", message="waiting")
            with contextlib.suppress(OSError):
                replace(status, host=this_host(), crew_pid=pid, crew_started=started).write(job.folder / "status.json")
        return _attempt(status)
    finally:
        os.close(lock)


def _attempt(status: Status) -> int:
    return status.attempt if status.executor == "local" else 0  # stopped, and resumed elsewhere


def _is_queued(job: Job, attempt: int) -> bool:
    status = job.status
    return status.unclaimed and status.attempt == attempt


def _pass_by(job: Job, error: OSError) -> None:
    """Say in the batch's log why nobody runs a job, or says how that went; without its crew it can be resumed."""
    with contextlib.suppress(OSError):  # whose disk is that of the jobs
        print(f"{time.strftime('%H:%M:%S')} {job.id} is passed by: {error}", flush=True)  # noqa: T201 -- it is the log


def _flush() -> None:
    """Write down what was said, where there is room for it."""
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError):
            stream.flush()


def _become_runner(job: Job, attempt: int, place: int) -> int:
    """Go on as the runner of a job, in a session, a folder and with a log of its own."""
    os.setsid()
    os.chdir(job.folder)
    log = os.open(job.folder / "log.txt", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o666)
    for stream in (1, 2):
        os.dup2(log, stream)
    os.close(log)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.SIG_DFL)
    random.seed()
    import_module("pulsetrain.reports._spare_kernel").SpareKernel.keep()
    return runner.main([str(job.folder), str(attempt)], place=place)


if __name__ == "__main__":
    sys.exit(main())
