"""Files that several processes share: replaced in one step, and locked."""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
from pathlib import Path

__all__ = ["take_lock", "write_text"]


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


def take_lock(path: Path, *, wait: bool = False, create: bool = True) -> int | None:
    """Lock a file and return its descriptor; None where another process holds the lock.

    The lock ends with the process that holds it, however that ends. On a file system without locks every taker gets
    it: a bound that cannot be kept is no reason not to run.

    Parameters
    ----------
    path, wait
        The file, and whether to wait for whoever holds it.
    create
        Make the file if need be.

    Raises
    ------
    FileNotFoundError
        If there is no such file, or no folder to make it in.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT * create, 0o666)
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
