"""``dask``: tasks of a `distributed` scheduler that runs already, as on a facility's cluster.

A task holds no data: it starts the job's runner on a worker and waits for it. The folder of jobs must have the same
path on the workers, and their Python must have Pulsetrain.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar

from pydantic import field_validator

from pulsetrain.options import OptionError, Options, option
from pulsetrain.reports._dask_worker import run_job
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import FINISHED, Status

__all__ = ["Dask", "DaskOptions"]

_CONNECT = 10.0  # s to hand jobs over
_ANSWER = 5.0  # s to say where they are
_LOST = "Dask's scheduler {} does not know the job any more: it was restarted, or the job cancelled there"
_ERRED = "its task failed on the worker before it began; are Pulsetrain and this folder there? See the worker's log"
R = TypeVar("R")


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
        if "://" in scheduler:
            return scheduler
        path = Path(scheduler).expanduser().resolve()  # whoever asks later stands in another folder
        if not path.is_file():
            raise ValueError("no address like tcp://host:8786, and no file of that name")
        return str(path)


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

    def start(self, jobs: Sequence[Job]) -> None:
        """Hand a task for each job to the scheduler."""
        attempts = []
        for job in jobs:  # before a worker can write to the same file
            status = job.status
            attempts.append(status.attempt)
            key = f"pulsetrain-{job.id}-{status.attempt}"
            replace(status, queue=key, message="waiting for a worker").write(job.folder / "status.json")
        try:
            with self._client() as client:
                futures = client.map(
                    run_job,
                    [str(job.folder) for job in jobs],
                    attempts,
                    [sys.executable] * len(jobs),
                    key=[f"pulsetrain-{job.id}-{attempt}" for job, attempt in zip(jobs, attempts, strict=True)],
                    pure=False,
                    retries=0,
                    resources=self.options.resources or None,
                )
                _distributed().fire_and_forget(futures)
        except OSError as error:
            message = f"not submitted: {self._silent(error)}"
            for job in jobs:
                replace(job.status, state="failed", message=message, finished=time.time()).write(
                    job.folder / "status.json"
                )
            raise OptionError(f"scheduler: got {self.options.scheduler!r}; {self._silent(error)}") from None

    def look(self, jobs: Sequence[tuple[Job, Status]]) -> list[Status]:
        """Ask the scheduler once where the jobs are that no runner has signed; runners speak for themselves."""
        keys = [status.queue for _, status in jobs if _unsigned(status)]
        try:
            known = _away(self._ask, keys) if keys else _Known()
        except ConnectionRefusedError:
            gone = f"interrupted: Dask's scheduler {self.options.scheduler} has gone, and its queue with it"
            return [
                _judged(job, status, lambda unsigned: replace(unsigned, state="dead", message=gone))
                for job, status in jobs
            ]
        except OSError as error:
            silent = f"unknown: {self._silent(error)}"
            return [_judged(job, status, lambda unsigned: replace(unsigned, message=silent)) for job, status in jobs]
        return [_judged(job, status, lambda unsigned: self._placed(unsigned, known)) for job, status in jobs]

    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Cancel the jobs' tasks; where the scheduler does not answer, the tasks find out on the worker."""
        keys = [key for job in jobs if (key := job.status.queue)]
        if not keys:
            return
        try:
            with self._client() as client:
                client.cancel([_distributed().Future(key, client=client) for key in keys], force=True)
        except OSError:
            return

    def script(self, jobs: int, folder: Path) -> str:
        """Return the command that workers run."""
        needs = f", each on a worker with {self.options.resources}" if self.options.resources else ""
        return (
            f"# {jobs} tasks for Dask's scheduler {self.options.scheduler}{needs}\n"
            f"{sys.executable} -P -m pulsetrain.reports.runner {folder}{'/JOB' * (jobs > 1)}"
        )

    def _placed(self, status: Status, known: _Known) -> Status:
        state = known.states.get(status.queue)
        if status.queue in known.nodes:
            worker, host = known.nodes[status.queue]
            return replace(status, node=host, message=f"waiting on the worker {worker}")
        if state in ("waiting", "queued", "processing"):
            return replace(status, message="waiting for a worker")
        if state == "no-worker":
            return replace(status, message="waiting: no worker is there, or none has what the job needs")
        lost = _ERRED if state == "erred" or status.queue in known.erred else _LOST.format(self.options.scheduler)
        return replace(status, state="dead", message=f"interrupted: {lost}")

    async def _ask(self, keys: list[str]) -> _Known:
        distributed = _distributed()
        async with asyncio.timeout(_ANSWER):
            arguments = distributed.Security().get_connection_args("client")
            async with distributed.rpc(self._address(), connection_args=arguments, timeout=_ANSWER) as scheduler:
                states = await scheduler.get_task_status(keys=keys)
                processing = await scheduler.processing(workers=None)
                workers = (await scheduler.identity())["workers"]
                lost = [key for key in keys if states.get(key) is None]
                story = await scheduler.get_story(keys_or_stimuli=lost) if lost else []
        wanted = set(keys)
        places = {
            key: (str(workers[address]["name"]), str(workers[address]["host"]))
            for address, held in processing.items()
            for key in held
            if key in wanted and address in workers
        }
        return _Known(states, places, {key for key, _, finish, *_ in story if finish == "erred"})

    def _address(self) -> str:
        scheduler = str(self.options.scheduler)
        if "://" in scheduler:
            return scheduler
        try:
            return str(json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"])
        except (ValueError, KeyError, TypeError):
            raise ConnectionError(f"{scheduler} is no scheduler file") from None

    @contextmanager
    def _client(self) -> Iterator[Any]:
        client = _distributed().Client(self._address(), timeout=_CONNECT, set_as_default=False, name="pulsetrain")
        try:
            yield client
        finally:
            client.close()

    def _silent(self, error: OSError) -> str:
        return f"Dask's scheduler {self.options.scheduler} does not answer ({_first_line(error)})"


@dataclass(frozen=True)
class _Known:
    """What the scheduler says: states by key, name and host of the worker by key, and keys that failed of late."""

    states: dict[str, str | None] = field(default_factory=dict)
    nodes: dict[str, tuple[str, str]] = field(default_factory=dict)
    erred: set[str] = field(default_factory=set)


def _distributed() -> Any:
    """Import what takes half a second once it is needed."""
    return import_module("distributed")


def _judged(job: Job, status: Status, verdict: Callable[[Status], Status]) -> Status:
    """Apply the queue's word to a job that no runner has signed, not even while the queue was asked."""
    if _unsigned(status) and _unsigned(status := job.status):
        return verdict(status)
    return replace(status, node=status.node or status.host)


def _unsigned(status: Status) -> bool:
    return status.pid is None and status.state not in FINISHED


def _first_line(error: OSError) -> str:
    return str(error).split("\n", 1)[0] or type(error).__name__


def _away(ask: Callable[[list[str]], Coroutine[Any, Any, R]], keys: list[str]) -> R:
    """Run a coroutine in a thread of its own: the caller's may have a loop at work, as in a notebook."""
    outcome: list[R | BaseException] = []

    def work() -> None:
        try:
            outcome.append(asyncio.run(ask(keys)))
        except BaseException as error:  # noqa: BLE001  # it is raised again where it was asked for
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join()
    (found,) = outcome
    if isinstance(found, BaseException):
        raise found
    return found
