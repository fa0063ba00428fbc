"""Files of jobs: JSON records, and whose process a job is."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import socket
import stat
import sys
import tempfile
from pathlib import Path
from typing import Any, BinaryIO

from pulsetrain._shared_files import write_text
from pulsetrain.reports._parsed import LARGEST_RECORD, parsed
from pulsetrain.reports._values import safe_json

__all__ = ["alive", "identity", "kill", "open_plain", "other_owner", "read_json", "this_host", "write_json"]

_SAME = 0.005 if sys.platform == "linux" else 1.5  # s; elsewhere a correction of the clock moves start times


def write_json(path: Path, content: Any, *, durable: bool = True) -> None:
    """Replace a JSON file in one step."""
    write_text(path, json.dumps(content, indent=1) + "\n", durable=durable)


def read_json(path: Path, largest: int = LARGEST_RECORD) -> dict[str, Any] | None:
    """Read a JSON object; None where the file is missing, torn, too large or something else, such as an endless pipe.

    NaN and infinities, which are no JSON but which others write, come as text, as our own records hold them.
    """
    file = open_plain(path)
    if file is None:
        return None
    try:
        with file:
            content = safe_json(parsed(file, largest))
    except (OSError, ValueError, RecursionError, MemoryError):
        return None
    return content if isinstance(content, dict) else None


def open_plain(path: Path) -> BinaryIO | None:
    """Open a plain file to read; None where there is none, but a link, a folder, a pipe or the like."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (OSError, ValueError):  # ValueError: a null character
        return None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        return None
    return os.fdopen(descriptor, "rb")


def other_owner(folder: Path, *names: str) -> tuple[str, str] | None:
    """Return what of a folder, or of files in it, belongs to another user, and to whom; None where all is one's own.

    What one's own is the file system says, as a mount may give all files to one user, or root's to nobody.
    """
    own: int | None = None
    for name in ("", *names):
        try:
            uid = (folder / name).lstat().st_uid
        except OSError:
            continue
        if uid != os.geteuid() and uid != (own := _own(folder) if own is None else own):
            return name or "the folder", _user_name(uid)
    return None


def _own(folder: Path) -> int:
    """Return whom a file belongs to that this process makes in a folder."""
    try:
        with tempfile.TemporaryFile(dir=folder) as file:
            return os.fstat(file.fileno()).st_uid
    except OSError:
        return os.geteuid()


def _user_name(uid: int) -> str:
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def this_host() -> str:
    """Return the name under which this machine signs its jobs."""
    return socket.gethostname()


def identity(pid: int | None = None) -> tuple[int, float]:
    """Return a process's number and its start time; together they name it for good, as numbers are used again.

    Raises
    ------
    ProcessLookupError
        If there is no such process.
    """
    number = os.getpid() if pid is None else pid
    started = _started(number)
    if started is None:
        raise ProcessLookupError(f"no process {number}")
    return number, started


def alive(pid: int, started: float) -> bool:
    """Return whether that very process runs on this machine."""
    begun = _started(pid)
    return begun is not None and abs(begun - started) < _SAME


def _started(pid: int) -> float | None:
    """Return when a process began, in seconds; None where it has ended.

    On Linux they count from the machine's start, so that no step of the clock makes another process of it.
    """
    if sys.platform == "linux":
        try:
            stat_of = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:
            return None
        after = stat_of.rpartition(b")")[2].split()  # a name may hold spaces and brackets
        return None if after[0] in (b"Z", b"X") else int(after[19]) / os.sysconf("SC_CLK_TCK")
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except (psutil.NoSuchProcess, psutil.AccessDenied, ValueError):
        return None


def kill(pid: int | None, started: float | None, signal: int) -> bool:
    """Send a signal to that very process, if it still runs here; return whether it was sent."""
    if not pid or started is None or not alive(pid, started):
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal)
        return True
    return False
