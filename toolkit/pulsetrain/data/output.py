"""Where writers may write, and folders that appear whole or not at all."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import PathLike

__all__ = ["new_folder", "refuse_existing", "whole_folder"]


def new_folder(folder: PathLike) -> Path:
    """Make a folder, or accept an empty one; what others wrote is never mixed with or overwritten.

    Raises
    ------
    DataError
        If something lies there.
    """
    target = Path(folder).expanduser()
    if target.is_dir() and any(target.iterdir()):
        raise DataError(target, "a folder that is not empty", "a new or an empty folder", "choose another name")
    if target.exists() and not target.is_dir():
        raise DataError(target, "a file", "a new or an empty folder", "choose another name")
    target.mkdir(parents=True, exist_ok=True)
    return target


def refuse_existing(folder: Path) -> None:
    """Refuse a place that is taken; long work asks before it begins.

    Raises
    ------
    FileExistsError
        If anything lies there, even an empty folder.
    """
    if folder.exists():
        raise FileExistsError(f"{folder}: exists already; give a new folder, or remove it")


@contextmanager
def whole_folder(folder: Path) -> Iterator[Path]:
    """Give a draft to write into: it becomes the folder when all went well, and is removed when anything did not.

    Parameters
    ----------
    folder : pathlib.Path
        A new place; folders above it are made.

    Yields
    ------
    pathlib.Path
        The draft, hidden beside the place.

    Raises
    ------
    FileExistsError
        If the folder exists; nothing of it is touched.
    """
    refuse_existing(folder)
    # Not mkdtemp, whose mode 0700 would hide the results from the colleagues.
    draft = folder.with_name(f".{folder.name}-{secrets.token_hex(4)}")
    draft.mkdir(parents=True)
    try:
        yield draft
        draft.rename(folder)
    except BaseException:
        shutil.rmtree(draft, ignore_errors=True)
        raise
