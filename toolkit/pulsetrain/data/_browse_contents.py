"""What is told of a run or file, and of how each of its keys is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Curve",
    "Key",
    "OpenContents",
    "Source",
    "Sources",
    "Text",
    "code_of",
    "frames_in",
    "python_lines",
    "quoted",
]

Opens = Literal["frames", "spectra", "values"]
# Anything narrower is a table of peaks or a spectrum, not a picture.
_LEAST_WIDTH = 16
# Numbers of modules, by their shape, that `open_frames` takes for one frame.
_MODULES = {(512, 128): (8, 16), (128, 512): (16,)}


@dataclass(frozen=True)
class Source:
    """A source of a run, or a group of a file.

    Attributes
    ----------
    name : str
        As `keys` takes it. The modules of a detector are one source, with ``*`` for their number.
    kind : {'detector', 'instrument', 'control', 'group'}
    note : str
        More in words, such as ``'16 modules'``.
    """

    name: str
    kind: Literal["detector", "instrument", "control", "group"]
    note: str = ""


@dataclass(frozen=True)
class Sources:
    """What a run or file holds.

    Attributes
    ----------
    path : str
    kind : {'run', 'hdf5', 'spectra', 'numpy'}
    sources : tuple of Source
    note : str
        What else is to be known, such as files that cannot be read.
    trains : int or None
        Number of trains of a run.
    first_train, last_train : int or None
    duration : float or None, seconds
        From the first train to the last: trains come ten times a second.
    """

    path: str
    kind: Literal["run", "hdf5", "spectra", "numpy"]
    sources: tuple[Source, ...]
    note: str = ""
    trains: int | None = None
    first_train: int | None = None
    last_train: int | None = None
    duration: float | None = None


@dataclass(frozen=True)
class Key:
    """A key of a source, or a dataset of a group.

    Attributes
    ----------
    name : str
    shape : tuple of int
    dtype : str
    units : str
    opens : {'frames', 'spectra', 'values'}
        What it is opened as.
    entries : int
        Number of frames or spectra that `thumbnail` can show one by one; 1 for values, which are shown at once.
    arguments : dict of str
        Keywords for ``open_frames`` or ``open_spectra``.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    units: str = ""
    opens: Opens = "values"
    entries: int = 1
    arguments: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Curve:
    """Values to be drawn: (n,) as a line over `x`, (n, m) as a map."""

    y: NDArray[Any]
    x: NDArray[Any] | None = None
    x_label: str = ""
    y_label: str = ""
    note: str = ""


@dataclass(frozen=True)
class Text:
    """Values that are no numbers, or a single one."""

    text: str


class OpenContents(Protocol):
    """A run or file that is being browsed."""

    def sources(self) -> Sources:
        """Tell what it holds."""

    def keys(self, source: str) -> tuple[Key, ...]:
        """Tell the keys of a source; DataError for an unknown one."""

    def values(self, source: str, key: Key) -> Curve | Text:
        """Read what is neither frames nor spectra, or so much of it as can be drawn."""

    def values_code(self, source: str, key: Key) -> str:
        """Write the Python that reads such a key."""


def code_of(path: str, contents: OpenContents, source: str, key: Key) -> str:
    """Write the Python that opens a key."""
    if key.opens == "values":
        return contents.values_code(source, key)
    return python_lines("pulsetrain", key.opens, f"pulsetrain.open_{key.opens}({_call(path, key.arguments)})")


def python_lines(module: str, name: str, expression: str) -> str:
    """Write a cell: import, assignment, and the name, so that the notebook shows what was opened."""
    return f"import {module}\n\n{name} = {expression}\n{name}"


def quoted(text: str) -> str:
    """Write a text as a Python literal, in double quotes where that needs no escape."""
    literal = repr(text)
    return f'"{text}"' if literal == f"'{text}'" and '"' not in text else literal


def frames_in(name: str, shape: Sequence[int]) -> int:
    """Return how many frames `open_frames` takes an array of numbers for; 0 where it is no picture."""
    if not 2 <= len(shape) <= 5 or min(shape[-2:]) < _LEAST_WIDTH or "mask" in name.lower():
        return 0
    modules = _MODULES.get((shape[-2], shape[-1]), ()) if len(shape) == 3 else ()
    return 1 if len(shape) == 2 or shape[0] in modules else shape[0]


def shape_text(shape: Sequence[int]) -> str:
    """Write a shape as ``384 × 16 × 512 × 128``."""
    return " × ".join(map(str, shape)) or "one value"


def dtype_text(dtype: np.dtype[Any]) -> str:
    """Name a type as users know it."""
    return "text" if dtype.kind in "OSU" else "record" if dtype.names else str(dtype)


def _call(path: str, arguments: Mapping[str, str]) -> str:
    return ", ".join([quoted(path), *(f"{name}={quoted(value)}" for name, value in arguments.items())])
