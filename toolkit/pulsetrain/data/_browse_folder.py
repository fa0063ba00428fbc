"""What a folder holds, told by names alone: thousands of entries are listed without opening one."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import HDF5, TABLES, PathLike, expanded, natural_key

__all__ = ["Entry", "Kind", "Listing", "file_kind", "list_folder"]

Kind = Literal["proposal", "raw", "proc", "run", "folder", "hdf5", "spectra", "numpy", "other", "outside"]

# Beyond this a folder is listed in part; its total is told.
_MANY = 20_000
_NUMPY = (".npy", ".npz")
_RUN_FILE = re.compile(r"(RAW|CORR)-R\d+-.*\.h5", re.IGNORECASE)
_FOLDERS = ("proposal", "raw", "proc", "run", "folder")


@dataclass(frozen=True)
class Entry:
    """One entry of a folder.

    Attributes
    ----------
    name : str
    kind : Kind
        By its name and, for links, by what it leads to.
    size : int or None, bytes
        None for a folder.
    modified : float, seconds since the epoch
    link : bool
    """

    name: str
    kind: Kind
    size: int | None
    modified: float
    link: bool = False


@dataclass(frozen=True)
class Listing:
    """A folder, or a file, and its entries: folders first, numbers as people count.

    Attributes
    ----------
    path : str
    kind : Kind
        ``'run'`` for a folder with the files of a European XFEL run, whatever its name.
    entries : tuple of Entry
        Hidden ones are left out. Empty for a file.
    total : int
        Their number, also where only the first are listed.
    """

    path: str
    kind: Kind
    entries: tuple[Entry, ...]
    total: int


def list_folder(path: PathLike) -> Listing:
    """List a folder.

    Parameters
    ----------
    path : path
        Of a folder; a file is told by its kind alone.

    Returns
    -------
    Listing

    Raises
    ------
    DataError
        For a path that does not exist or may not be read.

    Examples
    --------
    >>> [entry.kind for entry in list_folder("/gpfs/exfel/exp/SPB/202601").entries][:2]           # doctest: +SKIP
    ['proposal', 'proposal']
    """
    place = expanded(path)
    try:
        if not place.is_dir():
            place.stat()
            return Listing(str(place), file_kind(place.name) if place.is_file() else "other", (), 0)
        with os.scandir(place) as found:
            seen = [entry for entry in found if not entry.name.startswith(".")]
    except PermissionError:
        raise DataError(place, "no permission to read it", "a readable folder", "ask for access to it") from None
    except OSError as error:
        got = "no such file or folder" if isinstance(error, FileNotFoundError) else error.strerror or "an error"
        raise DataError(place, got, "an existing file or folder", "check the path") from None
    seen.sort(key=lambda entry: natural_key(entry.name))
    entries = sorted(map(_entry, seen[:_MANY]), key=lambda entry: entry.kind not in _FOLDERS)
    kind = _folder_kind(place.name)
    if any(_RUN_FILE.fullmatch(entry.name) for entry in seen):
        kind = "run"
    elif kind == "run":  # by its name, but there is nothing in it to open
        kind = "folder"
    return Listing(str(place), kind, tuple(entries), len(seen))


def file_kind(name: str) -> Kind:
    """Return what a file is by its ending."""
    suffix = Path(name).suffix.lower()
    return "hdf5" if suffix in HDF5 else "spectra" if suffix in TABLES else "numpy" if suffix in _NUMPY else "other"


def _folder_kind(name: str) -> Kind:
    if name == "raw":
        return "raw"
    if name == "proc":
        return "proc"
    if re.fullmatch(r"p\d{6}", name):
        return "proposal"
    return "run" if re.fullmatch(r"r\d{4,}", name) else "folder"


def _entry(found: os.DirEntry[str]) -> Entry:
    try:
        folder, link, stat = found.is_dir(), found.is_symlink(), found.stat()
    except OSError:  # a link that leads nowhere, or what vanished meanwhile
        return Entry(found.name, "other", None, 0.0, link=True)
    if folder:
        return Entry(found.name, _folder_kind(found.name), None, stat.st_mtime, link)
    return Entry(found.name, file_kind(found.name) if found.is_file() else "other", stat.st_size, stat.st_mtime, link)
