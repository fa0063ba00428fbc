"""What is said to a Dask scheduler: from any thread, a notebook's too, and within seconds or not at all."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from pulsetrain.reports._dask_worker import run_job

__all__ = ["Known", "Scheduler", "is_address"]

_CONNECT = 2.0  # s to reach a scheduler,
_ANSWER = 5.0  # s until it has said something
_WITH_PORT = ("tcp", "tls")
R = TypeVar("R")


@dataclass(frozen=True)
class Known:
    """What a scheduler says of some tasks.

    Attributes
    ----------
    workers : int
        How many it has.
    states : dict of str
        By key, in Dask's words; None for a task that it does not know.
    places : dict of (str, str)
        Name and host of the worker that has a task, by key.
    erred : set of str
        Keys of tasks that it has forgotten since they failed.
    """

    workers: int = 0
    states: dict[str, str | None] = field(default_factory=dict)
    places: dict[str, tuple[str, str]] = field(default_factory=dict)
    erred: set[str] = field(default_factory=set)


@dataclass(frozen=True)
class Scheduler:
    """A scheduler that runs already; what it is asked raises `OSError` if it does not answer.

    Attributes
    ----------
    place : str
        Its address, or the path of its scheduler file.
    """

    place: str

    def greet(self) -> None:
        """Find out whether it answers."""
        _away(self._greet())

    def hand_over(self, tasks: Sequence[tuple[str, str, int]], resources: Mapping[str, float]) -> None:
        """Have jobs run, by key, folder and attempt; they stay wanted when nobody is connected."""

        async def work() -> None:
            keys, folders, attempts = zip(*tasks, strict=True)
            pythons = [sys.executable] * len(tasks)
            needs = dict(resources) or None
            async with self._client() as client:
                futures = client.map(
                    run_job, folders, attempts, pythons, key=list(keys), pure=False, retries=0, resources=needs
                )
                _distributed().fire_and_forget(futures)

        _away(work())

    def cancel(self, keys: Sequence[str]) -> None:
        """Forget tasks, whoever wanted them; those it does not know are no error."""

        async def work() -> None:
            async with self._client() as client:
                await client.cancel([_distributed().Future(key, client=client) for key in keys], force=True)

        _away(work())

    def ask(self, keys: Sequence[str]) -> Known:
        """Ask over one connection where tasks are."""
        return _away(self._ask(list(keys)))

    def gone(self) -> bool:
        """Return whether its machine says that nobody listens there any more, or its file has gone with it."""
        try:
            _knock(self._address())
        except (ConnectionRefusedError, FileNotFoundError):
            return True
        except (OSError, ValueError):
            return False
        return False

    def _address(self) -> str:
        if is_address(self.place):
            return self.place
        try:
            return str(json.loads(Path(self.place).read_text(encoding="utf-8"))["address"])
        except (ValueError, KeyError, TypeError):
            raise ConnectionError(f"{self.place} is no scheduler file") from None

    async def _greet(self) -> None:
        _knock(self._address())
        async with self._connection() as scheduler:
            await scheduler.identity()

    async def _ask(self, keys: list[str]) -> Known:
        async with self._connection() as scheduler:
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
        return Known(len(workers), states, places, {key for key, _, finish, *_ in story if finish == "erred"})

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[Any]:
        async with asyncio.timeout(_ANSWER):
            arguments = _distributed().Security().get_connection_args("client")
            async with _distributed().rpc(self._address(), connection_args=arguments, timeout=_CONNECT) as scheduler:
                yield scheduler

    @asynccontextmanager
    async def _client(self) -> AsyncIterator[Any]:
        await self._greet()  # a client would wait for ever for a scheduler that says nothing
        async with _distributed().Client(
            self._address(), asynchronous=True, timeout=_ANSWER, set_as_default=False, name="pulsetrain"
        ) as client:
            yield client


def is_address(place: str) -> bool:
    """Return whether a text is an address with all its parts, such as ``tcp://host:8786``."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(place)
        return bool(parts.scheme and parts.netloc) and (parts.scheme not in _WITH_PORT or bool(parts.port))
    return False


def _knock(address: str) -> None:
    """Fail at once where nobody listens; `distributed` would try again and not say why."""
    parts = urlsplit(address)
    if parts.scheme in _WITH_PORT and parts.hostname and parts.port:
        socket.create_connection((parts.hostname, parts.port), timeout=_ANSWER).close()


def _distributed() -> Any:
    """Import what takes half a second once it is needed."""
    return import_module("distributed")


def _away(work: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine in a thread of its own: the caller's may have a loop at work, as in a notebook."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()
