"""A hash of the input, by which a result names what it was made of."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

__all__ = ["fingerprint"]

# Above this size reading a file only to hash it would take longer than opening it: name, size and time stand in.
_WHOLE = 64 * 2**20
_BLOCK = 2**20


def fingerprint(paths: Iterable[Path | str]) -> str:
    """Hash files by name, size and content; HDF5 files and others above 64 MiB by name, size and time of change.

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
    for path in sorted((Path(path) for path in paths), key=lambda path: (path.name, str(path))):
        status = path.stat()
        total.update(f"{path.name}\0{status.st_size}\0".encode())
        if status.st_size > _WHOLE:
            total.update(str(status.st_mtime_ns).encode())
            continue
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                total.update(block)
    return total.hexdigest()
