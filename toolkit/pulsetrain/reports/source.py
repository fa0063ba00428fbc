"""Write parameters as Python source: the cell of a template, and the values injected into a run.

Values are data and never code: whatever a string holds, the source is its literal.
"""

from __future__ import annotations

import math
import shlex
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic_core import PydanticUndefined

from pulsetrain.options import OptionError, Options
from pulsetrain.reports._annotations import write_annotation
from pulsetrain.reports.parameters import Expression, comment_parts, parse_text

__all__ = ["literal", "parameters_cell", "rerun_command", "safe_json", "values_cell"]

_DEPTH = 20  # no parameter nests deeper; a request that does is no parameter


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


def literal(value: Any, depth: int = 0) -> str:
    """Return the source of a value made of None, booleans, numbers, strings and containers of these."""
    if depth > _DEPTH:
        raise ValueError(f"nested deeper than {_DEPTH} levels; no parameter needs that")
    inner = depth + 1
    match value:
        case None | bool():
            return str(value)
        case int():
            return int.__repr__(value)
        case float():
            return float.__repr__(value) if math.isfinite(value) else f'float("{float.__repr__(value)}")'
        case str():
            return _text(value)
        case list():
            return f"[{_join(value, inner)}]"
        case tuple():
            return f"({_join(value, inner)}{',' * (len(value) == 1)})"
        case set() | frozenset():
            return f"{{{_join(sorted(value, key=repr), inner)}}}" if value else "set()"
        case dict():
            return f"{{{', '.join(f'{literal(k, inner)}: {literal(v, inner)}' for k, v in value.items())}}}"
    raise ValueError(f"got a {type(value).__name__}; a parameter is a number, a string, a list or the like")


def rerun_command(cwd: Path, template: Path, model: type[Options], values: Mapping[str, Any], root: Path) -> str:
    """Return the shell command that runs a template again with the same values."""
    words = ["pulsetrain", "report", "run", str(template)]
    for name, value in values.items():
        plain = isinstance(value, str) and parse_text(model, {name: value}) == {name: value}
        words += ["-p", f"{name}={value if plain else literal(value)}"]
    return f"cd {shlex.quote(str(cwd))} && {shlex.join([*words, '-o', str(root)])}"


def safe_json(value: Any) -> Any:
    """Return a value as JSON can hold it: tuples and sets as lists, what is not finite as a string."""
    match value:
        case float() if not math.isfinite(value):
            return float.__repr__(value)
        case Mapping():
            return {str(key): safe_json(item) for key, item in value.items()}
        case list() | tuple():
            return [safe_json(item) for item in value]
        case set() | frozenset():
            return [safe_json(item) for item in sorted(value, key=repr)]
    return value


def _text(value: str) -> str:
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError(f"got {value!r}, which holds half a surrogate pair and is no text") from None
    source = str.__repr__(value)
    if source.startswith("'") and '"' not in source:  # the double quotes a formatter would choose
        source = '"' + source[1:-1] + '"'
    return source


def _join(values: Iterable[Any], depth: int) -> str:
    return ", ".join(literal(value, depth) for value in values)


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
