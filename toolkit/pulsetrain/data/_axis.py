"""What the first column of a spectrum measures: read from the header, the ending or the user's word."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError

__all__ = ["AxisKind", "axis_kind", "named_axis"]


@dataclass(frozen=True)
class AxisKind:
    """Name and unit of an axis, as they stand in the attributes ``long_name`` and ``units``."""

    long_name: str
    units: str


_KINDS = {
    "2θ": AxisKind("2θ", "deg"),
    "Q": AxisKind("Q", "1/Å"),
    "r": AxisKind("r", "Å"),
    "d": AxisKind("d", "Å"),
    "energy": AxisKind("energy", "eV"),
    "channel": AxisKind("channel", ""),
}
_ALIASES = {"2theta": "2θ", "two_theta": "2θ", "tth": "2θ", "2th": "2θ", "q": "Q", "e": "energy", "": "channel"}

# What headers of azimuthal integration, PDF programs and hand-made tables call their first column.
_HEADER = [
    ("2θ", re.compile(r"2[ _-]?th(eta)?\b|2th_(deg|rad)|\btth\b|two[ _-]?theta|2 ?θ", re.IGNORECASE)),
    ("Q", re.compile(r"(?<![A-Za-z])q[ _(\[/]*(å|a\^?[-({⁻]|nm|1/|angstrom)", re.IGNORECASE)),
    ("energy", re.compile(r"\benergy\b|\b(photon_)?energy_k?ev|(?<![A-Za-z])k?eV\b", re.IGNORECASE)),
    ("d", re.compile(r"\bd[ _-]?spacing|^[#\s]*d[ _(\[]+(a|å)", re.IGNORECASE)),
    ("r", re.compile(r"^[#\s]*r[ _(\[]+(a|å)|G\(r\)", re.IGNORECASE)),
]
_NAMES = {"2θ": "2θ", "2theta": "2θ", "tth": "2θ", "q": "Q", "r": "r", "d": "d", "energy": "energy", "e": "energy"}
_NANOMETRE = re.compile(r"nm\^?-1|1/nm|nm\^\{-1\}|nm⁻¹", re.IGNORECASE)
_UNIT_IN_HEADER = {"Q": (_NANOMETRE, "1/nm"), "2θ": (re.compile(r"rad(ian)?s?\b"), "rad")}
_ENDINGS = {".gr": "r", ".sq": "Q", ".fq": "Q", ".iq": "Q"}
_ANGLES = (".xy", ".xye", ".chi")


def axis_kind(header: str, columns: list[str], suffix: str, values: NDArray[np.float64]) -> AxisKind:
    """Name an axis by its column's title, the header, the file's ending or, for powder patterns, its range.

    Parameters
    ----------
    header : str
        All text above the numbers.
    columns : list of str
        Titles of the columns, where there are any.
    suffix : str
        Ending of the file, in lower case, with its dot.
    values : (n,) float64
        The axis. Without any other sign, 0 … 180 in an ``.xy``, ``.xye`` or ``.chi`` file is taken for 2θ in degrees.
    """
    if columns:
        title = re.split(r"[ _(\[/]", columns[0].strip().lower())[0]
        name = _NAMES.get(title) or _from_text(columns[0])
        if name:
            return _with_unit(name, columns[0])
    if suffix in _ENDINGS:
        return _KINDS[_ENDINGS[suffix]]
    # Only the last lines: far above stand settings of the integration, which may name every axis there is.
    lines = [line for line in header.splitlines() if line.strip()]
    for line in reversed(lines[-8:]):
        if name := _from_text(line):
            return _with_unit(name, line)
    if suffix in _ANGLES and values.min() >= -10 and values.max() <= 180:
        return _KINDS["2θ"]
    return _KINDS["channel"]


def named_axis(axis: str | None, units: str | None, found: AxisKind) -> AxisKind:
    """Let the user's ``axis`` and ``units`` overrule what was found."""
    if axis is None:
        return AxisKind(found.long_name, found.units if units is None else units)
    name = _ALIASES.get(axis.lower(), axis)
    if name not in _KINDS:
        allowed = ", ".join(_KINDS)
        raise DataError("axis", repr(axis), allowed, "name one of these, and the unit by units=")
    return AxisKind(name, _KINDS[name].units if units is None else units)


def _from_text(text: str) -> str | None:
    # "photon energy: 18 keV" is a setting, not the axis.
    names = ("2θ", "Q") if re.search("[:=]", text) else tuple(_KINDS)
    return next((name for name, pattern in _HEADER if name in names and pattern.search(text)), None)


def _with_unit(name: str, text: str) -> AxisKind:
    pattern, unit = _UNIT_IN_HEADER.get(name, (None, ""))
    if pattern is not None and pattern.search(text):
        return AxisKind(name, unit)
    if name == "energy" and re.search(r"keV", text):
        return AxisKind(name, "keV")
    return _KINDS[name]
