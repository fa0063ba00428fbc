"""Write values back into the source of a parameters cell, and leave the rest of it as its author wrote it."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

from pydantic import create_model

from pulsetrain.options import OptionError, Options
from pulsetrain.reports._values import literal
from pulsetrain.reports.parameters import comments_of, parse_cell, read_cell, target_of

__all__ = ["rewrite_cell"]

_LINE_END = re.compile(r"\r\n|\r|\n")  # as Python counts the lines of a source


def rewrite_cell(source: str, values: Mapping[str, Any]) -> str:
    """Put values in place of the defaults of a parameters cell.

    Only the characters of a changed value are replaced: annotations, comments, order, blank lines, line endings and
    other statements stay. A value that is the default already stays as it is written. Of several assignments to one
    name the last counts, as when the cell runs. Comments between the items of a list that is replaced go with it,
    save the parameter's own.

    Parameters
    ----------
    source
        Of the cell tagged ``parameters``.
    values
        By name, checked like those of a report.

    Returns
    -------
    str
        The new source.

    Raises
    ------
    ParameterError
        If the cell cannot be read.
    OptionError
        If a parameter is unknown, of the wrong type or out of its bounds; one line per fault.

    Examples
    --------
    >>> rewrite_cell("min_snr: float = 5.0  # SNR >= 5", {"min_snr": 4})
    'min_snr: float = 4.0  # SNR >= 5'
    """
    model = read_cell(source)
    wanted = _checked(model, values)
    tree, plain = parse_cell(source)
    comments, lines = comments_of(plain), _Lines(source)
    last = {target_of(node): place for place, node in enumerate(tree.body)}
    changes: list[_Change] = []
    for name, value in wanted.items():
        node = tree.body[last[name]]
        following = tree.body[last[name] + 1].lineno if last[name] + 1 < len(tree.body) else None
        if _is_assignment(node) and not _is_default(model, name, value):
            changes += _written(node, _source(name, value), lines)
            changes += _kept_comment(node, comments, lines, shared=following == node.end_lineno)
    for change in sorted(changes, key=lambda change: change.start, reverse=True):
        source = source[: change.start] + change.text + source[change.end :]
    return source


@dataclass(frozen=True)
class _Change:
    """Characters of a source that are replaced by others."""

    start: int
    end: int
    text: str


class _Lines:
    """Where the lines of a source begin, so that places of a syntax tree, in bytes of a line, can be found in it."""

    def __init__(self, source: str) -> None:
        self._source = source
        self._starts = [0, *(match.end() for match in _LINE_END.finditer(source))]

    def position(self, line: int | None, column: int | None) -> int:
        start = self._starts[(line or 1) - 1]
        ahead = self._source[start : start + (column or 0)].encode()  # a character is a byte at least
        return start + len(ahead[:column].decode())

    def start(self, node: ast.AST) -> int:
        return self.position(getattr(node, "lineno", 1), getattr(node, "col_offset", 0))

    def end(self, node: ast.AST) -> int:
        return self.position(getattr(node, "end_lineno", 1), getattr(node, "end_col_offset", 0))


def _checked(model: type[Options], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values as the cell's types take them; what is not given is not judged."""
    fields: dict[str, Any] = {
        name: (field.annotation, field) if name in values else (Any, None) for name, field in model.model_fields.items()
    }
    with warnings.catch_warnings():  # a parameter may well be called "copy" or "schema"
        warnings.simplefilter("ignore", UserWarning)
        given: type[Options] = create_model("Values", __base__=Options, **fields)
    checked = given(**values)
    return {name: getattr(checked, name) for name in values}


def _source(name: str, value: Any) -> str:
    try:
        return literal(value)
    except ValueError as error:
        raise OptionError(f"{name}: {error}") from None


def _is_assignment(node: ast.stmt) -> TypeGuard[ast.Assign | ast.AnnAssign]:
    return isinstance(node, (ast.Assign, ast.AnnAssign))


def _is_default(model: type[Options], name: str, value: Any) -> bool:
    """Return whether a value is what the cell says already, such as 5.0 where a float is written as 5."""
    field = model.model_fields[name]
    if field.is_required() or field.default_factory is not None:
        return False
    try:
        return literal(_checked(model, {name: field.default})[name]) == literal(value)
    except ValueError:  # the default itself is refused: then it is not what a valid value says
        return False


def _written(node: ast.Assign | ast.AnnAssign, text: str, lines: _Lines) -> list[_Change]:
    if node.value is None:  # an annotation alone
        return [_Change(lines.end(node), lines.end(node), f" = {text}")]
    old = _inner(node.value) if text.startswith(("'", '"')) else node.value
    return [_Change(lines.start(old), lines.end(old), text)]


def _inner(value: ast.expr) -> ast.expr:
    """Return the text within ``Path("...")``, which is written as text, and any other value as it is."""
    match value:
        case ast.Call(
            func=ast.Name(id="Path") | ast.Attribute(attr="Path"),
            args=[ast.Constant(value=str()) as text],
            keywords=[],
        ):
            return text
    return value


def _kept_comment(
    node: ast.Assign | ast.AnnAssign, comments: Mapping[int, str], lines: _Lines, *, shared: bool
) -> list[_Change]:
    """Put a parameter's comment behind its value, where it stands within the value on its first line."""
    value, end = node.value, node.end_lineno
    within = value is not None and value.lineno == node.lineno != value.end_lineno
    if not within or shared or end in comments or node.lineno not in comments:
        return []
    return [_Change(lines.end(node), lines.end(node), f"  # {comments[node.lineno]}")]
