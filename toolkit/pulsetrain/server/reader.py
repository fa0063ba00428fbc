"""Asks a process of its own to read data files: a broken file or a file system that hangs does not stop the server."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from dataclasses import dataclass
from typing import Any

__all__ = ["Answer", "Reader"]

_COMMAND = (sys.executable, "-P", "-m", "pulsetrain.data._browse_process")
_LINE = 64 * 2**20  # bytes; a folder of 20,000 entries takes 3 MB


@dataclass(frozen=True)
class Answer:
    """What was read.

    Attributes
    ----------
    status : int
        As of HTTP.
    content : Any
        JSON; for a refusal, why.
    body : bytes
        A picture, where one was asked for.
    """

    status: int
    content: Any
    body: bytes = b""


class Reader:
    """One process, started when first asked and ended when nobody has asked for a while.

    Parameters
    ----------
    roots : tuple of str
        Folders below which may be looked.
    limit : float, seconds
        How long one question may take.
    idle : float, seconds
        How long the process stays after the last question.
    """

    def __init__(self, roots: tuple[str, ...], limit: float, idle: float = 300.0) -> None:
        self._roots, self._limit, self._idle = roots, limit, idle
        self._lock = asyncio.Lock()
        self._process: asyncio.subprocess.Process | None = None
        self._ending: asyncio.TimerHandle | None = None

    async def ask(self, what: str, **question: Any) -> Answer:
        """Ask one question; others wait for their turn."""
        line = json.dumps({"what": what, "roots": self._roots, "limit": self._limit, **question}).encode() + b"\n"
        async with self._lock:
            if self._ending is not None:
                self._ending.cancel()
            try:
                async with asyncio.timeout(self._limit):
                    answer = await self._asked(line)
            except TimeoutError:
                self.end()
                return Answer(504, f"reading took longer than {self._limit:g} s and was given up; try again later")
            except (asyncio.IncompleteReadError, ConnectionError):
                self.end()
                return Answer(502, "the process that reads files crashed on this one; check the file")
            except BaseException:
                self.end()  # it may yet answer what nobody waits for
                raise
            self._ending = asyncio.get_running_loop().call_later(self._idle, self.end)
            return answer

    def end(self) -> None:
        """End the process; one that hangs in the kernel goes when the kernel lets it."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
        self._process = None

    async def _asked(self, line: bytes) -> Answer:
        process = self._process
        if process is None or process.returncode is not None:
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(*_COMMAND, stdin=pipe, stdout=pipe, limit=_LINE)
            self._process = process
        assert process.stdin is not None  # noqa: S101  # both are pipes
        assert process.stdout is not None  # noqa: S101
        process.stdin.write(line)
        await process.stdin.drain()
        head = json.loads(await process.stdout.readuntil(b"\n"))
        body = await process.stdout.readexactly(head["length"])
        return Answer(head["status"], head.get("content", head.get("message")), body)
