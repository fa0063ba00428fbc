"""A private working folder that is always removed, and a program in it that never outlives its caller."""

from __future__ import annotations

import contextlib
import json
import os
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import psutil

__all__ = ["GuardedFolder"]

_SUPERVISOR = Path(__file__).with_name("supervisor.py")
_PREFIX = "pulsetrain-crystfel"
_HOST = re.sub(r"[^A-Za-z0-9.]+", ".", socket.gethostname()) or "host"
_MARK = "PULSETRAIN_RUN_FOLDER"
_NAME = re.compile(rf"{_PREFIX}-{re.escape(_HOST)}-(\d+)-(\d+)-\w+")


class GuardedFolder:
    """A new folder, watched by a process of its own that ends the program and removes the folder if we are killed.

    Parameters
    ----------
    parent : pathlib.Path or None
        Where it is made; none: the system's place for temporary files.

    Attributes
    ----------
    folder : pathlib.Path
    """

    def __init__(self, parent: Path | None = None) -> None:
        place = Path(tempfile.gettempdir()) if parent is None else parent
        _sweep(place)
        started = int(psutil.Process().create_time())
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}-{_HOST}-{os.getpid()}-{started}-", dir=place))
        self._owner = os.getpid()
        self._status: int | None = None
        self._rest = b""
        self._guard = subprocess.Popen(
            [sys.executable, "-I", "-S", str(_SUPERVISOR), str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # Ctrl-C is ours to handle
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, command: Sequence[str], environment: Mapping[str, str], *, grace: float = 1.0) -> None:
        """Start a program in the folder; its output goes to ``out.txt`` and ``err.txt`` there.

        Parameters
        ----------
        command : sequence of str
        environment : mapping
        grace : float, seconds
            Between asking the program to end and killing it.
        """
        self._order(run=list(command), environment={**environment, _MARK: str(self.folder)}, grace=grace)

    def poll(self, seconds: float) -> int | None:
        """Wait for at most so long; return the program's status, negative where a signal ended it, or None."""
        until = time.monotonic() + seconds
        while self._status is None and (left := until - time.monotonic()) > 0:
            stream = self._guard.stdout
            if stream is None or not select.select([stream], [], [], left)[0]:
                break
            self._hear(os.read(stream.fileno(), 2**16))
        return self._status

    def stop(self) -> int:
        """End the program and all that it started; return its status."""
        if self._status is None:
            self._order(stop=True)
        while (status := self.poll(60.0)) is None:
            continue
        return status

    def close(self) -> None:
        """End the program and remove the folder; a fork of the process that made it leaves it alone."""
        if self._guard.returncode is not None or os.getpid() != self._owner:
            return
        self._order(stop=True)
        self._order(quit=True)
        for stream in (self._guard.stdin, self._guard.stdout):
            with contextlib.suppress(OSError):
                if stream is not None:
                    stream.close()
        self._guard.wait()
        if self._guard.returncode != 0:  # the guard itself was killed: its work falls to us
            _kill_in(self.folder)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _order(self, **order: object) -> None:
        stream = self._guard.stdin
        with contextlib.suppress(OSError):
            if stream is not None:
                stream.write(json.dumps(order).encode() + b"\n")
                stream.flush()

    def _hear(self, text: bytes) -> None:
        if not text:  # the guard was killed
            self._status = -signal.SIGKILL
            return
        *lines, self._rest = (self._rest + text).split(b"\n")
        for line in lines:
            self._status = json.loads(line).get("ended", self._status)


def _kill_in(folder: Path) -> None:
    """Kill what was started in a folder, by the mark in its environment."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error, OSError):
            if process.environ().get(_MARK) == str(folder):
                process.kill()


def _sweep(place: Path) -> None:
    """Remove folders whose owner was killed together with its guard."""
    for folder in place.glob(f"{_PREFIX}-{_HOST}-*"):
        match = _NAME.fullmatch(folder.name)
        with contextlib.suppress(OSError):
            if match and folder.stat().st_uid == os.getuid() and not _lives(int(match[1]), int(match[2])):
                _kill_in(folder)
                shutil.rmtree(folder, ignore_errors=True)


def _lives(pid: int, started: int) -> bool:
    try:
        return abs(psutil.Process(pid).create_time() - started) < 5.0
    except psutil.AccessDenied:
        return True
    except psutil.Error:
        return False
