"""What is said of the cell at work: its source, and what it has printed so far."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from pulsetrain.reports import Job, Status
from pulsetrain.reports._files import read_json
from pulsetrain.reports._notebooks import code_cells, text_of
from pulsetrain.reports._parsed import LARGEST_NOTEBOOK
from pulsetrain.server.replies import log_reply

__all__ = ["cell_reply"]

_SHOWN = 20_000  # characters of output, its end
_MARK = 200  # characters by which the end of the cells before is found again in the log
_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")


def cell_reply(job: Job, status: Status) -> dict[str, Any]:
    """Describe the code cell that a job's status names.

    The notebook is written between cells; of a cell at work the log holds what it has printed.
    """
    notebook = read_json(job.notebook, LARGEST_NOTEBOOK) or {}
    cells = notebook.get("cells")
    cells = [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []
    code = [cells[index] for index in code_cells({"cells": cells})]
    number = status.cell
    if not 1 <= number <= len(code):
        return {"number": 0, "cells": status.cells, "source": "", "output": ""}
    output = _output(code[number - 1])
    if not output and status.state in ("running", "stopping"):
        output = _printed_since(job, code[: number - 1])
    return {"number": number, "cells": status.cells, "source": text_of(code[number - 1]), "output": output[-_SHOWN:]}


def _output(cell: Mapping[str, Any]) -> str:
    """Return the text among what a cell has put out."""
    outputs = cell.get("outputs")
    return "".join(map(_text, outputs)) if isinstance(outputs, list) else ""


def _text(output: Any) -> str:
    match output:
        case {"output_type": "stream", "text": text}:
            return _joined(text)
        case {"output_type": "error", "traceback": list(lines)}:
            return _COLOURS.sub("", "\n".join(map(str, lines))) + "\n"
        case {"data": {"text/plain": text}}:
            return _joined(text) + "\n"
    return ""


def _printed_since(job: Job, before: Iterable[Mapping[str, Any]]) -> str:
    """Return the end of the log, from where the cells before end."""
    log = str(log_reply(job, -4 * _SHOWN)["text"])
    mark = "".join(
        _joined(output.get("text", ""))
        for cell in before
        for output in cell.get("outputs", [])
        if isinstance(output, dict) and output.get("output_type") == "stream"
    )[-_MARK:]
    place = log.rfind(mark) if mark else -1
    return log[place + len(mark) :] if place >= 0 else log


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)
