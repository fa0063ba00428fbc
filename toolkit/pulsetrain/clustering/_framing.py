"""Frames of any detector and size brought to one: squares of photons around the beam."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import dask.array as da
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.data import DataError
from pulsetrain.data.assembly import assemble

__all__ = ["Framing", "pictures", "spread_sample"]

_LEAST_VALID = 0.5  # of the pixels that are binned into one; of fewer, it is masked


@dataclass(frozen=True)
class Framing:
    """How the pictures of one detector become squares.

    Attributes
    ----------
    shape : (int, int)
        Of a picture, in pixels.
    first : (int, int)
        Where the square begins on each axis; negative where it begins outside.
    binning : int
        Pixels that become one, along each axis.
    side : int
        Of the square, after binning.
    photon : float
        What one photon adds to a pixel.
    """

    shape: tuple[int, int]
    first: tuple[int, int]
    binning: int
    side: int
    photon: float

    @classmethod
    def of(cls, frames: xr.DataArray, options: ClusteringOptions) -> Framing:
        """Choose the framing of pictures, dims (pattern, y, x): as much as `side` holds after whole binning."""
        shape = (frames.sizes["y"], frames.sizes["x"])
        binning = max(1, min(shape) // options.side)
        centre = (
            _centre(frames, "y") if options.centre_y is None else options.centre_y,
            _centre(frames, "x") if options.centre_x is None else options.centre_x,
        )
        for axis, at, size in zip(("y", "x"), centre, shape, strict=True):
            if not 0 <= at <= size - 1:
                allowed = f"0 to {size - 1}, on the picture"
                raise DataError(f"centre_{axis}", f"{at:g}", allowed, "give the beam in pixels of the picture")
        half = (options.side * binning - 1) / 2
        first = (round(centre[0] - half), round(centre[1] - half))
        return cls(shape, first, binning, options.side, options.photon)

    def block(self, pixels: NDArray[Any]) -> NDArray[np.float32]:
        """Cut and bin pictures.

        Parameters
        ----------
        pixels : shape (n, y, x), the detector's units, NaN where masked

        Returns
        -------
        numpy.ndarray, shape (n, side, side), float32, photons
            A binned pixel is the mean of its unmasked ones times their full number; NaN where more than half is masked.
        """
        if pixels.shape[1:] != self.shape:
            got, allowed = f"frames of {pixels.shape[1:]} pixels", f"{self.shape}, as those that were learnt from"
            raise DataError("frames", got, allowed, "fit anew for this detector")
        size = self.side * self.binning
        inside, target = zip(*(_overlap(n, f, size) for n, f in zip(self.shape, self.first, strict=True)), strict=True)
        cut = pixels[:, inside[0], inside[1]]
        if np.isinf(cut).any():  # some corrections divide by a dead pixel's gain
            cut = np.where(np.isinf(cut), np.nan, cut)
        if self.binning == 1 and cut.shape[1:] == (size, size):
            return np.asarray(cut / np.float32(self.photon), dtype=np.float32)
        whole = np.full((len(pixels), size, size), np.nan, dtype=np.float32)
        whole[:, target[0], target[1]] = cut / np.float32(self.photon)
        if self.binning == 1:
            return whole
        parts = whole.reshape(-1, self.side, self.binning, self.side, self.binning)
        valid = np.isfinite(parts)
        count = valid.sum(axis=(2, 4), dtype=np.float32)  # (n, side, side)
        total = np.where(valid, parts, np.float32(0)).sum(axis=(2, 4))
        full = np.float32(self.binning**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(count >= _LEAST_VALID * full, total * (full / count), np.float32(np.nan))

    def read(self, frames: xr.DataArray) -> NDArray[np.float32]:
        """Read pictures, dims (pattern, y, x), as `block` makes them: lazy ones chunk by chunk, as all may not fit."""
        if not isinstance(frames.data, da.Array):
            return self.block(frames.to_numpy())
        pixels = frames.data.rechunk({1: -1, 2: -1})
        chunks = (pixels.chunks[0], (self.side,), (self.side,))
        squares = pixels.map_blocks(self.block, dtype=np.float32, chunks=chunks, meta=np.empty((0, 0, 0), np.float32))
        return np.asarray(squares.compute(scheduler="synchronous"))


def pictures(frames: xr.DataArray, options: ClusteringOptions) -> xr.DataArray:
    """Return frames as pictures, dims (pattern, y, x); modules are put where the geometry has them."""
    if "module" in frames.dims:
        return assemble(frames, options.geometry or None)
    if set(frames.dims) != {"pattern", "y", "x"}:
        allowed = "(pattern, y, x) or (pattern, module, slow_scan, fast_scan)"
        raise DataError("frames", f"dims {frames.dims}", allowed, "read them by pulsetrain.open_frames")
    return frames.transpose("pattern", "y", "x")


def spread_sample(frames: xr.DataArray, n: int, pieces: int = 64) -> xr.DataArray:
    """Return at most `n` frames in runs of neighbours that are spread evenly, so that few chunks are read for them."""
    total = frames.sizes["pattern"]
    if total <= n:
        return frames
    pieces = min(pieces, n)
    length = n // pieces
    starts = np.linspace(0, total - length, pieces).astype(int)
    if isinstance(frames.data, da.Array):
        parts = [frames.isel(pattern=slice(start, start + length)) for start in starts]
        return xr.concat(parts, "pattern")
    return frames.isel(pattern=np.concatenate([np.arange(start, start + length) for start in starts]))


def _centre(frames: xr.DataArray, axis: str) -> float:
    """Return where the beam is: coordinate 0 of assembled modules, or the middle."""
    size = frames.sizes[axis]
    along = frames.coords[axis].to_numpy() if axis in frames.coords else None
    if along is not None and size > 1 and along.min() < 0 < along.max():
        return float(np.interp(0.0, along, np.arange(size)))
    return (size - 1) / 2


def _overlap(size: int, first: int, wanted: int) -> tuple[slice, slice]:
    """Return the part of an axis that lies in the square, and where it lies there."""
    start, stop = max(first, 0), min(first + wanted, size)
    return slice(start, stop), slice(start - first, stop - first)
