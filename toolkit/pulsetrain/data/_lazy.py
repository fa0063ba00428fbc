"""Arrays that lie in files and are read a few patterns at a time."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any

import dask.array as da
import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._hdf5 import open_hdf5

__all__ = ["Hdf5Rows", "NpyRows", "Rows"]

# Memory of one block. Dask holds about one block per thread, so this bounds the memory of any reduction.
_BLOCK = 32 * 2**20


class Rows(ABC):
    """An array read by ranges of its first axis.

    It opens its file anew for each range, so that it may be pickled to worker processes and leaves no file open.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    @abstractmethod
    def read(self, start: int, stop: int) -> NDArray[Any]:
        """Read entries ``start`` … ``stop - 1`` of the first axis."""

    @property
    def ndim(self) -> int:
        return len(self.shape)

    @property
    def rows_per_block(self) -> int:
        """Number of entries of the first axis that go into one block."""
        size = int(np.prod(self.shape[1:], dtype=np.int64)) * self.dtype.itemsize
        return max(1, min(self.shape[0], _BLOCK // max(size, 1)))

    def __getitem__(self, index: Any) -> NDArray[Any]:
        first, *rest = index if isinstance(index, tuple) else (index,)
        if isinstance(first, slice):
            start, stop, step = first.indices(self.shape[0])
            entries = self.read(start, stop)
            return np.asarray(entries[(slice(None, None, step), *rest)])
        return np.asarray(self.read(int(first), int(first) + 1)[(0, *rest)])

    def dask(self, name: str) -> da.Array:
        """Return the array lazily, in blocks of whole entries.

        Parameters
        ----------
        name : str
            Name in the task graph, unique for file and dataset; it spares dask hashing the file.
        """
        meta = np.empty((0,) * self.ndim, dtype=self.dtype)
        chunks = (self.rows_per_block, *self.shape[1:])
        lazy: da.Array = da.from_array(self, chunks=chunks, name=name, meta=meta, fancy=False, asarray=True)
        return lazy


class Hdf5Rows(Rows):
    """A dataset of an HDF5 file; a single picture or spectrum counts as one entry.

    Parameters
    ----------
    path : Path
    key : str
        Path of the dataset inside the file.
    entry_ndim : int
        Number of axes of one entry. A dataset of that many axes gets a first axis of length 1.
    """

    def __init__(self, path: Path, key: str, entry_ndim: int) -> None:
        import hdf5plugin  # noqa: F401  registers the compressions of detector files (bitshuffle, LZ4, Zstandard)

        self.path, self.key = path, key
        with open_hdf5(path) as file:
            dataset = file[key]
            self._single = dataset.ndim == entry_ndim
            self.shape = (1, *dataset.shape) if self._single else dataset.shape
            self.dtype = dataset.dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        import hdf5plugin  # noqa: F401  a worker process has not run __init__

        with open_hdf5(self.path) as file:
            dataset = file[self.key]
            return np.asarray(dataset[()][None] if self._single else dataset[start:stop])


class NpyRows(Rows):
    """An ``.npy`` file, mapped into memory."""

    def __init__(self, path: Path) -> None:
        self.path = path
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        self.shape, self.dtype = array.shape, array.dtype

    def read(self, start: int, stop: int) -> NDArray[Any]:
        return np.array(np.load(self.path, mmap_mode="r", allow_pickle=False)[start:stop])
