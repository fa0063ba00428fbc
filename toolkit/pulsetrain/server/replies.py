"""What the requests answer, as JSON."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

from pulsetrain.methods import Method
from pulsetrain.options import Options
from pulsetrain.reports import Job, Template, shipped_folder
from pulsetrain.reports._files import open_plain
from pulsetrain.server.catalogue import Catalogue

__all__ = ["faults", "form_reply", "log_reply", "method_reply", "schema_reply", "template_reply"]

_LOG_PIECE = 65_536  # bytes


def method_reply(method: Method, catalogue: Catalogue) -> dict[str, Any]:
    """Describe a method; a template or course that is not installed is not offered."""
    template = Path(method.template).stem
    return {
        "name": method.name,
        "title": method.title,
        "summary": method.summary,
        "opening": method.opening,
        "template": template if any(known.name == template for known in catalogue.templates()) else None,
        "course": (shipped_folder("course") / method.course).is_file(),
    }


def template_reply(template: Template, name: str) -> dict[str, Any]:
    """Describe a template, under the name or path it was asked for by."""
    return {"id": name, "title": template.title, "summary": template.summary}


def form_reply(template: Template, name: str) -> dict[str, Any]:
    """Describe a template with the JSON Schema of its parameters, in the order of its cell."""
    return {**template_reply(template, name), "schema": schema_reply(template.parameters)}


def log_reply(job: Job, offset: int) -> dict[str, Any]:
    """Return a piece of a job's log and where the next one begins, in bytes.

    A negative offset counts from the end. Beyond the end, as after a resume, the log is read from its beginning.
    """
    file = open_plain(job.folder / "log.txt")
    if file is None:
        return {"text": "", "offset": 0}
    with file:
        size = file.seek(0, 2)
        start = max(0, size + offset) if offset < 0 else offset if offset <= size else 0
        file.seek(start)
        piece = file.read(_LOG_PIECE)
    whole = _whole_characters(piece)
    return {"text": whole.decode("utf-8", errors="replace"), "offset": start + len(whole)}


def faults(error: ValueError) -> dict[str, str]:
    """Split the lines of an `OptionError` into what is wrong by parameter."""
    parts = (line.partition(": ") for line in str(error).splitlines())
    return {name: text for name, colon, text in parts if colon}


def schema_reply(model: type[Options]) -> dict[str, Any]:
    """Describe parameters as JSON Schema, with the source of defaults that JSON cannot carry."""
    with warnings.catch_warnings():  # a default that JSON cannot carry is left out, and shown as its source below
        warnings.simplefilter("ignore")
        schema = model.model_json_schema()
    for name, field in schema.get("properties", {}).items():
        info = model.model_fields[name]
        if info.is_required() or "expression" in field:
            continue
        if "default" not in field or not _is_json(field["default"]):
            field.pop("default", None)
            field["expression"] = repr(info.get_default(call_default_factory=True))
    return schema


def _is_json(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError):
        return False
    return True


def _whole_characters(piece: bytes) -> bytes:
    """Cut off a character of which only the first bytes have been written."""
    for back in range(1, min(4, len(piece)) + 1):
        byte = piece[-back]
        if byte >= 0xC0:  # the first of several bytes
            length = 2 if byte < 0xE0 else 3 if byte < 0xF0 else 4
            return piece[:-back] if back < length else piece
        if byte < 0x80:
            break
    return piece
