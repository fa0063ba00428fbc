"""Frames as boosting works on them: pictures in photons, NaN where masked."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data import DataError
from pulsetrain.data.assembly import assemble

__all__ = ["photons", "pictures", "sample"]

Floats = NDArray[np.float32]

_MOST = 2**26  # pixels that are learnt from
_WIDEST, _ALIKE = 16, 0.9  # side of squares that share a value, px, and share of pixels by which that is seen
_BRIGHTEST = 1e9  # photons in a pixel: more are a detector's way to say something else, and no whole number of 32 bits
_RUNS = 64  # of neighbours, that few chunks are read for a sample


def pictures(frames: xr.DataArray, options: BoostingOptions, name: str) -> xr.DataArray:
    """Return frames as pictures, dims (pattern, y, x); modules are put where the geometry has them."""
    if "module" in frames.dims:
        return assemble(frames, options.geometry or None)
    if set(frames.dims) != {"pattern", "y", "x"}:
        allowed = "(pattern, y, x) or (pattern, module, slow_scan, fast_scan)"
        raise DataError(name, f"dims {frames.dims}", allowed, "read them by pulsetrain.open_frames")
    return frames.transpose("pattern", "y", "x")


def photons(frames: xr.DataArray, photon: float) -> Floats:
    """Read pictures, in photons."""
    read = frames.data.compute(scheduler="synchronous") if frames.chunks else frames.data
    made = np.asarray(read, np.float32) / np.float32(photon)
    made[np.isinf(made)] = np.nan
    return made


def sample(frames: xr.DataArray, photon: float, name: str, least: int) -> Floats:
    """Read as many pictures as fit, spread evenly, without those that are masked throughout.

    Raises
    ------
    DataError
        If fewer than `least` are left, values cannot be photons, or pixels share values.
    """
    total, size = frames.sizes["pattern"], frames.sizes["y"] * frames.sizes["x"]
    wanted = min(total, max(least, _MOST // max(size, 1)))
    runs = min(_RUNS, max(wanted, 1))
    length = wanted // runs
    starts = np.linspace(0, total - length, runs).astype(int)
    chosen = slice(None) if wanted == total else np.unique((starts[:, None] + np.arange(length)).ravel())
    made = photons(frames.isel(pattern=chosen), photon)
    made = made[np.isfinite(made).any(axis=(1, 2))]
    if len(made) < least:
        raise DataError(name, f"{len(made)} frames with live pixels", f"{least} or more", "give more frames")
    if (most := np.nanmax(made)) > _BRIGHTEST:
        allowed = f"{_BRIGHTEST:g} or fewer"
        raise DataError(name, f"a pixel of {most:.3g} photons", allowed, "check photon, and mask what is no light")
    side = _shared(made)
    if side > 1:
        got, bins = f"values that repeat in squares of {side} × {side} pixels", f"coarsen(y={side}, x={side}).mean()"
        raise DataError(name, got, "one value for each pixel", f"bin both sets: frames.{bins} * {side**2}")
    return made


def _shared(frames: Floats) -> int:
    """Return the side of the squares of pixels that share a value, as binned readings do; 1 where each has its own."""
    before, after = frames[..., :-1], frames[..., 1:]
    lit = np.isfinite(before) & np.isfinite(after) & ((before != 0) | (after != 0))
    same = ((before == after) & lit).sum(axis=(0, 1)) / np.maximum(lit.sum(axis=(0, 1)), 1)
    column = np.arange(len(same))
    for side in range(2, _WIDEST + 1):
        within = column % side != side - 1
        if same[within].mean() > _ALIKE and same[~within].mean() < 1 - _ALIKE:
            return side
    return 1
