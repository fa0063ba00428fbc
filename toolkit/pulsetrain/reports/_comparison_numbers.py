"""Numbers as a table shows them: as many digits as tell the rows apart, and no more."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable
from typing import Any

from pulsetrain.reports._comparison_rows import number
from pulsetrain.reports._values import literal

__all__ = ["MISSING", "Digits", "duration", "in_full", "written"]

MISSING = "–"
_DIGITS = 4  # significant, of the largest number of a column
_APART = 3  # significant, of the span of a column
_MOST = 10  # decimals
_LONG = 60  # characters of a text


class Digits:
    """How the numbers of one column are written, so that their points stand below each other.

    Examples
    --------
    >>> digits = Digits([1000.12, 1000.15])
    >>> digits.written(1000.12), digits.written(3)
    ('1000.1200', '3')
    >>> counts = Digits([279, 280, 282, 283])  # whole numbers stay whole, as far as what is made of them is
    >>> counts.written(280.0), counts.written(280.5)
    ('280', '280.5')
    """

    def __init__(self, values: Iterable[Any]) -> None:
        values = list(values)
        numbers = [found for value in values if (found := number(value)) is not None and math.isfinite(found)]
        largest = max(map(abs, numbers), default=0.0)
        span = min(max(numbers, default=0.0) - min(numbers, default=0.0), sys.float_info.max)
        self._plain = largest == 0 or 1e-3 <= largest < 1e7
        decimals = max(_DIGITS - _power(largest) - 1, _APART - _power(span) - 1 if span else 0)
        self._decimals = min(max(decimals, 0), _MOST)
        self._whole = all(isinstance(value, int) for value in values)

    @property
    def form(self) -> str:
        """How a script writes a number of this column: so many decimals, ``whole``, or ``g`` for powers of ten."""
        return "whole" if self._whole else f"{self._decimals}" if self._plain else "g"

    def written(self, value: Any) -> str:
        """Return a number; whole ones as they are, and what is no number in words."""
        found = number(value)
        if isinstance(value, int) or found is None:
            return written(value)
        if math.isnan(found):
            return "NaN"
        if math.isinf(found):
            return "∞" if found > 0 else "−∞"
        if self._whole:
            return f"{found:.0f}" if found.is_integer() else f"{found:.1f}"
        return f"{found:.{self._decimals}f}" if self._plain else f"{found:.{_DIGITS}g}"


def written(value: Any) -> str:
    """Return a value in one short line."""
    text = in_full(value)
    return text if len(text) <= _LONG else f"{text[: _LONG - 2]} …"


def in_full(value: Any) -> str:
    """Return a value as text, however long that is."""
    if isinstance(value, float):
        return f"{value:.6g}"
    try:
        return value if isinstance(value, str) else literal(value)
    except ValueError:  # nested too deep, or half a surrogate pair: anybody's metrics
        return repr(value)


def duration(seconds: float | None) -> str:
    """Return a time span as people say it."""
    if seconds is None or not math.isfinite(seconds):
        return MISSING
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    return f"{minutes // 60} h {minutes % 60:02d} min"


def _power(value: float) -> int:
    """Return the power of ten of a number's first digit."""
    return math.floor(math.log10(value)) if value > 0 else 0
