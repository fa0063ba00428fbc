"""Write parameters as source: the cell of a template, the values injected into a run, the command that repeats it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from pulsetrain.options import OptionError, Options
from pulsetrain.reports._annotations import write_annotation
from pulsetrain.reports._values import literal
from pulsetrain.reports.parameters import Expression, comment_parts

__all__ = ["parameters_cell", "rerun_command", "values_cell"]


def parameters_cell(model: type[Options]) -> str:
    """Write the ``parameters`` cell of a template from an options model; `read_parameters` reads it back.

    Parameters
    ----------
    model
        Any `Options` subclass whose fields are numbers, strings, booleans, None, lists, tuples, dicts or `Literal`.

    Returns
    -------
    str
        One assignment per field, with annotation, default, help, unit and bounds.

    Raises
    ------
    TypeError
        If a field's type cannot stand in a cell.
    """
    lines = [_line(model, name) for name in model.model_fields]
    annotations = [write_annotation(field.annotation) for field in model.model_fields.values()]
    needed = [name for name in ("Any", "Literal") if any(name in annotation for annotation in annotations)]
    return "\n".join([f"from typing import {', '.join(needed)}\n"] * bool(needed) + lines)


def values_cell(values: Mapping[str, Any]) -> str:
    """Write the assignments injected into a run.

    Raises
    ------
    OptionError
        If a value is none of the literals; names the parameter.
    """
    lines = []
    for name, value in values.items():
        try:
            lines.append(f"{name} = {literal(value)}")
        except ValueError as error:
            raise OptionError(f"{name}: {error}") from None
    return "\n".join(["# Parameters", *lines]) if lines else ""


def rerun_command(
    cwd: Path,
    template: Path,
    model: type[Options],
    values: Mapping[str, Any],
    root: Path,
    *,
    kernel: str | None = None,
) -> str:
    """Return the shell command that runs a template again with the same values, in the kernel that was asked for."""
    words = ["pulsetrain", "report", "run", str(template)]
    for name, value in values.items():
        plain = isinstance(value, str) and getattr(model.from_text({**values, name: value}), name) == value
        words += ["-p", f"{name}={value if plain else literal(value)}"]
    words += ["--kernel", kernel] if kernel else []
    return f"cd {shlex.quote(str(cwd))} && {shlex.join([*words, '-o', str(root)])}"


def _line(model: type[Options], name: str) -> str:
    field = model.model_fields[name]
    source = f"{name}: {write_annotation(field.annotation)}"
    default = field.get_default(call_default_factory=True)
    if default is not PydanticUndefined:
        source += f" = {default.source if isinstance(default, Expression) else literal(default)}"
    comment = _comment(model, name)
    return f"{source}  # {comment}" if comment else source


def _comment(model: type[Options], name: str) -> str:
    field = model.model_fields[name]
    low, high = model.bounds(name)
    help_ = " ".join("".join(c if c.isprintable() else " " for c in field.description or "").split())
    unit = model.unit(name)
    span = f"{{{_number(low)} .. {_number(high)}}}".replace("{ ", "{").replace(" }", "}")
    comment = " ".join(filter(None, [help_, f"[{unit}]" * bool(unit), span * (low is not None or high is not None)]))
    number = bool({int, float} & {field.annotation, *get_args(field.annotation)})
    if comment_parts(comment, number=number) == (help_, unit, low, high):
        return comment
    # The help's own end looks like a unit or like bounds: say both outright, empty if need be.
    return f"{help_} [{unit}]" + (f" {span}" if number else "")


def _number(value: float | None) -> str:
    return "" if value is None else literal(value)
