"""The bounded parameter model that every method derives its options from.

A method's options are one frozen subclass of `Options`. Its keyword arguments, sliders, command line, the
``parameters`` cell of its report and the typed form in the sidebar are all read off that class, so that a value
means the same wherever it is set.
"""

from __future__ import annotations

import ast
import difflib
import json
from collections.abc import Iterator, Mapping
from types import UnionType
from typing import Any, Literal, Self, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError, PydanticUndefined

from pulsetrain._option_words import type_words

__all__ = ["OptionError", "Options", "option"]

# Ends of the names of pydantic's errors that say no more than that the value is not of the type.
_OF_THE_TYPE = ("_type", "_parsing", "_from_float", "literal_error", "finite_number")


class OptionError(ValueError):
    """A parameter that is unknown, of the wrong type or out of its bounds; names the parameter."""


class Options(BaseModel):
    """Frozen, bounded parameters; unknown names are refused with the nearest known one.

    Raises
    ------
    OptionError
        With one line per fault: what was got, what is allowed.

    Examples
    --------
    >>> class Peaks(Options):
    ...     min_snr: float = option(5.0, "Least signal-to-noise ratio of a peak.", ge=2, le=15, unit="σ")
    >>> Peaks(min_snr=4).min_snr
    4.0
    >>> Peaks(min_snr=99)
    Traceback (most recent call last):
    pulsetrain.options.OptionError: min_snr: got 99, allowed 2 … 15 σ
    """

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True, allow_inf_nan=False)

    def __init__(self, /, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            lines = dict.fromkeys(_fault(type(self), fault) for fault in error.errors())  # one for each type of a union
            raise OptionError("\n".join(lines)) from None

    @model_validator(mode="after")
    def _ends_are_in_order(self) -> Self:
        faults = [fault for name in type(self).model_fields for fault in _out_of_order(self, name)]
        if faults:
            raise PydanticCustomError("order", "{faults}", {"faults": "\n".join(faults)})
        return self

    def replace(self, /, **changes: Any) -> Self:
        """Return a copy with some values changed, validated like new ones."""
        return type(self)(**{**dict(self), **changes})

    @classmethod
    def from_text(cls, texts: Mapping[str, Any]) -> Self:
        """Make options from what was typed, such as ``{"min_snr": "5"}``.

        A text becomes JSON's or Python's value where the field takes one (``5``, ``true``, ``None``, ``[1, 2]``), and
        stays the text it is where the field takes a string; where it takes none, an empty one is None. Nothing is
        evaluated.
        """
        return cls(**{name: _value(cls, name, text) for name, text in texts.items()})

    @classmethod
    def bounds(cls, name: str) -> tuple[float | None, float | None]:
        """Return the lowest and highest allowed value of a field; None where it is open."""
        limits: dict[str, float] = {}
        for rule in cls.model_fields[name].metadata:
            limits.update({key: getattr(rule, key) for key in ("ge", "le") if getattr(rule, key, None) is not None})
        return limits.get("ge"), limits.get("le")

    @classmethod
    def unit(cls, name: str) -> str:
        """Return the unit of a field, or an empty string."""
        return _told(cls, name, "unit")

    @classmethod
    def choices(cls, name: str) -> tuple[Any, ...]:
        """Return the allowed values of a field annotated with `Literal`, or an empty tuple."""
        return tuple(v for kind in cls.kinds(name) if get_origin(kind) is Literal for v in get_args(kind))

    @classmethod
    def kinds(cls, name: str) -> tuple[Any, ...]:
        """Return the types that a field takes: the members of a union, or its annotation alone."""
        annotation = cls.model_fields[name].annotation
        return get_args(annotation) if get_origin(annotation) in (Union, UnionType) else (annotation,)


def option(
    default: Any = PydanticUndefined,
    help: str = "",
    *,
    ge: float | None = None,
    le: float | None = None,
    unit: str = "",
    at_least: str = "",
    at_most: str = "",
) -> Any:
    """Declare one field of an `Options` model.

    Parameters
    ----------
    default
        The value taken when none is given; left out, the field is required.
    help
        One sentence, shown beside the slider, in the form and on the command line.
    ge, le
        Lowest and highest allowed value.
    unit
        Unit of the value, as shown to the user.
    at_least, at_most
        Names of other fields that the value may not lie below or above.
    """
    told: dict[str, Any] = {"unit": unit, "at_least": at_least, "at_most": at_most}
    extra = {name: words for name, words in told.items() if words}
    return Field(default, description=help, ge=ge, le=le, json_schema_extra=extra or None)


def _told(model: type[Options], name: str, what: str) -> str:
    extra = model.model_fields[name].json_schema_extra
    return str(extra.get(what, "")) if isinstance(extra, dict) else ""


def _out_of_order(options: Options, name: str) -> Iterator[str]:
    """Yield a line for each other field that a field should not lie below or above, but does."""
    value, model = getattr(options, name), type(options)
    for side, words, step in (
        ("at_least", "or more", "raise it, or lower"),
        ("at_most", "or less", "lower it, or raise"),
    ):
        other = _told(model, name, side)
        limit = getattr(options, other) if other else None
        if value is None or limit is None or not (value < limit if side == "at_least" else value > limit):
            continue
        shown = f"{limit:g} {model.unit(other)}".rstrip()
        yield f"{name}: got {value:g}, allowed {other} ({shown}) {words}; {step} {other}"


def _value(model: type[Options], name: str, text: Any) -> Any:
    if name not in model.model_fields or not isinstance(text, str):
        return text
    choices = model.choices(name)
    kinds, word = {*map(type, choices), *model.kinds(name)}, text.strip()
    unset = word.lower() in ("none", "null") or (not word and str not in model.kinds(name))
    if unset and type(None) in kinds and word not in choices:
        return None
    if str in kinds:
        return text
    for read in (json.loads, ast.literal_eval):
        try:
            return read(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            continue
    return text


def _fault(model: type[Options], error: ErrorDetails) -> str:
    if not error["loc"]:  # between fields; says itself which
        return error["msg"]
    name = str(error["loc"][0])
    if error["type"] == "extra_forbidden":
        near = difflib.get_close_matches(name, model.model_fields, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"known: {', '.join(model.model_fields)}"
        return f"{name}: no such parameter; {hint}"
    if error["type"] == "missing":
        return f"{name}: missing; {model.model_fields[name].description or 'it has no default'}"
    got, span = f"{name}: got {error['input']!r}", _span(model, name)
    if error["type"] in ("greater_than_equal", "less_than_equal"):
        optional = " or None (empty)" if type(None) in model.kinds(name) else ""
        return f"{got}, allowed {span}{optional}"
    if error["type"].endswith(_OF_THE_TYPE) and (allowed := type_words(model.model_fields[name].annotation, span)):
        return f"{got}, allowed {allowed}"
    return f"{got}; {error['msg']}"


def _span(model: type[Options], name: str) -> str:
    """Return the bounds of a field and its unit, as far as it has them."""
    low, high = ("" if end is None else f"{end:g}" for end in model.bounds(name))
    bounds = f"{low} … {high}" if low or high else ""
    return f"{bounds.strip()} {model.unit(name)}".strip()
