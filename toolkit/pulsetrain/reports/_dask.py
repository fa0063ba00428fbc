"""``dask``: tasks of a `distributed` scheduler that runs already, as on a facility's cluster.

A task holds no data: it starts the job's runner on a worker and waits for it. The folder of jobs must have the same
path on the workers, and their Python must have Pulsetrain.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pydantic import field_validator

from pulsetrain.options import OptionError, Options, option
from pulsetrain.reports._dask_worker import run_job
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import FINISHED, Status

__all__ = ["Dask", "DaskOptions"]

_CONNECT = 2.0  # s to reach a scheduler,
_ANSWER = 5.0  # s until it has said something
_ON_ITS_WAY = 30.0  # s after which a job that is handed over must be known to it
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

    def check(self, jobs: int) -> None:  # noqa: ARG002  # it takes any number
        """Ask whether the scheduler answers; one without workers does, as they may come later."""
        try:
            _away(self._greet())
        except OSError as error:
            raise OptionError(self._refusal(error)) from None

    def start(self, jobs: Sequence[Job]) -> None:
        """Hand a task for each job to the scheduler."""
        tasks = []
        for job in jobs:  # before a worker can write to the same file
            status = job.status
            key = f"pulsetrain-{job.id}-{status.attempt}"
            tasks.append((key, str(job.folder), status.attempt))
            replace(status, queue=key, message="waiting for a worker").write(job.folder / "status.json")
        try:
            _away(self._hand_over(tasks))
        except OSError as error:
            message = f"not submitted: {self._silent(error)}"
            for job in jobs:
                failed = replace(job.status, state="failed", message=message, finished=time.time())
                failed.write(job.folder / "status.json")
            raise OptionError(self._refusal(error)) from None

    def look(self, jobs: Sequence[tuple[Job, Status]]) -> list[Status]:
        """Ask the scheduler once where the jobs are that no runner has signed; runners speak for themselves."""
        keys = [status.queue for _, status in jobs if _unsigned(status)]
        try:
            known = _away(self._ask(keys)) if keys else _Known()
        except OSError as error:
            silent = self._silence(error)
            return [_judged(job, status, lambda unsigned: replace(unsigned, **silent)) for job, status in jobs]
        return [_judged(job, status, lambda unsigned: self._placed(unsigned, known)) for job, status in jobs]

    def withdraw(self, jobs: Sequence[Job]) -> None:
        """Cancel the jobs' tasks; where the scheduler does not answer, the tasks find out on the worker."""
        keys = [key for job in jobs if (key := job.status.queue)]
        if not keys:
            return
        try:
            _away(self._cancel(keys))
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
        if state is None and time.time() - status.beat < _ON_ITS_WAY and status.queue not in known.erred:
            return status
        if not known.workers and state is not None:
            return replace(status, message="waiting for a worker: the scheduler has none")
        if state in ("waiting", "queued", "processing"):
            return replace(status, message="waiting for a worker")
        if state == "no-worker":
            return replace(status, message="waiting for a worker: none has what the job needs")
        lost = _ERRED if state == "erred" or status.queue in known.erred else _LOST.format(self.options.scheduler)
        return replace(status, state="dead", message=f"interrupted: {lost}")

    async def _hand_over(self, tasks: list[tuple[str, str, int]]) -> None:
        keys, folders, attempts = zip(*tasks, strict=True)
        async with self._client() as client:
            futures = client.map(
                run_job,
                folders,
                attempts,
                [sys.executable] * len(tasks),
                key=list(keys),
                pure=False,
                retries=0,
                resources=self.options.resources or None,
            )
            _distributed().fire_and_forget(futures)

    async def _cancel(self, keys: list[str]) -> None:
        async with self._client() as client:
            await client.cancel([_distributed().Future(key, client=client) for key in keys], force=True)

    async def _ask(self, keys: list[str]) -> _Known:
        async with self._scheduler() as scheduler:
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
        return _Known(len(workers), states, places, {key for key, _, finish, *_ in story if finish == "erred"})

    def _address(self) -> str:
        scheduler = str(self.options.scheduler)
        if "://" in scheduler:
            return scheduler
        try:
            return str(json.loads(Path(scheduler).read_text(encoding="utf-8"))["address"])
        except (ValueError, KeyError, TypeError):
            raise ConnectionError(f"{scheduler} is no scheduler file") from None

    @asynccontextmanager
    async def _scheduler(self) -> AsyncIterator[Any]:
        """Speak to the scheduler for some seconds at most."""
        async with asyncio.timeout(_ANSWER):
            arguments = _distributed().Security().get_connection_args("client")
            async with _distributed().rpc(self._address(), connection_args=arguments, timeout=_CONNECT) as scheduler:
                yield scheduler

    async def _greet(self) -> None:
        _knock(self._address())
        async with self._scheduler() as scheduler:
            await scheduler.identity()

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        await self._greet()  # a client would wait for ever for a scheduler that says nothing
        async with _distributed().Client(
            self._address(), asynchronous=True, timeout=_ANSWER, set_as_default=False, name="pulsetrain"
        ) as client:
            yield client

    def _silence(self, error: OSError) -> dict[str, Any]:
        """Return what it means for a job in the queue that the scheduler does not answer."""
        try:
            _knock(self._address())
        except ConnectionRefusedError:
            gone = f"interrupted: Dask's scheduler {self.options.scheduler} has gone, and its queue with it"
            return {"state": "dead", "message": gone}
        except OSError:
            pass
        return {"message": f"unknown: {self._silent(error)}"}

    def _refusal(self, error: OSError) -> str:
        return f"scheduler: got {self.options.scheduler!r}; {self._silent(error)}"

    def _silent(self, error: OSError) -> str:
        return f"Dask's scheduler {self.options.scheduler} does not answer ({_first_line(error)})"


@dataclass(frozen=True)
class _Known:
    """What the scheduler says: how many workers it has, states, names and hosts of workers, and failures by key."""

    workers: int = 0
    states: dict[str, str | None] = field(default_factory=dict)
    nodes: dict[str, tuple[str, str]] = field(default_factory=dict)
    erred: set[str] = field(default_factory=set)


def _distributed() -> Any:
    """Import what takes half a second once it is needed."""
    return import_module("distributed")


def _knock(address: str) -> None:
    """Fail at once where nobody listens; `distributed` would try again and not say why."""
    place = urlsplit(address)
    if place.scheme in ("tcp", "tls") and place.hostname and place.port:
        socket.create_connection((place.hostname, place.port), timeout=_ANSWER).close()


def _judged(job: Job, status: Status, verdict: Callable[[Status], Status]) -> Status:
    """Apply the queue's word to a job that no runner has signed, not even while the queue was asked."""
    if _unsigned(status) and _unsigned(status := job.status):
        return verdict(status)
    return replace(status, node=status.node or status.host)


def _unsigned(status: Status) -> bool:
    return status.pid is None and status.state not in FINISHED


def _first_line(error: OSError) -> str:
    return str(error).split("\n", 1)[0] or type(error).__name__


def _away(work: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine in a thread of its own: the caller's may have a loop at work, as in a notebook."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
