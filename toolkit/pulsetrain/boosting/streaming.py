"""Every frame of an input boosted chunk by chunk: memory bounded, nothing finished lost."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.boosting._frames import photons, pictures
from pulsetrain.boosting.booster import AT_ONCE, FEWEST, Booster
from pulsetrain.data import DataError
from pulsetrain.data.chunked_store import ChunkedStore
from pulsetrain.data.chunks import Chunk, chunk_length, read_blocks
from pulsetrain.progress import Pace, Progress

__all__ = ["boost_rest", "findings"]

Arrays = dict[str, NDArray[Any]]

_CHECKED = 2**22  # pixels of the frames that tell the condition
_RUNS = 16  # of neighbours, that few blocks of frames are read


def boost_rest(
    booster: Booster,
    frames: xr.DataArray,
    store: ChunkedStore,
    *,
    attrs: dict[str, Any] | None = None,
    progress: Progress | None = None,
) -> None:
    """Boost the frames whose chunks are not in the store yet.

    Parameters
    ----------
    booster : Booster
    frames : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
        More than fit in memory.
    store : ChunkedStore
        Of what `Booster.predict` returns, and ``masked`` (pattern,), the share of each frame's pixels, and ``chi2``
        (pattern,), χ² per live pixel of its image made poor again. The attribute ``findings`` is what `findings` says.
    attrs : dict, optional
        Further attributes.
    progress : callable, optional
        Told ``(frames, frames, message, frames_per_s=…)``; may raise `pulsetrain.progress.Cancelled`.
    """
    shown = pictures(frames, booster.options, "frames")
    n, y, x = (shown.sizes[dim] for dim in ("pattern", "y", "x"))
    length = chunk_length(shown, y * x)
    if not store.finished:
        if progress is not None:
            progress(0, n, "comparing the condition with the one that was learnt")
        coords = {str(name): coord.to_numpy() for name, coord in shown.coords.items() if coord.dims == ("pattern",)}
        example = _boosted(booster, shown[:1]).assign_attrs(
            {**(attrs or {}), "findings": json.dumps(findings(booster, shown))}
        )
        store.lay_out(n, length, example, coords)
    starts = {number: start for number, start in enumerate(range(0, n, length)) if number not in store.finished}
    chunks = (Chunk(number, start, shown[start : start + length]) for number, start in starts.items())
    pace = Pace(n, sum(min(length, n - start) for start in starts.values()), "boosted", progress)
    whole: Arrays = {}
    at = 0
    for chunk, some in _pieces(chunks):
        made = _boosted(booster, some).data_vars
        whole = whole or {str(name): np.empty((length, *each.shape[1:]), each.dtype) for name, each in made.items()}
        for name, values in made.items():
            whole[str(name)][at : at + len(some)] = values
        at += len(some)
        if at == chunk.pictures.sizes["pattern"]:
            store.write(chunk.number, chunk.start, {name: values[:at] for name, values in whole.items()})
            at = 0
        pace.add(len(some))


def findings(booster: Booster, frames: xr.DataArray) -> list[str]:
    """Say how frames differ from the condition that was learnt, by a sample spread evenly over them.

    Returns
    -------
    list of str
        What `Booster.check` finds, or that nothing could be told.
    """
    shown = pictures(frames, booster.options, "frames")
    n = shown.sizes["pattern"]
    if n < FEWEST:
        return [f"{n} frames are too few to tell whether their condition is the one that was learnt: give {FEWEST}"]
    wanted = min(n, max(FEWEST, _CHECKED // (shown.sizes["y"] * shown.sizes["x"])))
    runs = min(_RUNS, wanted)
    starts = np.linspace(0, n - wanted // runs, runs).astype(int)
    some = np.unique((starts[:, None] + np.arange(wanted // runs)).ravel())
    try:
        return [each.message for each in booster.check(shown.isel(pattern=some))]
    except DataError as error:
        got, allowed, _ = error.args_without_place
        return [f"whether the condition is the one that was learnt cannot be told: got {got}; allowed: {allowed}"]


def _pieces(chunks: Iterable[Chunk]) -> Iterator[tuple[Chunk, xr.DataArray]]:
    """Yield each chunk's frames, as many at a time as are boosted together."""
    for chunk, block in read_blocks(chunks):
        rows = max(1, AT_ONCE // block[0].size)
        for start in range(0, len(block), rows):
            yield chunk, xr.DataArray(block[start : start + rows], dims=("pattern", "y", "x"))


def _boosted(booster: Booster, frames: xr.DataArray) -> xr.Dataset:
    result = booster.predict(frames, return_std=booster.has_std)
    low = photons(frames, booster.options.photon)
    deviation = booster.degradation.deviation(low, result["image"].to_numpy())
    live = np.isfinite(deviation)
    pixels = live.sum(axis=(1, 2))
    chi2 = np.where(live, deviation, 0).sum(axis=(1, 2), dtype=float) / np.where(pixels, pixels, np.nan)
    result["chi2"] = ("pattern", chi2.astype(np.float32), {"units": "1"})
    result["masked"] = ("pattern", (1 - live.mean(axis=(1, 2))).astype(np.float32), {"units": "1"})
    return result
