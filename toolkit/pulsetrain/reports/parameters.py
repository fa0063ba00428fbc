"""Read the parameters of any notebook from the syntax tree of its cell tagged ``parameters``.

The convention of a parameter line is that of an ordinary assignment with a comment behind it::

    min_snr: float = 5.0  # Least signal-to-noise ratio of a peak. [σ] {2 .. 15}

- The *type* is the annotation's, else the value's: ``int``, ``float``, ``str``, ``bool``, ``T | None``,
  ``Optional[T]``, ``Literal[...]`` (choices), ``list[T]``, ``tuple[...]``, ``set[T]``, ``dict[K, V]``, ``Path``
  (handled as a string). An annotation without a value makes the parameter required.
- The *help* is the comment behind the value (of a value over several lines: behind its end, else its first line).
- ``[unit]`` may close the comment, and after it ``{low .. high}`` in a number's comment: inclusive bounds, either of
  which may be left out. Anything else, such as ``# SNR >= 5``, is help and nothing more.
- A default that is no literal (a call, an expression) is kept as its source: shown, and not sent unless changed.
- Names that begin with an underscore, and statements that are no plain assignments, are the cell's own business.

Nothing is ever executed or evaluated.
"""

from __future__ import annotations

import ast
import io
import math
import os
import re
import tokenize
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from pydantic import Field, create_model

from pulsetrain.options import Options, option
from pulsetrain.reports._annotations import read_annotation, type_of_value
from pulsetrain.reports._notebooks import parameters_source, read_notebook
from pulsetrain.reports._values import literal

__all__ = [
    "Expression",
    "ParameterError",
    "comment_parts",
    "comments_of",
    "parse_cell",
    "read_cell",
    "read_parameters",
    "target_of",
]

_NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
_BOUNDS = re.compile(rf"\s*(?P<low>{_NUMBER})?\s*\.\.\s*(?P<high>{_NUMBER})?\s*")
_LONGEST_BOUNDS = 200  # characters; the time that the expression takes grows with their square
_LARGEST_CELL = 500_000  # characters; reading them takes seconds


class ParameterError(ValueError):
    """A notebook whose parameters cannot be read; says which line is the matter."""


@dataclass(frozen=True)
class Expression:
    """The source of a default that is no literal; the notebook computes it when it runs."""

    source: str

    def __str__(self) -> str:
        return self.source


def read_parameters(notebook: str | Path | Mapping[str, Any]) -> type[Options]:
    """Read the parameters of a notebook.

    Parameters
    ----------
    notebook
        Path of an ``.ipynb`` file, or a notebook as nbformat reads it.

    Returns
    -------
    type[Options]
        A model with one field per parameter, in the order of the cell.

    Raises
    ------
    ParameterError
        If no cell is tagged ``parameters``, or the cell is no Python or names types that cannot be.

    Examples
    --------
    >>> cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "steps = 200  # {1 ..}"}
    >>> read_parameters({"cells": [cell]})(steps=0)
    Traceback (most recent call last):
    pulsetrain.options.OptionError: steps: got 0, allowed 1 …
    """
    content = read_notebook(os.path.realpath(notebook)) if isinstance(notebook, (str, Path)) else notebook
    source = parameters_source(content)
    if source is None:
        raise ParameterError("no cell is tagged 'parameters'; tag one in JupyterLab's property inspector")
    return read_cell(source)


def read_cell(source: str) -> type[Options]:
    """Read the parameters from the source of a parameters cell."""
    try:
        return _read(source)
    except ParameterError:
        raise
    except Exception as error:  # noqa: BLE001 -- anybody's cell: it may nest too deep or name types that cannot be
        raise ParameterError(f"the cell tagged 'parameters' cannot be read: {_said(error)}") from None


def _read(source: str) -> type[Options]:
    if len(source) > _LARGEST_CELL:
        size = f"got {len(source):,} characters, allowed {_LARGEST_CELL:,}"
        raise ParameterError(f"the cell tagged 'parameters' is too large: {size}; read such values from a file")
    tree, source = parse_cell(source)
    comments = comments_of(source)
    fields: dict[str, Any] = {}
    for position, node in enumerate(tree.body):
        target = target_of(node)
        if target is None or target.startswith("_"):
            continue
        if target == "self" or (target.startswith("model_") and hasattr(Options, target)):
            raise ParameterError(f"line {node.lineno}: {target!r} cannot be the name of a parameter; rename it")
        shared = position + 1 < len(tree.body) and tree.body[position + 1].lineno == node.end_lineno
        comment = "" if shared else comments.get(node.end_lineno or node.lineno, comments.get(node.lineno, ""))
        fields[target] = _field(node, comment)
    with warnings.catch_warnings():  # a parameter may well be called "copy" or "schema"
        warnings.simplefilter("ignore", UserWarning)
        model: type[Options] = create_model("Parameters", __base__=Options, **fields)
    return model


def comment_parts(comment: str, *, number: bool) -> tuple[str, str, float | None, float | None]:
    """Split a comment into help, unit, lowest and highest value; bounds belong to numbers only."""
    text, low, high = comment.strip(), None, None
    if number:
        before, inner = _closing(text, "{", "}")
        match = _BOUNDS.fullmatch(inner) if len(inner) <= _LONGEST_BOUNDS else None
        if match is not None:
            text, low, high = before, _finite(match["low"]), _finite(match["high"])
    help_, unit = _closing(text, "[", "]")
    return help_, unit.strip(), low, high


def _closing(text: str, opening: str, closing: str) -> tuple[str, str]:
    """Split off what stands in brackets at a text's end; by hand, as an expression takes the square of its length."""
    if text.endswith(closing):
        before, bracket, inner = text[:-1].rpartition(opening)
        if bracket and closing not in inner:
            return before.rstrip(), inner
    return text, ""


def _finite(text: str | None) -> float | None:
    end = float(text) if text else math.inf
    return end if math.isfinite(end) else None  # 1e999 bounds nothing


def parse_cell(source: str) -> tuple[ast.Module, str]:
    """Return the syntax tree of a cell, and the source it is that of: blank where the cell has IPython's magics.

    Raises
    ------
    ParameterError
        If it is no Python.
    """
    try:
        return ast.parse(source), source
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        # IPython's magics are no Python; blank lines in their place keep the line numbers.
        plain = re.sub(r"(?m)^[ \t]*[%!].*$", "", source)
        try:
            return ast.parse(plain), plain
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            place = f"line {error.lineno}: " if isinstance(error, SyntaxError) else ""
            raise ParameterError(f"the cell tagged 'parameters' is no Python: {place}{_said(error)}") from None


def _said(error: Exception) -> str:
    """Return what an error says, on one line and in characters that any encoding takes."""
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return " ".join(text.encode("utf-8", "replace").decode("utf-8").split()) or type(error).__name__


def comments_of(source: str) -> dict[int, str]:
    """Return the comments by their line, counted from 1."""
    tokens = tokenize.generate_tokens(io.StringIO(source).readline)
    return {token.start[0]: token.string[1:].strip() for token in tokens if token.type == tokenize.COMMENT}


def target_of(node: ast.stmt) -> str | None:
    """Return the name that a plain assignment is to; None for any other statement."""
    match node:
        case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
            return name
    return None


def _field(node: ast.stmt, comment: str) -> tuple[Any, Any]:
    """Return the annotation and the field of one assignment."""
    value = node.value if isinstance(node, (ast.Assign, ast.AnnAssign)) else None
    stated = read_annotation(node.annotation) if isinstance(node, ast.AnnAssign) else None
    default: Any = ...
    if value is not None:
        default = _default(value)
    kind = stated if stated is not None else type_of_value(default, known=not isinstance(default, Expression))
    if default is None and kind is not Any and type(None) not in get_args(kind):
        kind = kind | None  # ``x: int = None`` is sloppy and common
    kinds = set(get_args(kind)) - {type(None)} if type(None) in get_args(kind) else {kind}
    help_, unit, low, high = comment_parts(comment, number=bool(kinds & {int, float}) and kinds <= {int, float})
    if float not in kinds:
        low = None if low is None else math.ceil(low)
        high = None if high is None else math.floor(high)
    if isinstance(default, Expression):
        return kind, _computed(default, help_, low, high, unit)
    return kind, option(default, help_, ge=low, le=high, unit=unit)


def _default(value: ast.expr) -> Any:
    match value:  # a path is written as text
        case ast.Call(
            func=ast.Name(id="Path") | ast.Attribute(attr="Path"), args=[ast.Constant(value=str(text))], keywords=[]
        ):
            return text
    try:
        default = ast.literal_eval(value)
        if default is not ...:
            literal(default)  # bytes and complex numbers are Python's literals, and no values of a parameter
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return Expression(ast.unparse(value))
    return default


def _computed(default: Expression, help_: str, low: float | None, high: float | None, unit: str) -> Any:
    extra: dict[str, Any] = {"expression": default.source} | ({"unit": unit} if unit else {})
    return Field(
        default_factory=lambda: default,
        description=help_,
        ge=low,
        le=high,
        json_schema_extra=extra,
        validate_default=False,
    )
