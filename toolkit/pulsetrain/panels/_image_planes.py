"""Detector frames as the browser takes them: uint16 or float32, row by row, and one bit a pixel for the mask."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError

__all__ = ["Packed", "as_frame", "as_mask", "pack"]

_UINT16 = 2**16 - 1
_PIECE = 2**23  # bytes of a message: Jupyter's gateway hangs up at 10 MiB, and the server holds five copies of each


@dataclass(frozen=True)
class Packed:
    """Frames of one shape and mask as they are sent.

    Attributes
    ----------
    shape : (int, int)
        Rows and columns.
    planes : tuple of numpy.ndarray, shape (y, x), uint16 or float32, C order
    mask : numpy.ndarray, shape (ceil(y · x / 8),), uint8, or None
        One bit a pixel, the first pixel in the highest bit; 1 is masked.
    """

    shape: tuple[int, int]
    planes: tuple[NDArray[Any], ...]
    mask: NDArray[np.uint8] | None

    def messages(self, version: int) -> Iterator[tuple[dict[str, Any], list[memoryview]]]:
        """Yield content and buffers of messages: planes and mask one after the other, cut where a message is full."""
        height, width = self.shape
        content = {
            "kind": "frame",
            "version": version,
            "width": width,
            "height": height,
            "planes": [str(plane.dtype) for plane in self.planes],
            "masked": self.mask is not None,
        }
        parts = [part.reshape(-1).view(np.uint8).data for part in (*self.planes, self.mask) if part is not None]
        for pieces in _cut(parts):
            yield content, pieces
            content = {"kind": "more", "version": version}


def as_frame(frame: Any, name: str = "frame") -> NDArray[Any]:
    """Return a frame's pixels.

    Raises
    ------
    DataError
        If it is no picture of real numbers.
    """
    if isinstance(frame, xr.Dataset):
        raise DataError(name, "a dataset", "one frame (y, x)", "give one of its variables, such as its image")
    values = np.asarray(frame.to_numpy() if isinstance(frame, xr.DataArray) else frame)
    if values.ndim != 2 or values.size == 0:
        got = f"shape {values.shape}"
        raise DataError(name, got, "(y, x)", "choose one pattern, and put its modules together by assemble()")
    if values.dtype.kind not in "biuf":
        raise DataError(name, f"{values.dtype} values", "integers or floats", "give numbers")
    return values


def as_mask(mask: Any, shape: tuple[int, ...]) -> NDArray[np.bool_] | None:
    """Return a mask as booleans, or None where it masks nothing.

    Raises
    ------
    DataError
        If it is of another shape than the frame.
    """
    if mask is None:
        return None
    values = np.asarray(mask) != 0
    if values.shape != shape:
        raise DataError("mask", f"shape {values.shape}", f"that of the frame, {shape}", "give one value a pixel")
    return values if values.any() else None


def pack(values: NDArray[Any], mask: NDArray[np.bool_] | None = None, *more: NDArray[Any]) -> Packed:
    """Pack frames of one shape as small as it goes without loss: uint16 where all are such integers, else float32.

    Integers beyond ± 2²⁴ and doubles lose what a float32 does not hold.
    """
    bits = None if mask is None else np.packbits(mask.reshape(-1))
    return Packed((values.shape[0], values.shape[1]), tuple(map(_plane, (values, *more))), bits)


def _plane(values: NDArray[Any]) -> NDArray[Any]:
    if values.dtype.kind in "bui" and values.min() >= 0 and values.max() <= _UINT16:
        return np.ascontiguousarray(values, dtype=np.uint16)
    with np.errstate(over="ignore"):  # beyond float32 there is infinity, which is shown as a gap
        return np.ascontiguousarray(values, dtype=np.float32)


def _cut(parts: list[memoryview]) -> Iterator[list[memoryview]]:
    pieces: list[memoryview] = []
    room = _PIECE
    for part in parts:
        rest = part
        while rest:
            pieces.append(rest[:room])
            rest = rest[room:]
            room -= len(pieces[-1])
            if room == 0:
                yield pieces
                pieces, room = [], _PIECE
    if pieces:
        yield pieces
