"""Disks that are full, or away, for a while: what must be done there is tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

__all__ = ["insist"]

T = TypeVar("T")

_WITHIN = 600.0  # s
_PAUSE = 0.5  # s
_LASTING = (FileNotFoundError, IsADirectoryError, NotADirectoryError, PermissionError)  # waiting changes none of these


def insist(act: Callable[[], T], meanwhile: Callable[[], object] = lambda: None) -> T:
    """Do what touches a disk, again and again where that fails for a reason that may pass.

    Parameters
    ----------
    act
        What to do; may be done several times.
    meanwhile
        Done before each further trial.

    Returns
    -------
    T
        What ``act`` returns.

    Raises
    ------
    OSError
        If it fails for one that does not, or has failed for ten minutes.
    """
    end = time.monotonic() + _WITHIN
    while True:
        try:
            return act()
        except _LASTING:
            raise
        except OSError:
            if time.monotonic() > end:
                raise
        meanwhile()
        time.sleep(_PAUSE)
