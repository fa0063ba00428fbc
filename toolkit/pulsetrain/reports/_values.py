"""Values as Python literals and as JSON.

Values are data and never code: whatever a string holds, its source is the literal of that string.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["DEEPEST", "literal", "safe_json", "sound"]

DEEPEST = 20  # no parameter nests deeper; a request that does is no parameter


def literal(value: Any, depth: int = 0) -> str:
    """Return the source of a value made of None, booleans, numbers, strings and containers of these."""
    if depth > DEEPEST:
        raise ValueError(f"nested deeper than {DEEPEST} levels; no parameter needs that")
    inner = depth + 1
    match value:
        case None | bool():
            source = str(value)
        case int():
            source = int.__repr__(value)
        case float():
            source = float.__repr__(value) if math.isfinite(value) else f'float("{float.__repr__(value)}")'
        case str():
            source = _text(value)
        case list():
            source = f"[{_join(value, inner)}]"
        case tuple():
            source = f"({_join(value, inner)}{',' * (len(value) == 1)})"
        case set() | frozenset():
            source = f"{{{_join(sorted(value, key=repr), inner)}}}" if value else "set()"
        case dict():
            source = f"{{{', '.join(f'{literal(k, inner)}: {literal(v, inner)}' for k, v in value.items())}}}"
        case _:
            raise ValueError(f"got a {type(value).__name__}; a parameter is a number, a string, a list or the like")
    return source


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


def sound(text: str) -> str:
    """Return a text that a file can hold: half a surrogate pair, which JSON can, becomes a question mark."""
    return text.encode("utf-8", "replace").decode("utf-8")


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
