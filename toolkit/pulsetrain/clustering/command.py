"""``pulsetrain clustering PATH -o OUT.zarr``: from frames on disk to what each of them shows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any

import xarray as xr

from pulsetrain.clustering.clusterer import FrameClusterer
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.streaming import assign_rest, identity, open_store
from pulsetrain.clustering.summary import doubts, summary
from pulsetrain.data import DataError, open_frames
from pulsetrain.data._inputs import expanded
from pulsetrain.data.chunked_store import ChunkedStore
from pulsetrain.options import OptionError
from pulsetrain.progress import Progress

__all__ = ["connect", "open_patterns", "run"]

_PATIENCE = 10  # seconds for a scheduler to answer


def run(
    path: str,
    options: ClusteringOptions,
    output: Path,
    *,
    source: str | None = None,
    key: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Learn from a sample of the frames on disk and assign all of them.

    Parameters
    ----------
    path, source, key : str
        What `pulsetrain.open_frames` reads.
    options : ClusteringOptions
        ``options.geometry`` is needed for frames of several modules.
    output : pathlib.Path
        New, or that of the same input and options, killed or cancelled before it was through: finished chunks stay, and
        the assignment goes on with the others. A Zarr group for `xarray.open_zarr`, laid out as
        `FrameClusterer.predict` returns it, with the ``model``, for `FrameClusterer.load`, in it.
    progress : callable, optional
        Told ``(frames, frames, message, frames_per_s=…)``; may raise `pulsetrain.progress.Cancelled`.

    Returns
    -------
    str
        How many frames show what, the clusters, and what is doubtful, one line ``note: …`` each; to be printed.

    Raises
    ------
    FileExistsError
        If the output holds something else or another clustering, or another process is at work on it.
    OptionError, DataError
        For input or options that do not fit; nothing has been written then.
    Cancelled
        At Ctrl-C; says how the work goes on.
    OSError
        When the disk is full; says the same.
    """
    frames = open_patterns(path, options, source=source, key=key)
    answer = options.replace(scheduler="")  # who does the work is no part of it
    work = {**identity(frames, answer), "source": source, "key": key}
    # The output comes first: a cluster takes a while to start, only to be told that the place is taken.
    with open_store(expanded(output), work) as store, connect(options.scheduler) as client:
        with store.say_how_to_go_on():
            clusterer = _assign(frames, answer, store, client, progress)
        result = xr.open_zarr(store.folder)
        notes = [f"note: {doubt}" for doubt in doubts(frames, result, options)]
        return "\n".join([summary(result, clusterer.clusters), *notes, "", str(store.folder)])


def open_patterns(
    path: str, options: ClusteringOptions, *, source: str | None = None, key: str | None = None
) -> xr.DataArray:
    """Open frames with ``options.geometry``, where they need it.

    Raises
    ------
    OptionError, DataError
        For input that does not fit, modules without a geometry, or pictures with one.
    """
    frames = open_frames(path, source=source, key=key)
    if "module" not in frames.dims:
        if options.geometry:
            size = f"{frames.sizes['y']} × {frames.sizes['x']} pixels"
            raise OptionError(
                f"geometry: got {options.geometry!r} for pictures of {size}, allowed for frames of modules only; leave "
                "it out, and say by centre_x and centre_y where the beam is"
            )
        return frames
    if not options.geometry:
        size = " × ".join(str(frames.sizes[dim]) for dim in ("module", "slow_scan", "fast_scan"))
        raise OptionError(
            f"geometry: got none for frames of {size} pixels, module by module, allowed a CrystFEL geometry file; "
            "give that of the experiment"
        )
    try:
        return open_frames(path, source=source, key=key, geometry=options.geometry)
    except DataError as error:
        raise OptionError(f"geometry: {error}") from None


def _assign(
    frames: xr.DataArray, options: ClusteringOptions, store: ChunkedStore, client: Any, progress: Progress | None
) -> FrameClusterer:
    if store.model.exists():
        clusterer = FrameClusterer.load(store.model)
    else:
        clusterer = FrameClusterer(**dict(options)).fit(frames, progress)
        store.keep_model(clusterer.save)
    if not store.is_complete:
        assign_rest(clusterer, frames, store, client=client, progress=progress)
        store.complete()
    return clusterer


@contextmanager
def connect(scheduler: str) -> Iterator[Any]:
    """Connect to a Dask scheduler, or start one on this machine; None where there shall be none.

    Raises
    ------
    OptionError
        If nothing answers there.
    """
    if not scheduler:
        yield None
        return
    distributed: Any = import_module("distributed")  # has no types
    if scheduler == "local":
        with (
            distributed.LocalCluster(threads_per_worker=1, dashboard_address=None) as cluster,
            distributed.Client(cluster) as client,
        ):
            yield client
        return
    file = Path(scheduler).expanduser()
    try:
        address = json.loads(file.read_text(encoding="utf-8"))["address"] if file.is_file() else scheduler
        client = distributed.Client(address, timeout=_PATIENCE)
    except (OSError, ValueError, LookupError, TypeError) as error:
        raise OptionError(
            f"scheduler: got {scheduler!r}, allowed the address or file of a running Dask scheduler ({error})"
        ) from None
    with client:
        yield client
