"""Where writers may write."""

from __future__ import annotations

from pathlib import Path

from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import PathLike

__all__ = ["new_folder"]


def new_folder(folder: PathLike) -> Path:
    """Make a folder, or accept an empty one; what others wrote is never mixed with or overwritten."""
    target = Path(folder).expanduser()
    if target.is_dir() and any(target.iterdir()):
        raise DataError(target, "a folder that is not empty", "a new or an empty folder", "choose another name")
    if target.exists() and not target.is_dir():
        raise DataError(target, "a file", "a new or an empty folder", "choose another name")
    target.mkdir(parents=True, exist_ok=True)
    return target
