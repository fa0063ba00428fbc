"""Which paths may be looked at: those below a few folders, wherever links on the way lead."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Absent", "Outside", "Place", "confined"]

_LONGEST = 4096  # characters; Linux' own bound on a path


class Outside(ValueError):
    """A path that may not be looked at."""


class Absent(ValueError):
    """A path that leads nowhere."""


@dataclass(frozen=True)
class Place:
    """A path that may be looked at.

    Attributes
    ----------
    path : str
        Absolute, as its user knows it: links are kept, as the facility moves what lies behind them.
    root : str
        The folder that it lies below.
    """

    path: str
    root: str


def confined(path: str, roots: Sequence[str]) -> Place:
    """Return a path that lies below one of the roots after its links are followed.

    Parameters
    ----------
    path : str
        Absolute, or relative to the first root.
    roots : sequence of str
        Absolute paths.

    Raises
    ------
    Outside
        For a path with ``..``, one that is no path, or one that leads out.
    Absent
        For a path below a root at which there is nothing.
    """
    if not path or "\0" in path or len(path) > _LONGEST:
        raise Outside(f"got a path of {len(path)} characters that no file can have; name a file or folder")
    if ".." in Path(path).parts:
        raise Outside(f"{_short(path)}: paths with '..' are not followed; write the path without")
    asked = os.path.normpath(Path(roots[0]) / path)
    try:
        real = os.path.realpath(asked)
        inside = [root for root in roots if Path(real).is_relative_to(os.path.realpath(root))]
        if not inside:
            known = ", ".join(filter(os.path.isdir, roots))
            raise Outside(f"{_short(path)} lies, or leads, outside the folders that are open here: {known}")
        if not os.path.lexists(real):
            raise Absent(f"{_short(path)}: there is no such file or folder; check the path")
    except OSError as error:  # a name too long
        raise Absent(f"{_short(path)}: {error.strerror}; check the path") from None
    above = [root for root in (*roots, *map(os.path.realpath, roots)) if Path(asked).is_relative_to(root)]
    return Place(asked, max(above, key=len)) if above else Place(real, os.path.realpath(inside[0]))


def _short(path: str) -> str:
    return path if len(path) <= 200 else f"{path[:199]}…"
