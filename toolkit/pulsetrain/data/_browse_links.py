"""Where the values of an HDF5 file come from, if not from the file itself: its links into other files.

A file may hold external links, virtual datasets and datasets whose bytes lie elsewhere, in any file that its reader may
read. Links of the file system are another matter, see `_browse_roots`.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from functools import lru_cache
from pathlib import Path
from typing import Any

import h5py

from pulsetrain.data._errors import DataError

__all__ = ["files_behind", "overviews", "places_of_run"]

_WHOLE = "/"
_SAME = "."  # what HDF5 calls the file itself
_BLOCK = re.compile(r"%\d*b")  # in the name of a virtual dataset's file: the number of its block

_MOST, _LONGEST = 10_000, 1000  # places that are asked of one file, and characters of one; links in a circle make more

Link = tuple[str, str]  # a file as it is named, and the place in it; no place where its bytes are taken as they are


def files_behind(path: str, places: Iterable[str] = (_WHOLE,)) -> tuple[str, ...]:
    """Return the files that an HDF5 file's values come from beside itself, those that these name in turn included.

    Parameters
    ----------
    path : str
        Of any file; one that is no HDF5 names none.
    places : iterable of str
        Groups and datasets that will be read, with all below them; ``*`` stands for any part of a name. By default all.
    """
    found: dict[str, None] = {}
    seen: dict[str, set[str]] = {}
    left = {path: set(places)}
    while left:
        file, asked = left.popitem()
        known = seen.setdefault(file, set())
        new = asked - known
        if not new or _WHOLE in known:
            continue
        known |= new
        if len(known) > _MOST or max(map(len, new)) > _LONGEST:
            raise DataError(file, "links without end", "links that lead somewhere", "choose another file")
        for name, place in _links(file, frozenset(new)):
            for target in [file] if name == _SAME else _named(file, name):
                if target != path:
                    found[target] = None
                if place:
                    left.setdefault(target, set()).add(place)
    return tuple(found)


def places_of_run(source: str | None = None) -> list[str]:
    """Return what is read of a file of a European XFEL run to list its sources, or to show one.

    Parameters
    ----------
    source : str, optional
        For all modules of a detector, with ``*`` for their number.
    """
    index = [f"INDEX/{name}" for name in ("trainId", "timestamp", "flag", "origin")]
    places = ["METADATA", ".source_files", *index]
    if source:
        # Whatever is opened of a detector's modules, raw or corrected, bears the detector's name.
        shown = f"{source.partition('/')[0]}/*" if "*" in source else source
        places += [f"{section}/{shown}" for section in ("INSTRUMENT", "CONTROL", "RUN", "INDEX")]
    return places


def overviews(folder: str) -> list[str]:
    """Return the files in which EXtra-data finds a whole run linked together, where there are some."""
    if not re.fullmatch(r"r\d+", os.path.basename(os.path.realpath(folder))):  # noqa: PTH119  as it is for EXtra-data
        return []
    from extra_data.voview import voview_paths_for_run

    return [path for path in voview_paths_for_run(folder) if os.path.lexists(path)]


def _links(path: str, places: frozenset[str]) -> tuple[Link, ...]:
    try:
        seen = os.stat(path)  # noqa: PTH116  the cache asks for three of its fields
    except OSError:
        return ()
    # Opening a pipe would wait for ever.
    return _links_in(path, seen.st_mtime_ns, seen.st_size, places) if stat.S_ISREG(seen.st_mode) else ()


@lru_cache(maxsize=4096)
def _links_in(path: str, _changed: int, _size: int, places: frozenset[str]) -> tuple[Link, ...]:
    try:
        with h5py.File(path, "r") as file:
            return tuple(dict.fromkeys(link for place in sorted(places) for link in _on_the_way(file["/"], place)))
    except (OSError, RuntimeError, KeyError):
        return ()  # no HDF5, or damaged: whoever reads it next says so


def _on_the_way(group: Any, place: str) -> Iterator[Link]:
    """Yield the links that are met on the way to a place, and those below it."""
    # HDF5 passes over these, and knows no "..".
    parts = [part for part in place.split("/") if part not in ("", ".")]
    if not parts:
        yield from _below(group)
        return
    first, rest = parts[0], "/".join(parts[1:])
    for name in [name for name in group if fnmatchcase(name, first)] if "*" in first else [first]:
        link = group.get(name, getlink=True)
        if isinstance(link, h5py.HardLink):
            thing = _opened(group, name)
            if isinstance(thing, h5py.Group):
                yield from _on_the_way(thing, rest)
            elif isinstance(thing, h5py.Dataset):
                yield from _of_dataset(thing)
        elif link is not None:
            yield _followed(group, link, rest)


def _below(group: Any) -> Iterator[Link]:
    seen, left = {group}, [group]
    while left:
        parent = left.pop()
        for name in parent:
            link = parent.get(name, getlink=True)
            if not isinstance(link, h5py.HardLink):
                yield _followed(parent, link, "")
                continue
            thing = _opened(parent, name)
            if isinstance(thing, h5py.Group) and thing not in seen:
                seen.add(thing)
                left.append(thing)
            elif isinstance(thing, h5py.Dataset):
                yield from _of_dataset(thing)


def _opened(group: Any, name: str) -> Any:
    """Return what a name stands for; None where it is damaged, which must not hide what else the file holds."""
    try:
        return group[name]
    except (OSError, RuntimeError, KeyError):
        return None


def _followed(group: Any, link: Any, rest: str) -> Link:
    """Return where a soft or external link leads."""
    if isinstance(link, h5py.ExternalLink):
        return link.filename, f"/{link.path}/{rest}"
    return _SAME, f"{link.path if link.path.startswith('/') else f'{group.name}/{link.path}'}/{rest}"


def _of_dataset(dataset: Any) -> Iterator[Link]:
    yield from ((os.fsdecode(stored[0]), "") for stored in dataset.external or ())
    for source in dataset.virtual_sources() if dataset.is_virtual else ():
        yield source.file_name, _WHOLE if "%" in source.dset_name else source.dset_name


def _named(path: str, name: str) -> Iterator[str]:
    """Yield the files that HDF5 may take for what a file names: beside it, or where this process stands.

    The first is told also where it is not there, as it may come.
    """
    folder = Path(path).parent
    yield os.path.normpath(folder / name)
    if _BLOCK.search(name):
        pattern = "*".join(glob.escape(part.replace("%%", "%")) for part in _BLOCK.split(name))
        yield from (os.path.normpath(file) for file in glob.glob(str(folder / pattern)))  # noqa: PTH207  may be absolute
    others = (folder / Path(name).name, Path(os.path.realpath(path)).parent / name, Path.cwd() / name)
    yield from (os.path.normpath(file) for file in others if file.exists())
