"""What a parameter takes, in words: "a number (2 … 15 σ)", "True, False or None (empty)"."""

from __future__ import annotations

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

__all__ = ["type_words"]

_ONE = {int: "a whole number", float: "a number", str: "a text", list: "a list", set: "a list", tuple: "a list"}
_MANY = {int: "whole numbers", float: "numbers", str: "texts", bool: "True and False"}


def type_words(annotation: Any, span: str = "") -> str:
    """Return what may be given.

    Parameters
    ----------
    annotation
        Of a field.
    span : str
        Bounds and unit of the number that the field takes.

    Returns
    -------
    str
        Empty where there are no plain words for a type.

    Examples
    --------
    >>> type_words(bool | None)
    'True, False or None (empty)'
    >>> type_words(list[int])
    'a list of whole numbers'
    >>> type_words(float, "2 … 15 σ")
    'a number (2 … 15 σ)'
    """
    members = get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)
    words: list[str] = []
    for member in sorted(members, key=lambda member: member is type(None)):  # None is told last
        words += _words(member, span, empty="None" if str in members else "None (empty)")
    if not all(words):
        return ""
    return f"{', '.join(words[:-1])} or {words[-1]}" if words[1:] else words[0]


def _words(member: Any, span: str, empty: str) -> list[str]:
    """Return the alternatives that one type stands for; an empty text where it has no words."""
    kind, inner = get_origin(member) or member, get_args(member)
    if kind is Literal:
        return [empty if value is None else repr(value) for value in inner]
    if member is type(None):
        return [empty]
    if kind is bool:
        return ["True", "False"]
    words = _ONE.get(kind, "")
    if span and kind in (int, float):
        words += f" ({span})"
    if kind in (list, set) and inner and inner[0] in _MANY:
        words += f" of {_MANY[inner[0]]}"
    return [words]
