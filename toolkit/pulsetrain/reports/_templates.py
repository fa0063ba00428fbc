"""Templates: notebooks with a cell tagged ``parameters``, the ones shipped and the user's own."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pulsetrain
from pulsetrain.options import OptionError, Options
from pulsetrain.reports._notebooks import NotebookError, parameters_source, read_notebook, text_of
from pulsetrain.reports.parameters import read_parameters

__all__ = ["Template", "find_template", "shipped_folder", "templates"]

_DEEPEST = 6  # a heading's number signs


@dataclass(frozen=True)
class Template:
    """A notebook that can be run with parameters.

    Attributes
    ----------
    name : str
        The file's name without ``.ipynb``.
    path : Path
        Where the notebook lies.
    title : str
        Its first heading, else its name.
    summary : str
        Its first paragraph.
    """

    name: str
    path: Path
    title: str
    summary: str

    @property
    def parameters(self) -> type[Options]:
        """Parameters as a model, read anew; raises `ParameterError` where the cell is no Python."""
        return read_parameters(self.path)

    @classmethod
    def read(cls, path: str | Path) -> Template:
        """Read a template from its notebook.

        Raises
        ------
        NotebookError, FileNotFoundError
            If there is no notebook.
        """
        path = Path(path).expanduser().resolve()
        return cls(path.stem, path, *_heading(read_notebook(path), path.stem))


def templates(*folders: str | Path) -> list[Template]:
    """Return the templates in some folders, by name; the shipped ones where no folder is given.

    What is no notebook, or has no cell tagged ``parameters``, is passed over. Of two with one name the first folder's
    is taken.
    """
    found: dict[str, Template] = {}
    for folder in folders or (shipped_folder("reports"),):
        for path in sorted(Path(folder).expanduser().glob("*.ipynb")):
            try:
                notebook = read_notebook(os.path.realpath(path))
            except (NotebookError, OSError):
                continue
            if parameters_source(notebook) is not None:
                found.setdefault(path.stem, Template(path.stem, path.resolve(), *_heading(notebook, path.stem)))
    return sorted(found.values(), key=lambda template: template.name)


def find_template(name: str | Path, *folders: str | Path) -> Template:
    """Return the template at a path, or the one of that name in some folders (the shipped ones by default).

    Raises
    ------
    OptionError
        If there is neither; names the templates there are.
    """
    path = Path(name).expanduser()
    if path.suffix == ".ipynb" and path.is_file():
        return Template.read(path)
    known = {template.name: template for template in templates(*folders)}
    if str(name) in known:
        return known[str(name)]
    raise OptionError(
        f"template: got {str(name)!r}; neither a notebook nor one of {', '.join(known) or 'those shipped'}"
    )


def shipped_folder(kind: Literal["reports", "course"]) -> Path:
    """Return the folder of the notebooks that come with Pulsetrain, in a wheel or in a checkout."""
    package = Path(pulsetrain.__file__).parent
    installed = package / "notebooks" / kind
    return installed if installed.is_dir() else package.parents[1] / "notebooks" / kind


def _heading(notebook: dict[str, Any], name: str) -> tuple[str, str]:
    title, summary = "", ""
    for block in _blocks(notebook):
        first, _, rest = block.partition("\n")
        heading = _heading_text(first)
        text = block if heading is None else rest
        title = title or heading or ""
        if title and text.strip():
            summary = " ".join(text.split())
            break
    return title or name, summary


def _heading_text(line: str) -> str | None:
    """Return what a heading says; None of any other line."""
    text = line.lstrip("#")
    if not 1 <= len(line) - len(text) <= _DEEPEST or not text[:1].isspace():
        return None
    return text.strip().rstrip("#").rstrip()


def _blocks(notebook: dict[str, Any]) -> Iterator[str]:
    for cell in notebook["cells"]:
        if cell.get("cell_type") == "markdown":
            yield from (block.strip() for block in re.split(r"\n\s*\n", text_of(cell)) if block.strip())
