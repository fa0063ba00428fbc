"""Paths among a plan's values that lead nowhere: worth a word before a thousand jobs find it out one by one."""

from __future__ import annotations

import glob
import re
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pulsetrain.reports.planning import Plan

__all__ = ["absent_paths"]

_NAMED_SO = re.compile(r"(?:^|_)(?:path|file|folder)s?$")
_SECONDS = 2.0  # a file system that is slow is not waited for
_LOOKS = 2_000
_TOLD = 3  # paths of a parameter


def absent_paths(plan: Plan) -> list[str]:
    """Return a warning for each parameter with values that name no file or folder of this machine.

    A path is what a parameter called path, file or folder holds (or ``…_path`` and so on), and whatever begins with a
    folder of this machine's root: ``/entry/data`` may as well be a dataset. Patterns are looked up too. Nodes of a
    cluster may see other folders, and a job may write what is not there yet; so nothing is refused.
    """
    end = time.monotonic() + _SECONDS
    looked: dict[str, dict[str, bool]] = {}
    for name, text in list(dict.fromkeys(_paths(plan.rows)))[:_LOOKS]:
        if time.monotonic() > end:
            break
        looked.setdefault(name, {})[text] = _exists(plan.prepared.cwd, text)
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


def _paths(rows: Iterable[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for row in rows:
        for name, value in row.items():
            for text in value if isinstance(value, list) else [value]:
                if isinstance(text, str) and text.strip() and (_NAMED_SO.search(name) or _begins_here(text)):
                    yield name, text


def _begins_here(text: str) -> bool:
    first = Path(text).parts[:2] if text.startswith("/") else ()
    return text.startswith("~") or (len(first) == 2 and _exists(Path("/"), str(Path(*first))))


def _exists(folder: Path, text: str) -> bool:
    try:
        place = folder / Path(text).expanduser()
        if place.exists() or not glob.has_magic(text):
            return place.exists()
        return any(True for _ in Path(place.anchor).glob(str(place.relative_to(place.anchor))))
    except (OSError, ValueError, RuntimeError):  # a name too long, a null character, nobody's home
        return False
