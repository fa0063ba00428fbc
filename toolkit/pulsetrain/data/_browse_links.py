"""Where the values of an HDF5 file come from, if not from the file itself: its links into other files.

A file may hold external links, virtual datasets and datasets whose bytes lie elsewhere, in any file that its reader may
read. Links of the file system are another matter, see `_browse_roots`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py

__all__ = ["files_behind"]

_MOST_FILES = 200
_MOST_OBJECTS = 20_000


def files_behind(path: str) -> tuple[str, ...]:
    """Return the files that an HDF5 file's values come from beside itself, those that these name in turn included.

    Parameters
    ----------
    path : str
        Of any file; one that is no HDF5 names none.
    """
    found: dict[str, None] = {}
    left = [path]
    while left and len(found) < _MOST_FILES:
        for target in _named(left.pop()):
            if target not in found and target != path:
                found[target] = None
                left.append(target)
    return tuple(found)


def _named(path: str) -> tuple[str, ...]:
    try:
        stat = os.stat(path)  # noqa: PTH116  the cache asks for three of its fields
    except OSError:
        return ()
    return _named_in(path, stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=256)
def _named_in(path: str, _changed: int, _size: int) -> tuple[str, ...]:
    folder = Path(path).parent
    try:
        with h5py.File(path, "r") as file:
            # A printf pattern, as of frames in many files, stands for files of one folder.
            return tuple(dict.fromkeys(os.path.normpath(folder / name) for name in _names(file) if name != "."))
    except (OSError, RuntimeError, KeyError):
        return ()  # no HDF5, or damaged: whoever reads it next says so


def _names(file: Any) -> Iterator[str]:
    seen, left = {file["/"]}, [file["/"]]
    while left and len(seen) < _MOST_OBJECTS:
        group = left.pop()
        for name in group:
            link = group.get(name, getlink=True)
            if isinstance(link, h5py.ExternalLink):
                yield link.filename
            if not isinstance(link, h5py.HardLink):
                continue
            thing = group[name]
            if isinstance(thing, h5py.Group) and thing not in seen:
                seen.add(thing)
                left.append(thing)
            elif isinstance(thing, h5py.Dataset):
                yield from (os.fsdecode(stored[0]) for stored in thing.external or ())
                yield from (source.file_name for source in thing.virtual_sources()) if thing.is_virtual else ()
