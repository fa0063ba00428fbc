"""Patterns one block at a time, each with a key by which it is known again."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError

__all__ = ["Patterns"]

_BLOCK = 64 * 2**20  # bytes that are read at once


class Patterns:
    """Patterns one block at a time.

    Parameters
    ----------
    array : xarray.DataArray, dims (pattern, …)
    shape : tuple of int
        Of one pattern of the detector.

    Raises
    ------
    DataError
        For patterns of another shape, or of what is no number.
    """

    def __init__(self, array: xr.DataArray, shape: tuple[int, ...]) -> None:
        if array.dims[:1] != ("pattern",) or array.shape[1:] != shape:
            got = f"patterns of {dict(array.sizes)}"
            raise DataError("patterns", got, f"(pattern, {', '.join(map(str, shape))})", "give the detector's geometry")
        if array.dtype.kind not in "biuf":
            raise DataError("patterns", f"values of {array.dtype}", "numbers", "open the detector's data")
        self._array = array
        self._name = str(array.data.name) if array.chunks is not None else None

    def __len__(self) -> int:
        return int(self._array.sizes["pattern"])

    @property
    def in_memory(self) -> bool:
        """Whether they need not be read."""
        return self._name is None

    def blocks(self) -> Iterator[range]:
        """Return the patterns in the blocks in which they are best read."""
        most = max(1, _BLOCK // max(1, self._array.dtype.itemsize * int(np.prod(self._array.shape[1:]))))
        sizes = self._array.chunks[0] if self._array.chunks is not None else (len(self),)
        for first, end in pairwise([0, *map(int, np.cumsum(sizes))]):
            for start in range(first, end, most):
                yield range(start, min(start + most, end))

    def read(self, block: range) -> NDArray[Any]:
        """Return a block of patterns, shape (n, pixel)."""
        part = self._array[block.start : block.stop]
        values = part.compute(scheduler="synchronous").to_numpy() if not self.in_memory else part.to_numpy()
        return values.reshape(len(block), -1)

    def frame(self, number: int) -> NDArray[Any]:
        """Return one pattern, shape (pixel,)."""
        frame: NDArray[Any] = self.read(range(number, number + 1))[0]
        return frame

    def key(self, number: int, frame: NDArray[Any] | None) -> Hashable:
        """Return what a pattern is known by: its place in a Dask graph, or else its content.

        Parameters
        ----------
        number : int
        frame : numpy.ndarray or None
            Needed where the patterns are in memory, and may have been changed there.
        """
        if self._name is not None:
            return self._name, number
        if frame is None:
            raise ValueError("a pattern in memory is known by its content: give the frame")
        return frame.dtype.str, hashlib.sha256(np.ascontiguousarray(frame).data).digest()
