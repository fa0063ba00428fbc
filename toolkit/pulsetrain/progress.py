"""How long work tells how far it is, is cancelled, and is watched in a terminal."""

from __future__ import annotations

import sys
from typing import Protocol

__all__ = ["Cancelled", "Progress", "show_in_terminal"]


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
