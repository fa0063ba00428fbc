"""Files that several processes share: replaced in one step, locked, and told whose they are."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import secrets
import socket
import stat
from pathlib import Path
from typing import Any, BinaryIO

from pulsetrain.reports._values import safe_json

__all__ = ["alive", "identity", "kill", "open_plain", "read_json", "take_lock", "this_host", "write_json", "write_text"]


def write_text(path: Path, text: str, *, durable: bool = True) -> None:
    """Replace a file in one step: a reader sees the old content or the new, and never half of one.

    Parameters
    ----------
    path, text
        The file and what it shall hold.
    durable
        Wait until the content has reached the disk, so that the machine's crash leaves no empty file either.
    """
    # Not mkstemp, whose mode 0600 would hide a job from the colleagues.
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with new.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def write_json(path: Path, content: Any, *, durable: bool = True) -> None:
    """Replace a JSON file in one step."""
    write_text(path, json.dumps(content, indent=1) + "\n", durable=durable)


def read_json(path: Path) -> dict[str, Any] | None:
    """Read a JSON object; None where the file is missing, torn or something else.

    NaN and infinities, which are no JSON but which others write, come as text, as our own records hold them.
    """
    try:
        content = safe_json(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def open_plain(path: Path) -> BinaryIO | None:
    """Open a plain file to read; None where there is none, but a link, a folder, a pipe or the like."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def take_lock(path: Path, *, wait: bool = False) -> int | None:
    """Lock a file and return its descriptor; None where another process holds the lock.

    The lock ends with the process that holds it, however that ends. On a file system without locks every taker gets
    it: a bound that cannot be kept is no reason not to run.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError as error:
        if error.errno not in (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP):
            os.close(descriptor)
            raise
    return descriptor


def this_host() -> str:
    """Return the name under which this machine signs its jobs."""
    return socket.gethostname()


def identity(pid: int | None = None) -> tuple[int, float]:
    """Return a process's number and its start time; together they name it for good, as numbers are used again."""
    import psutil

    process = psutil.Process(pid)
    return process.pid, process.create_time()


def alive(pid: int, started: float) -> bool:
    """Return whether that very process runs on this machine."""
    import psutil

    try:
        process = psutil.Process(pid)
        # create_time is derived from the boot time, which a clock correction moves by fractions of a second
        return abs(process.create_time() - started) < 1.5 and process.status() != psutil.STATUS_ZOMBIE
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return False


def kill(pid: int | None, started: float | None, signal: int) -> bool:
    """Send a signal to that very process, if it still runs here; return whether it was sent."""
    if not pid or started is None or not alive(pid, started):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal)
        return True
    return False
