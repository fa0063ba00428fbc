"""How long work tells how far it is, is cancelled, and is watched in a terminal."""

from __future__ import annotations

import sys
import time
from typing import Protocol

__all__ = ["Cancelled", "Pace", "Progress", "show_in_terminal"]


class Progress(Protocol):
    """Told how far long work is; may raise `Cancelled` to end it.

    Called as ``progress(done, total, message, **values)``; the values are live figures such as ``loss=0.31``.
    """

    def __call__(self, done: int, total: int, message: str = "", /, **values: float) -> None: ...


class Cancelled(Exception):
    """The user asked for the work to end; nothing that was finished is lost."""


def show_in_terminal(done: int, total: int, message: str = "", /, **values: float) -> None:
    """Keep one line of standard error up to date, a `Progress`; silent where nobody watches."""
    if sys.stderr.isatty():
        figures = "  ".join(f"{name} {value:.4g}" for name, value in values.items())
        sys.stderr.write(f"\r\033[K{done}/{total} {message} {figures}" + ("\n" if done >= total else ""))
        sys.stderr.flush()


class Pace:
    """Tells how far work on many frames is and when it will be through.

    Parameters
    ----------
    total : int
        Frames in all.
    todo : int
        Of these, to be worked on now.
    done : str
        What is done to them, such as ``"assigned"``.
    progress : callable, optional
        Told ``(frames, frames, message, frames_per_s=…)``.
    """

    def __init__(self, total: int, todo: int, done: str, progress: Progress | None) -> None:
        self._total, self._todo, self._done, self._progress = total, todo, done, progress
        self._left, self._begun = todo, time.monotonic()

    def add(self, n: int) -> None:
        """Count further frames as done."""
        self._left -= n
        rate = (self._todo - self._left) / max(time.monotonic() - self._begun, 1e-9)
        if self._progress is not None:
            message = f"frames {self._done}, {_duration(self._left / rate)} left"
            self._progress(self._total - self._left, self._total, message, frames_per_s=rate)


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
