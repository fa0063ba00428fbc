"""The parts in which frames of any number are read and worked on: always the same ones, whatever was done before."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

__all__ = ["Chunk", "chunk_length", "read_blocks"]

# A chunk is what a kill may cost and what a worker is given: seconds of work, and a thousand files an array at most
# until chunks would take minutes.
_FEWEST, _CHUNKS, _MOST = 1024, 1000, 65536
_VALUES = 2**24  # of an array in a chunk
_BLOCK = 32 * 2**20  # bytes of a block in memory, as float32


@dataclass(frozen=True)
class Chunk:
    """Frames that are written together.

    Attributes
    ----------
    number : int
    start : int
        The first of them.
    pictures : xarray.DataArray, dims (pattern, y, x)
    """

    number: int
    start: int
    pictures: xr.DataArray


def chunk_length(pictures: xr.DataArray, values: int = 1) -> int:
    """Return the number of frames of a chunk: whole blocks of those that the frames are read in.

    Parameters
    ----------
    pictures : xarray.DataArray, dims (pattern, y, x)
    values : int
        That the largest array of the answer holds of each frame.
    """
    read = 1 if pictures.chunks is None else pictures.chunks[0][0]
    wanted = int(np.clip(-(-pictures.sizes["pattern"] // _CHUNKS), _FEWEST, min(_MOST, max(1, _VALUES // values))))
    return max(1, min(int(read) * max(1, round(wanted / read)), pictures.sizes["pattern"]))


def read_blocks(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, NDArray[np.floating]]]:
    """Yield each chunk's frames in blocks that fit in memory; the next one is being read meanwhile.

    Yields
    ------
    Chunk
    numpy.ndarray, shape (n, y, x)
        32 MiB at most as float32, or one frame.
    """
    spans = ((chunk, span) for chunk in chunks for span in itertools.pairwise(_ends(chunk.pictures)))
    with ThreadPoolExecutor(1) as reader:
        ahead = [(chunk, reader.submit(_read, chunk.pictures, span)) for chunk, span in itertools.islice(spans, 1)]
        while ahead:
            chunk, reading = ahead.pop()
            block = reading.result()
            ahead = [(chunk, reader.submit(_read, chunk.pictures, span)) for chunk, span in itertools.islice(spans, 1)]
            most = _rows(chunk.pictures)
            for start in range(0, len(block), most):
                yield chunk, block[start : start + most]


def _ends(pictures: xr.DataArray) -> list[int]:
    """Return where blocks begin, and the end: no block in which frames are stored is read twice."""
    n, most = pictures.sizes["pattern"], _rows(pictures)
    if pictures.chunks is None:
        return [*range(0, n, most), n]
    first, *others = pictures.chunks[0]
    ends = [0, first]
    for size in others:
        if ends[-1] + size - ends[-2] <= most:
            ends[-1] += size
        else:
            ends.append(ends[-1] + size)
    return ends


def _rows(pictures: xr.DataArray) -> int:
    """Return how many frames fit in a block."""
    return max(1, _BLOCK // (4 * pictures.sizes["y"] * pictures.sizes["x"]))


def _read(pictures: xr.DataArray, span: tuple[int, int]) -> NDArray[np.floating]:
    values = pictures.data[slice(*span)]
    # One thread: blocks are read one after the other, and a worker has a core, not a machine.
    return np.asarray(values if pictures.chunks is None else values.compute(scheduler="synchronous"))
