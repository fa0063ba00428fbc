"""Guard a working folder and the program in it; run as a script, with the standard library alone.

    python supervisor.py FOLDER

Orders come as lines of JSON on standard input: ``{"run": [argument, …], "environment": {…}, "grace": seconds}``,
``{"stop": true}``, ``{"quit": true}``; ``{"ended": status}`` goes to standard output. When
standard input ends without ``quit``, or the parent is gone, the parent was killed: the program is killed with all
that it started, and the folder removed. Workers of indexamajig outlive it otherwise.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_PR_SET_CHILD_SUBREAPER = 36
_LOOK_UP = 1.0  # seconds between looks whether the parent lives


class Guard:
    """One folder, one parent, one program at a time."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.parent = os.getppid()
        self.program: subprocess.Popen[bytes] | None = None
        self.grace = 1.0
        self.quit = False
        with contextlib.suppress(OSError, AttributeError, ImportError):
            import ctypes

            # Orphans of the program become children of this process instead of the machine's first: they are found.
            ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        self.wake, end = os.pipe()
        os.set_blocking(end, False)
        signal.set_wakeup_fd(end)
        for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, lambda *_: None)

    def serve(self) -> None:
        """Follow orders until told to quit, or left alone."""
        rest = b""
        while not self.quit:
            ready, _, _ = select.select([0, self.wake], [], [], _LOOK_UP)
            if self.wake in ready and set(os.read(self.wake, 4096)) & {signal.SIGTERM, signal.SIGINT, signal.SIGHUP}:
                break
            if 0 in ready:
                text = os.read(0, 2**16)
                if not text:
                    break
                *lines, rest = (rest + text).split(b"\n")
                for line in lines:
                    self.follow(json.loads(line))
            if os.getppid() != self.parent:
                break
            if self.program is not None and self.program.poll() is not None:
                self.end(0.0)
        self.end(self.grace)
        if not self.quit:
            shutil.rmtree(self.folder, ignore_errors=True)

    def follow(self, order: dict[str, Any]) -> None:
        if "run" in order:
            self.grace = float(order["grace"])
            self.start(order)
        elif "stop" in order:
            self.end(self.grace)
        else:
            self.quit = True

    def start(self, order: dict[str, Any]) -> None:
        folder = Path(self.folder)
        with (folder / "out.txt").open("wb") as out, (folder / "err.txt").open("wb") as err:
            try:
                self.program = subprocess.Popen(
                    [*order["run"]],
                    cwd=self.folder,
                    env={**order["environment"]},
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=err,
                    start_new_session=True,
                )
            except OSError as error:
                err.write(f"{error}\n".encode())
                tell(ended=127)
                return

    def end(self, grace: float) -> None:
        """End the program and all that it started; tell its status."""
        program, self.program = self.program, None
        if program is None:
            return
        if program.poll() is None:
            signal_group(program.pid, signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                program.wait(grace)
        signal_group(program.pid, signal.SIGKILL)
        status = program.wait()
        until = time.monotonic() + 10.0
        while (orphans := children()) and time.monotonic() < until:
            for pid in orphans:
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                while os.waitpid(-1, os.WNOHANG)[0]:
                    pass
            time.sleep(0.01)
        tell(ended=status)


def signal_group(group: int, number: int) -> None:
    """Send a signal to a process group; one that is gone is no error."""
    with contextlib.suppress(OSError):
        os.killpg(group, number)


def children() -> list[int]:
    """Return the children of this process, orphans handed to it included; none where there is no /proc."""
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((place / "stat").read_bytes().rpartition(b")")[2].split()[1]) == os.getpid():
                found.append(int(place.name))
    return found


def tell(**message: int) -> None:
    """Say something to the parent, if it is still there."""
    with contextlib.suppress(OSError):
        os.write(1, json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    Guard(sys.argv[1]).serve()
