"""From what the user typed to a list of files."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pulsetrain.data._errors import DataError

__all__ = ["HDF5", "TABLES", "PathLike", "expanded", "input_files", "is_hdf5", "natural_key", "place_of"]

PathLike = str | os.PathLike[str]

TABLES = (".xy", ".xye", ".gr", ".dat", ".chi", ".csv", ".txt", ".tsv", ".asc", ".sq", ".fq", ".iq")
# Beside files of a more telling ending these are notes and logs, not data.
_NOTES = (".txt", ".csv", ".dat", ".tsv", ".asc")
HDF5 = (".h5", ".hdf5", ".hdf", ".nxs", ".nx", ".cxi")


def expanded(path: PathLike) -> Path:
    """Return the path with ``~`` and ``~user`` replaced; an empty text, which `Path` takes for ``.``, is refused."""
    if not os.fspath(path):
        raise DataError("path", "an empty path", "an existing one", "name the input; the current folder is '.'")
    try:
        return Path(path).expanduser()
    except RuntimeError:
        raise DataError(path, "a home folder that is not known", "an existing path", "write the whole path") from None


def input_files(path: PathLike | Sequence[Any], suffixes: Sequence[str], what: str) -> list[Path]:
    """Return the files meant by a file, a folder, a glob pattern or a list of files.

    Files of a folder or a glob are sorted as people count (``2.xy`` before ``10.xy``); a list keeps its order.
    """
    if isinstance(path, (str, os.PathLike)):
        return _one_input(expanded(path), suffixes, what)
    if not isinstance(path, Iterable):
        allowed = f"a file, a folder, a pattern or a list of {what}, or (proposal, run)"
        raise DataError("path", repr(path), allowed, "name the input")
    strange = [item for item in path if not isinstance(item, (str, os.PathLike))]
    if strange:
        raise DataError(path, repr(strange[0]), f"paths of {what}, or (proposal, run)", "check the list")
    files = [expanded(item) for item in path]
    if not files:
        raise DataError("list of files", "an empty list", f"at least one file of {what}", "name the files")
    for file in files:
        if not file.is_file():
            raise DataError(file, "no such file", f"existing files of {what}", "check the path")
    return files


def is_hdf5(path: Path) -> bool:
    """Say whether a file is HDF5 by its ending or its first bytes."""
    if path.suffix.lower() in HDF5:
        return True
    with path.open("rb") as file:
        return file.read(8) == b"\x89HDF\r\n\x1a\n"


def natural_key(path: Path | str) -> list[tuple[int, int, str]]:
    """Sort key by which ``T2`` comes before ``T10``."""
    parts = re.split(r"(\d+)", Path(path).name)
    return [(0, int(part), "") if part.isdigit() else (1, 0, part.lower()) for part in parts]


def place_of(files: Sequence[Path]) -> str:
    """Return the one file, or the folder that all of several lie below."""
    if len(files) == 1:
        return str(files[0].absolute())
    return os.path.commonpath([file.absolute().parent for file in files])


def _one_input(path: Path, suffixes: Sequence[str], what: str) -> list[Path]:
    if path.is_file():
        return [path]
    if path.is_dir():
        return _of_folder(path, suffixes, what)
    if glob.has_magic(str(path)):
        found = _matching(path)
        files = sorted((file for file in found if file.is_file()), key=natural_key)
        if not files:
            raise DataError(path, "a pattern that no file matches", f"files of {what}", "check folder and pattern")
        return files
    raise DataError(
        path, "no such file or folder", f"a file, a folder, a pattern or a list of {what}", "check the path"
    )


def _matching(pattern: Path) -> list[Path]:
    # Path.glob() takes no pattern with a root.
    root = Path(pattern.anchor)
    return list(root.glob(str(pattern.relative_to(root))))


def _of_folder(folder: Path, suffixes: Sequence[str], what: str) -> list[Path]:
    files = [file for file in folder.iterdir() if file.is_file() and not file.name.startswith(".")]
    fitting = [file for file in files if file.suffix.lower() in suffixes]
    if any(file.suffix.lower() not in _NOTES for file in fitting):
        fitting = [file for file in fitting if file.suffix.lower() not in _NOTES]
    endings = sorted({file.suffix.lower() for file in fitting})
    if len(endings) > 1:
        counts = ", ".join(f"{sum(file.suffix.lower() == e for file in fitting)} × {e}" for e in endings)
        raise DataError(
            folder, f"a mixture of files ({counts})", "files of one kind", f"give a pattern such as *{endings[0]}"
        )
    if not fitting:
        folders = _some(sorted(f"{place.name}/" for place in folder.iterdir() if place.is_dir()))
        names = _some(sorted(file.name for file in files)) or folders or "an empty folder"
        raise DataError(folder, names, f"files of {what} ({', '.join(suffixes)})", "check the folder")
    return sorted(fitting, key=natural_key)


def _some(names: Iterable[str]) -> str:
    names = list(names)
    return ", ".join(names[:4]) + (f" and {len(names) - 4} more" if len(names) > 4 else "")
