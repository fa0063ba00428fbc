"""The values in a CrystFEL geometry file: numbers with units, vectors, and the axes of the data."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError

__all__ = ["PLANCK_C", "Axis", "axes_of", "energy_of", "length_of", "number_of", "vector_of"]

PLANCK_C = 12398.419843320026  # eV Å, h·c of CODATA 2018

_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
_WITH_UNIT = re.compile(rf"^({_NUMBER})\s*(\w*)$")
_TERM = re.compile(r"([-+]?\s*(?:\d+\.?\d*|\.\d+)?(?:[eE][-+]?\d+)?)\s*([xyz])")
_LENGTHS = {"": 1.0, "m": 1.0, "mm": 1e-3}
_ENERGIES = {"": 1.0, "eV": 1.0, "keV": 1e3, "MeV": 1e6}
_WAVELENGTHS = {"": 1e10, "m": 1e10, "A": 1.0}
_SOFTEST, _HARDEST = 10.0, 1e7  # eV


@dataclass(frozen=True)
class Axis:
    """One axis of the data of a pattern, as far as a panel takes part in it."""

    kind: str  # "ss", "fs" or "module"
    index: slice | int
    end: int


def axes_of(name: str, entries: Mapping[str, str]) -> list[Axis]:
    """Return the axes of a panel's data that belong to one pattern, in the order of the file."""
    dims = {int(key[3:]): value for key, value in entries.items() if re.fullmatch(r"dim\d", key)}
    # Without an axis for patterns the file holds one pattern of two axes; CrystFEL's own default.
    kinds = [dims[k] for k in sorted(dims)] or ["ss", "fs"]
    axes = []
    for kind in kinds:
        if kind in ("ss", "fs"):
            first, last = (number_of(name, entries, f"{end}_{kind}") for end in ("min", "max"))
            if not (first.is_integer() and last.is_integer() and 0 <= first <= last):
                got = f"{name}: min_{kind} = {first:g}, max_{kind} = {last:g}"
                raise DataError("geometry", got, "whole numbers, 0 ≤ min ≤ max", "mend the panel")
            low, high = int(first), int(last)
            axes.append(Axis(kind, slice(low, high + 1), high + 1))
        elif kind.isdigit():
            axes.append(Axis("module", int(kind), int(kind) + 1))
        elif kind != "%":
            raise DataError("geometry", f"{name}: a data axis {kind!r}", "%, ss, fs or a number", "mend the dim line")
    if sorted(axis.kind for axis in axes if axis.kind != "module") != ["fs", "ss"]:
        raise DataError("geometry", f"{name}: data axes {kinds}", "one ss and one fs", "mend the dim lines")
    return axes


def number_of(name: str, entries: Mapping[str, str], key: str, default: float | None = None) -> float:
    """Return an entry that is a plain number."""
    text = entries.get(key)
    if text is None:
        if default is None:
            raise DataError("geometry", f"{name} without {key}", "a number", f"add '{key} = …'")
        return default
    try:
        number = float(text)
    except ValueError:
        number = np.nan
    if np.isnan(number):
        raise DataError("geometry", f"{name}/{key} = {text}", "a number", "mend the line")
    return number


def length_of(name: str, text: str) -> float:
    """Return a length in metres; NaN for an HDF5 path, or for nothing."""
    match = _WITH_UNIT.match(text)
    if match and match[2] in _LENGTHS:
        return float(match[1]) * _LENGTHS[match[2]]
    if not text or "/" in text:
        return float("nan")
    raise DataError("geometry", f"{name}: a length {text!r}", "metres, 'mm', or an HDF5 path", "mend the line")


def energy_of(entries: Mapping[str, str]) -> float:
    """Return the photon energy in eV; NaN where it is an HDF5 path, or missing."""
    wavelength = _with_unit("wavelength", entries, _WAVELENGTHS)
    energy = PLANCK_C / wavelength if np.isfinite(wavelength) else _with_unit("photon_energy", entries, _ENERGIES)
    if np.isfinite(energy) and not _SOFTEST <= energy <= _HARDEST:
        raise DataError("geometry", f"photons of {energy:g} eV", f"{_SOFTEST:g} … {_HARDEST:g} eV", "mend the line")
    return energy


def _with_unit(key: str, entries: Mapping[str, str], units: Mapping[str, float]) -> float:
    """Return an entry above zero in eV or Å; NaN for an HDF5 path, or for nothing."""
    text = entries.get(key, "")
    if not text or "/" in text:
        return float("nan")
    match = _WITH_UNIT.match(text)
    if match is None or match[2] not in units or not float(match[1]) > 0:
        allowed = f"a number above 0 ({', '.join(filter(None, units))}), or an HDF5 path"
        raise DataError("geometry", f"{key} = {text}", allowed, "mend the line")
    return float(match[1]) * units[match[2]]


def vector_of(name: str, text: str, key: str) -> NDArray[np.float64]:
    """Return a direction such as ``+0.999x -0.01y``; shape (3,), pixels."""
    vector = np.zeros(3)
    for size, axis in _TERM.findall(text):
        compact = size.replace(" ", "")
        vector["xyz".index(axis)] += float(compact + "1" if compact in ("", "+", "-") else compact)
    if not vector.any() or _TERM.sub("", text).strip():
        raise DataError("geometry", f"{name}/{key} = {text}", "such as '+1.0x -0.01y'", "mend the line")
    return vector
