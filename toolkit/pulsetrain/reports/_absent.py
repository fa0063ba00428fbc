"""Paths among a plan's values that lead nowhere: worth a word before a thousand jobs find it out one by one."""

from __future__ import annotations

import contextlib
import fnmatch
import glob
import os
import re
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulsetrain.reports.planning import Plan

__all__ = ["absent_paths"]

_NAMED_SO = re.compile(r"(?:^|_)(?:path|file|folder)s?$")
_SECONDS = 2.0  # a file system that is slow is not waited for
_LOOKS = 2_000  # paths
_LOOKS_IN_ALL = 200_000  # values, and entries of folders that patterns reach into
_TOLD = 3  # paths of a parameter


def absent_paths(plan: Plan) -> list[str]:
    """Return a warning for each parameter with values that name no file or folder of this machine.

    A path is what a parameter called path, file or folder holds (or ``…_path`` and so on), and whatever begins with a
    folder of this machine's root: ``/entry/data`` may as well be a dataset. Patterns are looked up too, unless they
    reach through all folders below one. Nodes of a cluster may see other folders, and a job may write what is not there
    yet; so nothing is refused.
    """
    looked: dict[str, dict[str, bool]] = {}
    look = _Look(plan.prepared.cwd)
    with contextlib.suppress(_EnoughError):
        for name, text in look.paths(plan.rows):
            there = look.exists(text)
            if there is not None:
                looked.setdefault(name, {})[text] = there
    return [
        _words(name, [text for text, there in found.items() if not there], len(found))
        for name, found in looked.items()
        if not all(found.values())
    ]


def _words(name: str, absent: list[str], total: int) -> str:
    told = ", ".join(absent[:_TOLD]) + (f" and {len(absent) - _TOLD} more" if len(absent) > _TOLD else "")
    if total == 1:
        return f"{name}: {told} is not there, seen from this machine"
    return f"{name}: {len(absent)} of {total} are not there, seen from this machine: {told}"


class _EnoughError(Exception):
    """The time, or the number of looks, is up."""


class _Look:
    """Looks for paths until that is enough.

    Parameters
    ----------
    folder
        What relative paths are below.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder.absolute()
        self._end = time.monotonic() + _SECONDS
        self._left = _LOOKS_IN_ALL
        self._roots: dict[str, bool] = {}

    def paths(self, rows: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        """Yield parameters and their paths, each once."""
        seen: set[tuple[str, str]] = set()
        for row in rows:
            for name, value in row.items():
                for text in value if isinstance(value, list) else [value]:
                    self._check()
                    if not isinstance(text, str) or not text.strip() or (name, text) in seen:
                        continue
                    if _NAMED_SO.search(name) or self._begins_here(text):
                        seen.add((name, text))
                        yield name, text
                        if len(seen) == _LOOKS:
                            return

    def exists(self, text: str) -> bool | None:
        """Return whether a path, or what a pattern is for, is there; None where it is for all folders below one."""
        try:
            place = self._folder / Path(text).expanduser()
            if place.exists() or not glob.has_magic(text):
                return place.exists()
            return None if "**" in text else self._matches("", place.parts[1:])
        except (OSError, ValueError, RuntimeError):  # a name too long, a null character, nobody's home
            return False

    def _begins_here(self, text: str) -> bool:
        if not text.startswith("/"):
            return text.startswith("~")
        first = text.lstrip("/").partition("/")[0]
        if first and first not in self._roots:
            self._roots[first] = bool(self.exists(f"/{first}"))
        return self._roots.get(first, False)

    def _matches(self, folder: str, parts: Sequence[str]) -> bool:
        """Return whether anything below a folder is what the parts of a pattern are for."""
        plain = next((number for number, part in enumerate(parts) if glob.has_magic(part)), len(parts))
        folder = "/".join((folder, *parts[:plain]))
        if plain == len(parts):
            return Path(folder).exists()
        fits, below = re.compile(fnmatch.translate(parts[plain])).match, parts[plain + 1 :]
        with os.scandir(folder or "/") as entries:
            for entry in entries:
                self._check()
                if fits(entry.name) and (not below or self._reaches(entry.path, below)):
                    return True
        return False

    def _reaches(self, folder: str, parts: Sequence[str]) -> bool:
        try:
            return self._matches(folder, parts)
        except OSError:  # a file, or a folder that this user may not read
            return False

    def _check(self) -> None:
        self._left -= 1
        if self._left < 0 or time.monotonic() > self._end:
            raise _EnoughError
