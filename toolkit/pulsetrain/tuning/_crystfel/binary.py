"""Where indexamajig is, and which."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from pulsetrain.tuning._crystfel.guarded import GuardedFolder

__all__ = ["IndexamajigError", "find_indexamajig", "version_of"]

_VARIABLE = "PULSETRAIN_INDEXAMAJIG"
_PATIENCE = 60.0  # seconds; a first start from a network drive is slow


class IndexamajigError(ChildProcessError):
    """An indexamajig that is missing, refuses its arguments, or broke off; says what to do next."""


def find_indexamajig(path: str | os.PathLike[str] | None = None) -> Path:
    """Return the program: the path given, else what PULSETRAIN_INDEXAMAJIG names, else the one on PATH.

    Raises
    ------
    IndexamajigError
        Where it is none of these, or cannot be run.
    """
    named = path or os.environ.get(_VARIABLE) or "indexamajig"
    found = shutil.which(Path(named).expanduser())
    if found is None:
        where = "on the PATH" if path is None and not os.environ.get(_VARIABLE) else f"at {named}"
        raise IndexamajigError(
            f"indexamajig: got no program {where}; allowed: CrystFEL's indexamajig, 0.10 or later. Next: 'module load "
            f"crystfel' before starting Jupyter, give its path as indexamajig=, set {_VARIABLE}, or take the native "
            "engine, which needs no CrystFEL."
        )
    return Path(found).absolute()


def version_of(program: Path) -> str:
    """Return CrystFEL's version as the program tells it, such as ``0.10.2``.

    Raises
    ------
    IndexamajigError
        Where it does not start, or is something else.
    """
    # Guarded, as a wrapper may leave processes behind that hold its output open: a pipe would never end then.
    with GuardedFolder() as guarded:
        guarded.start([str(program), "--version"], os.environ)
        ended = guarded.poll(_PATIENCE) is not None
        texts = [guarded.folder / name for name in ("out.txt", "err.txt")]
        text = "".join(each.read_text(encoding="utf-8", errors="replace") for each in texts if each.is_file())
    if not ended:
        text = f"no answer to --version within {_PATIENCE:g} s"
    match = re.search(r"CrystFEL:?\s+(?:version\s+)?v?(\d\S*)", text)
    if match is None:
        raise IndexamajigError(
            f"{program}: got {' '.join(text.split())[:200]!r}; allowed: a program that answers --version with "
            "CrystFEL's. Next: run it by hand; libraries may be missing without 'module load'."
        )
    return match[1]
