"""Run one job: ``python -m pulsetrain.reports.runner FOLDER [ATTEMPT]``.

Signs the job first and imports later, so that a runner that dies on its way is seen as dead, and a stop that comes
early is heard.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import Any

from pulsetrain._shared_files import take_lock
from pulsetrain.reports._files import identity, this_host
from pulsetrain.reports._patience import insist
from pulsetrain.reports._turns import slot
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import State, Status

__all__ = ["LEASH", "NODE", "QUEUE", "Runner", "compare", "main"]

QUEUE = "PULSETRAIN_QUEUE"  # environment variables of a runner: what its queue calls the job,
NODE = "PULSETRAIN_NODE"  # and where that has put it,
LEASH = "PULSETRAIN_LEASH"  # why it stops once its standard input ends, where whoever started it holds the other end
_BEAT = 5.0  # s between heart beats
_TICK = 0.25  # s between looks at the request to stop
_INSIST = 2.0  # s between interrupts of a kernel that goes on
_GRACE = 15.0  # s a kernel may go on after the first interrupt


@dataclass
class Runner:
    """The life of one attempt: wait for a place, run cell after cell, leave a report.

    Attributes
    ----------
    job : Job
        The folder.
    status : Status
        As last written.
    place : int or None
        Descriptor of the place that it holds in the pool of this machine, until its process ends.
    stopping : bool
        Whether somebody asked for the end.
    why : str
        Why the end was asked for, where that was not a person's wish.
    leash : str
        Why it will be, once the standard input ends; nothing if that says nothing.
    """

    job: Job
    status: Status
    place: int | None = None
    stopping: bool = False
    why: str = ""
    leash: str = ""
    execution: Any = None
    _written: float = field(default=0.0, repr=False)

    def tell(self, **changes: Any) -> None:
        """Change the status on disk."""
        self.status = replace(self.status, **changes)
        self.status.write(self.job.folder / "status.json")
        self._written = time.monotonic()

    def mention(self, **changes: Any) -> None:
        """Change the status on disk; where that is full or away for a while, the next heart beat says it."""
        with contextlib.suppress(OSError):
            self.tell(**changes)

    def ask_to_stop(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Take note that somebody asked for the end; the loop acts on it."""
        self.stopping = True

    def heed_the_wall_time(self, _number: int = 0, _frame: FrameType | None = None) -> None:
        """Take note that the queue will soon end this process."""
        if not self.stopping:
            self.why, self.stopping = "the wall time is nearly up", True

    def heed_the_leash(self) -> None:
        """Take note that whoever started this process has gone or let go of it."""
        asyncio.get_running_loop().remove_reader(sys.stdin)
        if not self.stopping:
            self.why, self.stopping = self.leash, True

    async def run(self) -> State:
        """Run the job and return the state it ended in."""
        if self.leash:
            asyncio.get_running_loop().add_reader(sys.stdin, self.heed_the_leash)
        work = asyncio.ensure_future(self._work())
        watch = asyncio.ensure_future(self._watch(work))
        try:
            state, message = await work
        except asyncio.CancelledError:
            state, message = "stopped", "stopped before the first cell"
        except Exception as error:  # noqa: BLE001 -- whatever it was, the job must say so
            _log_error(error)
            state, message = "failed", f"{type(error).__name__}: {error}".split("\n", 1)[0]
        if state == "stopped" and self.why:
            message = f"{message}: {self.why}"
        if self.execution is not None and self.execution.begun:
            self.mention(message="writing the report", eta=None)
        await self._conclude(state, message)
        watch.cancel()
        _log(f"{state}: {message}" if message else state)
        # A disk that is full must not make a job that has ended one that was interrupted.
        insist(lambda: self.tell(state=state, message=message, eta=None, finished=time.time()))
        return state

    async def _work(self) -> tuple[State, str]:
        record = self.job.record
        slots = record.get("executor", {}).get("slots")
        if slots and self.place is None:
            self.place = await slot(self.job, int(slots), self._wait)
        self.tell(state="running", message="starting the kernel", started=time.time())
        import_ahead()
        from pulsetrain.reports._execution import Execution

        self.execution = Execution(self.job, record, self.mention)
        outcome: tuple[State, str] = await self.execution.run(lambda: self.stopping)
        return outcome

    def _wait(self, message: str) -> None:
        if message != self.status.message:
            self.tell(message=message)

    async def _watch(self, work: asyncio.Future[Any]) -> None:
        """Beat, and carry the request to stop to the kernel: ask, insist, and in the end kill."""
        asked = insisted = 0.0
        while True:
            await asyncio.sleep(_TICK)
            now = time.monotonic()
            if now - self._written > _BEAT:
                self.mention()
            with contextlib.suppress(OSError):  # nothing that passes may end the watch: nobody could stop the job
                self.stopping = self.stopping or (self.job.folder / "stop").exists()
            if not self.stopping or work.done():
                continue
            if not asked:
                asked = now
                _log(f"asked to stop{': ' * bool(self.why)}{self.why}")
                self.mention(state="stopping", message=self.why or "interrupting the kernel")
            if self.execution is None or not self.execution.busy:
                if self.execution is None or not self.execution.begun:
                    work.cancel()
            elif now - asked > _GRACE:
                await self.execution.kill()
            elif now - insisted > _INSIST:
                insisted = now
                await self.execution.interrupt()

    async def _conclude(self, state: State, message: str) -> None:
        """Write the report of what has run; one that cannot be written is a matter for the log, not a failed job."""

        def export() -> None:
            from pulsetrain.reports.html import export_job

            export_job(self.job, replace(self.status, state=state, message=message, finished=time.time()))

        steps: list[Any] = []
        if self.execution is not None:
            steps.append(self.execution.close())
            if self.execution.begun:
                steps.append(asyncio.to_thread(export))
        for outcome in await asyncio.gather(*steps, return_exceptions=True):
            if isinstance(outcome, BaseException):
                _log_error(outcome)


def import_ahead() -> None:
    """Import what executes a notebook."""
    # nbformat validates with jsonschema, which builds a grammar of international URIs on import: 1.5 s for nothing
    # a notebook holds. Without the package it does without.
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
    import_module("pulsetrain.reports._execution")


def main(arguments: list[str] | None = None, *, place: int | None = None) -> int:
    """Run the job whose folder is given; return 0 if it was done.

    With an attempt, only that one is run: a task that its queue kept although the job was stopped, or lost and resumed
    elsewhere, must not take the place of the next. Where the caller holds a place for it already, the job does not wait
    for one.
    """
    folder, *attempt = sys.argv[1:] if arguments is None else arguments
    job = Job(Path(folder).resolve())
    runner = Runner(job, Status(), place)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, runner.ask_to_stop)
    signal.signal(signal.SIGUSR1, runner.heed_the_wall_time)  # as SLURM sends it some time before the end
    lock = take_lock(job.folder / ".lock", wait=True)
    runner.status = job.status
    if not runner.status.unclaimed:
        _log(f"nothing to do: the job is {runner.status.state}")
        return 1
    if attempt and attempt != [str(runner.status.attempt)]:
        _log(f"nothing to do: this was to run attempt {attempt[0]}, and the job is at attempt {runner.status.attempt}")
        return 1
    pid, started = identity()
    # Taken away from the kernel: what it submits in turn has a place of its own.
    queue, node = os.environ.pop(QUEUE, runner.status.queue), os.environ.pop(NODE, runner.status.node)
    runner.leash = os.environ.pop(LEASH, "")
    # Also one that was taken for lost, as this process took longer than a minute to come.
    runner.status = replace(runner.status, state="queued", message="waiting", queue=queue, node=node)
    insist(lambda: runner.tell(host=this_host(), pid=pid, pid_started=started))
    _log(f"attempt {runner.status.attempt} on {this_host()}, process {pid}")
    state = asyncio.run(runner.run())
    if lock is not None:
        os.close(lock)
    if job.batch is not None:
        compare(job.batch, again=runner.status.attempt > 1)
    return 0 if state == "done" else 1


def compare(batch: Path, *, again: bool) -> None:
    """Leave the comparison of a batch once its last job has ended; without one, the jobs are none the worse.

    Of jobs that run again, the last one does not wait for those that have yet to run for the first time: it was
    resumed for what the comparison says of it, and the others may take days.
    """
    # From the end: while later jobs wait, one look tells, and nothing more need be imported.
    folders = sorted((path.parent for path in batch.glob("*/job.json")), reverse=True)
    if any(_is_awaited(Job(folder).status, again=again) for folder in folders):
        return
    try:
        found = import_module("pulsetrain.reports.batches").Batch(batch)
        import_module("pulsetrain.reports.comparison").write_comparison(found)
    except Exception as error:  # noqa: BLE001 -- it stands in the log, and `pulsetrain batch compare` says it again
        _log_error(error)


def _is_awaited(status: Status, *, again: bool) -> bool:
    return not status.finished_for_good and (status.attempt > 1 or not again)


def _log(text: str) -> None:
    with contextlib.suppress(OSError):
        print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)  # noqa: T201 -- standard output is the job's log


def _log_error(error: BaseException) -> None:
    with contextlib.suppress(OSError):  # a log for which there is no room ends nothing
        traceback.print_exception(error)


if __name__ == "__main__":
    sys.exit(main())
