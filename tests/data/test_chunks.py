"""Frames are read once, in order and in blocks that fit in memory, whatever the chunks they are written in."""

from __future__ import annotations

import dask.array as da
import numpy as np
import pytest
import xarray as xr

from pulsetrain.data._lazy import Rows
from pulsetrain.data.chunks import Chunk, chunk_length, read_blocks


class _Ramp(Rows):
    """Frames that hold their own number, and a list of what was read of them."""

    def __init__(self, n: int, size: int) -> None:
        self.shape, self.dtype = (n, size, size), np.dtype(np.float32)
        self.was_read: list[tuple[int, int]] = []

    def read(self, start, stop):
        self.was_read.append((start, stop))
        return np.broadcast_to(np.arange(start, stop, dtype=np.float32)[:, None, None], (stop - start, *self.shape[1:]))


@pytest.mark.parametrize(("n", "size"), [(7000, 64), (2500, 256), (5, 64)])
def test_every_frame_is_read_once_and_in_order(n, size):
    rows = _Ramp(n, size)
    pictures = xr.DataArray(rows.dask(f"ramp-{n}-{size}"), dims=("pattern", "y", "x"))
    length = chunk_length(pictures)
    chunks = [Chunk(k, start, pictures[start : start + length]) for k, start in enumerate(range(0, n, length))]
    numbers = []
    for chunk, block in read_blocks(chunks):
        assert chunk.start <= block[0, 0, 0] < chunk.start + length
        assert block.nbytes <= 32 * 2**20
        numbers.extend(block[:, 0, 0].astype(int).tolist())
    assert numbers == list(range(n))
    assert sorted(rows.was_read) == rows.was_read
    assert sum(stop - start for start, stop in rows.was_read) == n


@pytest.mark.parametrize(
    ("n", "block", "values", "length"),
    [
        (300, 512, 1, 300),
        (10**5, 512, 1, 1024),
        (10**7, 512, 1, 10_000),
        (10**9, 512, 1, 65536),
        (10**5, 16, 1, 1024),
        (10**5, 3000, 1, 3000),
        (10**5, 8, 2**20, 16),  # images of a megapixel: 64 MiB of an array
        (10**7, 8, 2**24, 8),
    ],
)
def test_a_chunk_is_seconds_of_work_and_chunks_stay_few(n, block, values, length):
    pictures = xr.DataArray(da.zeros((n, 2, 2), chunks=(block, 2, 2)), dims=("pattern", "y", "x"))
    found = chunk_length(pictures, values)
    assert found == pytest.approx(length, abs=block / 2)
    assert found % block == 0 or found == n
