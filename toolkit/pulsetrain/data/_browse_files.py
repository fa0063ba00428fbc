"""Text files of spectra, one by one or a folder as a series, and NumPy's files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from pulsetrain.data._browse_contents import (
    Curve,
    Key,
    Source,
    Sources,
    Text,
    dtype_text,
    frames_in,
    python_lines,
    quoted,
)
from pulsetrain.data._errors import DataError

__all__ = ["NumpyContents", "SpectraContents"]

_MOST_BYTES = 32 * 2**20


class SpectraContents:
    """A file of text, or a folder of them: one series.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        from pulsetrain.data.spectra import open_spectra

        self.path = path
        self._name = Path(path).name
        self._series = open_spectra(path)

    def sources(self) -> Sources:
        order = self._series.order
        values = order.values
        number = f"{values.size} spectr{'um' if values.size == 1 else 'a'}"
        units = order.attrs["units"]
        span = f"{order.attrs['long_name']} {values.min():g} … {values.max():g} {units}".strip() if units else ""
        note = ", ".join(filter(None, [number, span if values.size > 1 else ""]))
        return Sources(self.path, "spectra", (Source(self._name, "group", note),))

    def keys(self, source: str) -> tuple[Key, ...]:
        if source != self._name:
            raise DataError(self.path, f"source {source!r}", repr(self._name), "list the sources again")
        series = self._series
        return (Key("intensity", series.shape, str(series.dtype), series.attrs["units"], "spectra", series.shape[0]),)

    def values(self, source: str, key: Key) -> Curve | Text:
        raise DataError(self.path, f"{source}, {key.name}", "a spectrum", "open it as spectra")

    def values_code(self, source: str, key: Key) -> str:
        raise DataError(self.path, f"{source}, {key.name}", "a spectrum", "open it as spectra")


class NumpyContents:
    """An ``.npy`` or ``.npz`` file.

    Parameters
    ----------
    path : str
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._name = Path(path).name
        self._packed = path.lower().endswith(".npz")
        self._keys = {key.name: key for key in self._read_keys()}

    def sources(self) -> Sources:
        number = f"{len(self._keys)} array{'s' if len(self._keys) != 1 else ''}"
        return Sources(self.path, "numpy", (Source(self._name, "group", number),))

    def keys(self, source: str) -> tuple[Key, ...]:
        if source != self._name:
            raise DataError(self.path, f"source {source!r}", repr(self._name), "list the sources again")
        return tuple(self._keys.values())

    def values(self, source: str, key: Key) -> Curve | Text:
        del source
        array = self._array(key.name)
        if array.dtype.kind not in "iufb" or array.size <= 1:
            return Text(", ".join(map(str, np.ravel(array)[:4])) or "empty")
        if array.ndim > 1:
            array = array[(0,) * (array.ndim - 2)]
        rows = max(1, _MOST_BYTES // (array[:1].nbytes or 1))
        return Curve(array[:rows], None, "column" if array.ndim > 1 else "entry", "row" if array.ndim > 1 else "")

    def values_code(self, source: str, key: Key) -> str:
        del source
        member = f"[{quoted(key.name)}]" if self._packed else ""
        return python_lines("numpy as np", "values", f"np.load({quoted(self.path)}){member}")

    def _array(self, name: str) -> Any:
        loaded = np.load(self.path, mmap_mode=None if self._packed else "r", allow_pickle=False)
        return loaded[name] if self._packed else loaded

    def _read_keys(self) -> list[Key]:
        try:
            if not self._packed:
                return [self._key("array", self._array("array"))]
            with np.load(self.path, allow_pickle=False) as arrays:
                return [self._key(name, arrays[name]) for name in arrays.files]
        except (ValueError, EOFError, OSError) as error:
            if "pickle" in str(error) or "Python objects" in str(error):
                got, allowed = "an array of Python objects", "an array of numbers"
                raise DataError(self.path, got, allowed, "write it with numbers alone") from None
            raise DataError(self.path, "a file that NumPy cannot read", "a whole file", "write it again") from None

    def _key(self, name: str, array: Any) -> Key:
        shape = array.shape
        key = Key(name, shape, dtype_text(array.dtype))
        frames = frames_in(name, shape) if array.dtype.kind in "iufb" and 0 not in shape else 0
        arguments = {"key": name} if self._packed else {}
        return Key(name, shape, key.dtype, "", "frames", frames, arguments) if frames else key
