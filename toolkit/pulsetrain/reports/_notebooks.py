"""Notebooks as files: read without nbformat's seconds of import, parameters found and injected."""

from __future__ import annotations

import errno
import os
import stat
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from pulsetrain.reports._files import open_plain
from pulsetrain.reports._parsed import LARGEST_NOTEBOOK, parsed

__all__ = ["NotebookError", "clear", "code_cells", "has_tag", "inject", "parameters_source", "read_notebook", "text_of"]


class NotebookError(ValueError):
    """A file that is no notebook."""


def read_notebook(path: str | Path) -> dict[str, Any]:
    """Read a notebook of format 4 as plain dictionaries, sources as strings; older ones go through nbformat.

    A link is not followed: in a colleague's folder it may lead to a device that never ends. Resolve what a user names.

    Raises
    ------
    NotebookError
        If the file holds no notebook.
    FileNotFoundError
        If there is no such file.
    """
    path = Path(path)
    try:
        with _opened(path) as file:
            content = parsed(file, LARGEST_NOTEBOOK)
    except ValueError as error:
        raise NotebookError(f"{path}: no notebook ({error})") from None
    version = content.get("nbformat", 4) if isinstance(content, dict) else 4
    if not isinstance(version, int):
        raise NotebookError(f"{path}: no notebook (its nbformat is {version!r}, needed a whole number)")
    if version < 4 and "worksheets" in content:
        content = _converted(content, path)
    cells = content.get("cells") if isinstance(content, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError(f"{path}: no notebook (it has no list of cells)")
    # On disk a source is mostly a list of lines; whoever runs it expects one string.
    return {**content, "cells": [cell | {"source": text_of(cell)} for cell in cells]}


def _opened(path: Path) -> BinaryIO:
    file = open_plain(path)
    if file is not None:
        return file
    if stat.S_ISREG(path.lstat().st_mode):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))
    raise ValueError("it is no plain file but a link, a folder, a pipe or the like")


def _converted(content: dict[str, Any], path: str | Path) -> dict[str, Any]:
    """Bring a notebook of an older format to 4."""
    import nbformat

    try:
        return dict(nbformat.convert(nbformat.from_dict(content), 4))
    except Exception as error:  # noqa: BLE001 -- the converters trust what they read
        raise NotebookError(f"{path}: no notebook (format {content['nbformat']}, {error!r})") from None


def text_of(cell: Mapping[str, Any]) -> str:
    """Return a cell's source, which a file may hold as one string or as lines."""
    source = cell.get("source", "")
    return "".join(map(str, source)) if isinstance(source, list) else str(source)


def has_tag(cell: Mapping[str, Any], tag: str) -> bool:
    """Return whether a cell carries a tag."""
    metadata = cell.get("metadata")
    tags = metadata.get("tags") if isinstance(metadata, Mapping) else None
    return isinstance(tags, list) and tag in tags


def code_cells(notebook: Mapping[str, Any]) -> Iterator[int]:
    """Yield the indices of the cells that will run."""
    for index, cell in enumerate(notebook["cells"]):
        if cell.get("cell_type") == "code" and text_of(cell).strip():
            yield index


def parameters_source(notebook: Mapping[str, Any]) -> str | None:
    """Return the source of the first code cell tagged ``parameters``, or None."""
    cells = notebook.get("cells", [])
    return next((text_of(c) for c in cells if c.get("cell_type") == "code" and has_tag(c, "parameters")), None)


def inject(notebook: dict[str, Any], source: str) -> dict[str, Any]:
    """Put a cell of values right after the parameters cell, replacing one that is there already (as papermill does)."""
    cells = [_of_two_lines(cell) for cell in notebook["cells"] if not has_tag(cell, "injected-parameters")]
    if source:
        place = next(i for i, c in enumerate(cells) if c.get("cell_type") == "code" and has_tag(c, "parameters"))
        cell = {"cell_type": "code", "metadata": {"tags": ["injected-parameters"]}, "source": source}
        cells.insert(place + 1, cell | {"outputs": [], "execution_count": None, "id": uuid.uuid4().hex[:8]})
    return notebook | {"cells": cells}


def _of_two_lines(cell: dict[str, Any]) -> dict[str, Any]:
    """Give a parameters cell a second line: IPython takes a cell of one, such as ``run: int = 1``, for a magic."""
    source = text_of(cell)
    alone = has_tag(cell, "parameters") and len(source.splitlines()) == 1
    return cell | {"source": f"{source.rstrip()}\n\n"} if alone else cell


def clear(notebook: dict[str, Any]) -> dict[str, Any]:
    """Drop outputs, counts and widget state of an earlier run."""
    cells = [
        cell | {"outputs": [], "execution_count": None} if cell.get("cell_type") == "code" else cell
        for cell in notebook["cells"]
    ]
    metadata = notebook.get("metadata")
    metadata = {k: v for k, v in metadata.items() if k != "widgets"} if isinstance(metadata, Mapping) else {}
    return notebook | {"cells": cells, "metadata": metadata}
