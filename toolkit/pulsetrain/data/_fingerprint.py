"""A hash of the input, by which a result names what it was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["fingerprint"]

# Above this size reading a file only to hash it would take longer than opening it: name, size and time stand in.
_WHOLE = 64 * 2**20
# Thousands of single shots are as much as one large file.
_TOTAL, _SMALL = 2**30, 2**20
_BLOCK = 2**20


def fingerprint(paths: Iterable[Path | str]) -> str:
    """Hash files by name, size and content; those above 64 MiB by name, size and time of change.

    Where all files together are above 1 GiB, the time of change stands for the content of those above 1 MiB.

    Parameters
    ----------
    paths : iterable of path
        The files, in any order. The folders they lie in do not count: a copied data set keeps its fingerprint, except
        for files hashed by their time of change.

    Returns
    -------
    str
        64 hexadecimal digits (SHA-256).
    """
    total = hashlib.sha256()
    files = sorted((Path(path) for path in paths), key=lambda path: (path.name, str(path)))
    stats = [file.stat() for file in files]
    whole = _WHOLE if sum(status.st_size for status in stats) <= _TOTAL else _SMALL
    for path, status in zip(files, stats, strict=True):
        total.update(f"{path.name}\0{status.st_size}\0".encode())
        if status.st_size > whole:
            total.update(str(status.st_mtime_ns).encode())
            continue
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
    return total.hexdigest()
