"""Every frame of an input assigned chunk by chunk: memory bounded, nothing finished lost, here or on a Dask cluster."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from dask.base import optimize
from numpy.typing import NDArray

from pulsetrain.clustering._framing import pictures
from pulsetrain.clustering.clusterer import FrameClusterer
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import clustering_result
from pulsetrain.data._inputs import PathLike, expanded
from pulsetrain.data.chunked_store import ChunkedStore
from pulsetrain.data.chunks import Chunk, chunk_length, read_blocks
from pulsetrain.progress import Pace, Progress

if TYPE_CHECKING:
    from distributed import Client

__all__ = ["assign_all", "assign_rest", "identity", "open_store"]

Arrays = dict[str, NDArray[Any]]

_AHEAD = 2  # chunks handed to each thread of a cluster: one at work and one waiting


def assign_all(
    clusterer: FrameClusterer,
    frames: xr.DataArray,
    store: PathLike,
    *,
    client: Client | None = None,
    progress: Progress | None = None,
) -> xr.Dataset:
    """Assign every frame, chunk by chunk, into a Zarr group that opens with `xarray.open_zarr`.

    Each chunk is on disk as soon as it is finished: after a kill the same call goes on, to the same answer.

    Parameters
    ----------
    clusterer : FrameClusterer
        Fitted; it is saved in the group as ``model``.
    frames : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
        As `pulsetrain.open_frames` gives them; more than fit in memory.
    store : path
        New, or that of the same frames and clusterer.
    client : distributed.Client, optional
        Of a Dask cluster, here or on SLURM, whose workers see the same files. Left out, this process works alone.
    progress : callable, optional
        Told ``(frames, frames, message, frames_per_s=…)``; may raise `pulsetrain.progress.Cancelled`.

    Returns
    -------
    xarray.Dataset, dims (pattern, kind)
        As `FrameClusterer.predict` returns it, but lazy.

    Raises
    ------
    FileExistsError
        If the store holds something else, or the assignment of other frames or by another clusterer, or another process
        is at work on it.

    Examples
    --------
    >>> result = assign_all(clusterer, pulsetrain.open_frames("run"), "out.zarr")                 # doctest: +SKIP
    """
    folder = expanded(store)
    with open_store(folder, identity(frames, clusterer.options)) as opened:
        opened.keep_model(clusterer.save)
        assign_rest(clusterer, frames, opened, client=client, progress=progress)
        opened.complete()
    result: xr.Dataset = xr.open_zarr(folder)
    return result


def open_store(folder: Path, run: dict[str, Any]) -> ChunkedStore:
    """Return the store of an assignment that is made of `run`, such as its `identity`."""
    return ChunkedStore(folder, run, what="clustering", done="assigned")


def identity(frames: xr.DataArray, options: ClusteringOptions) -> dict[str, Any]:
    """Return what an assignment is made of: with anything else it would be another one."""
    return {
        "frames": {**{str(name): int(size) for name, size in frames.sizes.items()}, "dtype": str(frames.dtype)},
        "fingerprint": str(frames.attrs.get("fingerprint", "")),
        "options": options.model_dump(mode="json", exclude={"scheduler"}),
    }


def assign_rest(
    clusterer: FrameClusterer,
    frames: xr.DataArray,
    store: ChunkedStore,
    *,
    client: Client | None = None,
    progress: Progress | None = None,
) -> None:
    """Assign the frames whose chunks are not in the store yet; see `assign_all`."""
    shown = pictures(frames, clusterer.options)
    n, length = shown.sizes["pattern"], chunk_length(shown)
    coords = {str(name): coord.to_numpy() for name, coord in shown.coords.items() if coord.dims == ("pattern",)}
    store.lay_out(n, length, clusterer.predict(frames[:1]), coords)
    starts = {number: start for number, start in enumerate(range(0, n, length)) if number not in store.finished}
    todo = sum(min(length, n - start) for start in starts.values())
    chunks = (Chunk(number, start, shown[start : start + length]) for number, start in starts.items())
    work = _Assign(clusterer, _experiment(clusterer, frames))
    pace = Pace(n, todo, "assigned", progress)
    for chunk, arrays in work.each(chunks) if client is None else _on_cluster(work, chunks, client):
        store.write(chunk.number, chunk.start, arrays)
        pace.add(chunk.pictures.sizes["pattern"])


@dataclass(frozen=True)
class _Assign:
    """What is done to each chunk, wherever."""

    clusterer: FrameClusterer
    experiment: int

    def __call__(self, chunk: Chunk) -> Arrays:
        return next(self.each([chunk]))[1]

    def each(self, chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, Arrays]]:
        """Assign one chunk after the other; what comes next is read meanwhile."""
        framing = self.clusterer.experiments_[self.experiment].scorer.framing
        for _, blocks in itertools.groupby(read_blocks(chunks), key=lambda each: each[0].number):
            parts = [(chunk, self.clusterer.assign(framing.block(pixels), self.experiment)) for chunk, pixels in blocks]
            chunk, first = parts[0]
            whole = {name: np.concatenate([part[name] for _, part in parts]) for name in first}
            yield chunk, self._arrays(chunk, whole)

    def _arrays(self, chunk: Chunk, found: Arrays) -> Arrays:
        cluster, probability, latent = found.pop("cluster"), found.pop("probability"), found.pop("latent", None)
        options = self.clusterer.options
        result = clustering_result(chunk.pictures, cluster, probability, found, options, latent=latent)
        return {str(name): variable.to_numpy() for name, variable in result.data_vars.items()}


def _on_cluster(work: _Assign, chunks: Iterable[Chunk], client: Any) -> Iterator[tuple[Chunk, Arrays]]:
    """Hand chunks to the workers, a few at a time, and yield them as they come back."""
    distributed: Any = import_module("distributed")  # has no types
    # A task, not scattered data: those are gone with the worker that holds them.
    there = client.submit(_itself, work, pure=False)
    running: dict[Any, Chunk] = {}
    chunks = iter(chunks)
    try:
        while True:
            room = _AHEAD * max(1, sum(client.nthreads().values())) - len(running)
            for chunk in itertools.islice(chunks, max(0, room)):
                # The graph of these frames alone, not of the whole input.
                (part,) = optimize(chunk.pictures)
                running[client.submit(_assign, there, replace(chunk, pictures=part), pure=False)] = chunk
            if not running:
                return
            for future in distributed.wait(list(running), return_when="FIRST_COMPLETED").done:
                yield running.pop(future), future.result()
    finally:
        client.cancel([there, *running])


def _itself(work: _Assign) -> _Assign:
    return work


def _assign(work: _Assign, chunk: Chunk) -> Arrays:
    return work(chunk)


def _experiment(clusterer: FrameClusterer, frames: xr.DataArray) -> int:
    """Return which of the clusterer's experiments frames are of; `FrameClusterer.predict` has refused others."""
    known = [each.fingerprint for each in clusterer.experiments_]
    return 0 if len(known) == 1 else known.index(str(frames.attrs["fingerprint"]))
