"""The ordering variable of a series, read from its file names: ``300K.gr`` … ``1150K.gr`` is a temperature ramp."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Ordering", "order_from_names"]

# Unit as written after a number: (what it measures, unit in the result). Case counts: "MPa" is not "mPa".
_UNITS = {
    "K": ("temperature", "K"),
    "°C": ("temperature", "°C"),
    "degC": ("temperature", "°C"),
    "C": ("temperature", "°C"),
    **{unit: ("pressure", unit) for unit in ("GPa", "MPa", "kPa", "Pa", "kbar", "mbar", "bar")},
    **{unit: ("time", unit) for unit in ("min", "ms", "ns", "ps", "fs", "s", "h")},
    "us": ("time", "µs"),
    "µs": ("time", "µs"),
    "μs": ("time", "µs"),
    "sec": ("time", "s"),
    **{unit: ("energy", unit) for unit in ("keV", "meV", "eV")},
    **{unit: ("voltage", unit) for unit in ("kV", "mV", "V")},
    **{unit: ("magnetic field", unit) for unit in ("mT", "T")},
}
_UNIT = re.compile(rf"[ _-]?({'|'.join(sorted(map(re.escape, _UNITS), key=len, reverse=True))})(?![A-Za-z])")
# "3.5", "3p5" (a file name without a dot) and "-20"; a minus sign between two words is a hyphen.
_NUMBER = re.compile(r"(?:(?<![A-Za-z0-9)])-)?\d+(?:(?:\.|p)\d+)?")


@dataclass(frozen=True)
class Ordering:
    """Values of the ordering variable, one per file, with what they measure and in which unit.

    `alone` says that nothing else varies between the names.
    """

    values: list[float]
    long_name: str
    units: str
    alone: bool


def order_from_names(stems: Sequence[str]) -> Ordering | None:
    """Return the one number that varies between file names, or None where none or several do.

    Of several varying numbers (``scan_0003_350K``) the only one with a unit is taken.

    Parameters
    ----------
    stems : sequence of str
        File names without their ending.
    """
    if len(stems) < 2:
        return None
    found = [[(match, _unit_after(stem, match)) for match in _NUMBER.finditer(stem)] for stem in stems]
    if len({len(numbers) for numbers in found}) != 1:
        return None
    columns = [_Column.of(list(column)) for column in zip(*found, strict=True)]
    varying = [column for column in columns if column.varies]
    alone = len(varying) == 1
    if not alone:
        varying = [column for column in varying if column.unit]
    if len(varying) != 1:
        return None
    long_name, units = _UNITS.get(varying[0].unit, ("file number", ""))
    return Ordering(varying[0].values, long_name, units, alone)


@dataclass(frozen=True)
class _Column:
    values: list[float]
    unit: str

    @classmethod
    def of(cls, cells: list[tuple[re.Match[str], str]]) -> _Column:
        units = {unit for _, unit in cells}
        values = [float(match.group().replace("p", ".")) for match, _ in cells]
        return cls(values, units.pop() if len(units) == 1 else "")

    @property
    def varies(self) -> bool:
        return len(set(self.values)) > 1


def _unit_after(stem: str, number: re.Match[str]) -> str:
    match = _UNIT.match(stem, number.end())
    return match.group(1) if match else ""
