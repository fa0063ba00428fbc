"""Notebooks and job folders for the tests of reports."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from pulsetrain.reports import list_jobs


def notebook(*cells: str | tuple[str, str], parameters: str | None = None, kernel: str = "python3") -> dict[str, Any]:
    """Build a notebook from sources; a tuple is a cell of another kind and its source."""
    built: list[dict[str, Any]] = []
    if parameters is not None:
        built.append(_code(parameters, ["parameters"]))
    for cell in cells:
        if isinstance(cell, str):
            built.append(_code(cell, []))
        else:
            built.append({"cell_type": cell[0], "metadata": {}, "source": cell[1]})
    for number, cell in enumerate(built):
        cell["id"] = f"cell-{number}"
    spec = {"name": kernel, "language": "python", "display_name": kernel}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": spec}, "cells": built}


def _code(source: str, tags: list[str]) -> dict[str, Any]:
    return {"cell_type": "code", "metadata": {"tags": tags}, "source": source, "outputs": [], "execution_count": None}


@pytest.fixture
def template(tmp_path: Path) -> Callable[..., Path]:
    """Write a template and return its path."""

    def write(*cells: str | tuple[str, str], name: str = "trial", parameters: str | None = "steps = 3") -> Path:
        path = tmp_path / f"{name}.ipynb"
        # As JupyterLab saves it: sources as lists of lines.
        nbformat.write(nbformat.from_dict(notebook(*cells, parameters=parameters)), path)
        return path

    return write


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    """Folder of jobs; whatever still runs there at the end is ended."""
    folder = tmp_path / "jobs"
    yield folder
    for job in list_jobs(folder):
        job.stop(timeout=5)
