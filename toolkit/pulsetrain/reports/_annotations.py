"""Types named in a parameters cell: from the syntax tree to the type and back, through a list of what is known."""

from __future__ import annotations

import ast
import types
from typing import Any, Literal, Union, get_args, get_origin

from pulsetrain.reports._values import literal

__all__ = ["read_annotation", "type_of_value", "write_annotation"]

_PLAIN: dict[str, Any] = {
    "Any": Any,
    "None": type(None),
    "Path": str,
    "PathLike": str,
    "bool": bool,
    "dict": dict,
    "float": float,
    "int": int,
    "list": list,
    "set": set,
    "str": str,
    "tuple": tuple,
}
_CONTAINERS: dict[str, Any] = {
    "Dict": dict,
    "List": list,
    "Mapping": dict,
    "Sequence": list,
    "Set": set,
    "Tuple": tuple,
    "dict": dict,
    "list": list,
    "set": set,
    "tuple": tuple,
}


def read_annotation(node: ast.expr) -> Any:
    """Return the type an annotation names, or None where it names none of ours."""
    match node:
        case ast.Constant(value=None):
            return type(None)
        case ast.Constant(value=str(text)):
            return _forward(text)
        case ast.Name(id=name) | ast.Attribute(attr=name):
            return _PLAIN.get(name, _CONTAINERS.get(name))
        case ast.BinOp(op=ast.BitOr(), left=left, right=right):
            return _union([left, right])
        case ast.Subscript(value=ast.Name(id=name) | ast.Attribute(attr=name), slice=inner):
            return _subscript(name, inner.elts if isinstance(inner, ast.Tuple) else [inner])
    return None


def type_of_value(value: Any, *, known: bool) -> Any:
    """Return the type a bare value stands for; Any where it says nothing."""
    if not known or value is None or value is ...:
        return Any
    if isinstance(value, (list, set)) and value:
        kinds = {type(item) for item in value}
        inner = float if kinds == {int, float} else next(iter(kinds)) if len(kinds) == 1 else Any
        container: Any = type(value)
        return container[inner if inner in (bool, int, float, str) else Any]
    return type(value) if type(value) in _PLAIN.values() else Any


def write_annotation(annotation: Any) -> str:
    """Return the source of an annotation that `read_annotation` reads back.

    Raises
    ------
    TypeError
        If the type is none that a parameters cell can hold.
    """
    named = {None: "None", type(None): "None", Any: "Any", Ellipsis: "..."}
    if annotation in named:
        return named[annotation]
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return f"Literal[{', '.join(map(literal, inner))}]"
    if origin in (Union, types.UnionType):
        return " | ".join(map(write_annotation, inner))
    if origin in _CONTAINERS.values():
        return f"{origin.__name__}[{', '.join(map(write_annotation, inner))}]"
    if annotation in _PLAIN.values():
        return str(annotation.__name__)
    raise TypeError(f"{annotation!r} has no place in a parameters cell; take numbers, strings, lists or Literal")


def _forward(text: str) -> Any:
    try:
        return read_annotation(ast.parse(text, mode="eval").body)
    except SyntaxError:
        return None


def _union(nodes: list[ast.expr]) -> Any:
    members = [read_annotation(node) for node in nodes]
    if any(member is None for member in members):
        return None
    return Any if Any in members else Union[tuple(members)]  # noqa: UP007 -- the members are known at run time only


def _subscript(name: str, inner: list[ast.expr]) -> Any:
    match name:
        case "Optional":
            return _union([*inner, ast.Constant(value=None)])
        case "Union":
            return _union(inner)
        case "Literal":
            return _literal(inner)
        case "Annotated" | "Final":
            return read_annotation(inner[0])
    return _container(_CONTAINERS.get(name), inner)


def _container(container: Any, inner: list[ast.expr]) -> Any:
    members = [... if isinstance(node, ast.Constant) and node.value is ... else read_annotation(node) for node in inner]
    wanted = {list: 1, set: 1, dict: 2}.get(container, len(members))
    fits = container is not None and members and None not in members and len(members) == wanted
    return container[tuple(members)] if fits else container


def _literal(inner: list[ast.expr]) -> Any:
    try:
        values = tuple(ast.literal_eval(node) for node in inner)
    except ValueError:
        return None
    allowed = values and all(value is None or isinstance(value, (bool, int, str)) for value in values)
    return Literal[values] if allowed else None
