"""What indexamajig reads: the patterns' own file where it can, else a file written for it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry, Panel

__all__ = ["Input", "own_file_of", "refuse_misfit", "written_for"]

_BLOCK = 2**26  # bytes of frames held at once
_DATA, _MASK = "/frames/data", "/frames/mask"
_PLACES = re.compile(
    r"^\s*(?:[\w.-]+/)?(?:data|dim\d|mask|mask_(?:file|good|bad)|mask\d_(?:data|file|goodbits|badbits)"
    r"|saturation_map(?:_file)?)\s*="
)
_PATTERN_AXIS = re.compile(r"^\s*(?:[\w.-]+/)?dim(\d)\s*=\s*%", re.MULTILINE)


@dataclass(frozen=True)
class Input:
    """Patterns in a file, with the geometry that finds them there.

    Attributes
    ----------
    file : pathlib.Path
    events : tuple of str
        CrystFEL's name of each pattern, such as ``//7``.
    geometry : CrystFELGeometry
    """

    file: Path
    events: tuple[str, ...]
    geometry: CrystFELGeometry


def refuse_misfit(patterns: xr.DataArray, geometry: CrystFELGeometry) -> None:
    """Refuse patterns that do not fit the geometry, by a `DataError`."""
    if patterns.dims[:1] != ("pattern",) or patterns.shape[1:] != geometry.shape or not patterns.size:
        got = f"patterns of dims {patterns.dims} and shape {patterns.shape}"
        allowed = f"at least one of shape {geometry.shape}, as in the geometry"
        raise DataError("patterns", got, allowed, "give the geometry of this detector")


def written_for(patterns: xr.DataArray, geometry: CrystFELGeometry, folder: Path) -> Input:
    """Write patterns into a folder as indexamajig reads them best.

    Raises
    ------
    DataError
        For a geometry that leaves the photon energy to the data file.
    """
    if not np.isfinite(geometry.photon_energy):
        got = "a geometry without a photon energy of its own"
        raise DataError("geometry", got, "a number", "write 'photon_energy = 9300 eV' into the geometry")
    file = folder / "frames.h5"
    masked = _write(file, patterns, geometry)
    events = tuple(f"//{k}" for k in range(patterns.sizes["pattern"]))
    return Input(file, events, _geometry_of_written(geometry, masked=masked))


def own_file_of(patterns: xr.DataArray, geometry: CrystFELGeometry) -> Input | None:
    """Return the file that the patterns were opened from, if it holds them as they are and indexamajig reads it well.

    A coordinate ``frame`` (pattern,) says which frames of the file they are; without it they must be all of them.
    Frames at both ends and in the middle are compared: masked or changed patterns differ from their file.
    """
    file = Path(str(patterns.attrs.get("source", "")))
    datasets = {panel.dataset for panel in geometry.panels}
    if len(datasets) != 1 or set(_PATTERN_AXIS.findall(geometry.text)) != {"0"} or not file.is_file():
        return None
    try:
        with h5py.File(file) as opened:
            dataset = opened.get(datasets.pop() or "/data/data")
            frames = _frames_of(patterns, dataset, geometry) if isinstance(dataset, h5py.Dataset) else None
    except OSError:  # no HDF5, or none that opens
        return None
    return None if frames is None else Input(file.absolute(), tuple(f"//{frame}" for frame in frames), geometry)


def _frames_of(patterns: xr.DataArray, dataset: h5py.Dataset, geometry: CrystFELGeometry) -> list[int] | None:
    """Return which frames of a dataset the patterns are; None where they are not, or are read badly from there."""
    n = patterns.sizes["pattern"]
    if dataset.shape[1:] != geometry.shape or not _read_well(dataset):
        return None
    if "frame" not in patterns.coords and n != dataset.shape[0]:
        return None
    frames = [int(frame) for frame in patterns.coords["frame"].values] if "frame" in patterns.coords else [*range(n)]
    fits = min(frames) >= 0 and max(frames) < dataset.shape[0] and len(set(frames)) == n
    if not fits:
        return None
    some = sorted({0, n // 2, n - 1})
    stored = [dataset[frames[k]] for k in some]
    return frames if np.array_equal(stored, patterns[some].values) else None


def _read_well(dataset: h5py.Dataset) -> bool:
    # indexamajig reads panel by panel: a compressed chunk of all modules would be unpacked for each of them.
    return dataset.chunks is None or int(np.prod(dataset.chunks)) <= int(np.prod(dataset.shape[-2:]))


def _write(file: Path, patterns: xr.DataArray, geometry: CrystFELGeometry) -> bool:
    """Write patterns one module per chunk; return whether any pixel is masked (NaN), which the mask then says."""
    n, shape = patterns.sizes["pattern"], geometry.shape
    slow, fast = geometry.panels[0].size[:: -1 if geometry.panels[0].transposed else 1]
    chunk = (1,) * (len(shape) - 1) + (shape[-2:] if len(shape) > 2 else (slow, fast))
    dtype = {"f": np.float32, "b": np.uint8}.get(patterns.dtype.kind, patterns.dtype)
    if np.dtype(dtype).itemsize > 4:
        dtype = np.float32
    masked = False
    with h5py.File(file, "w") as opened:
        data = opened.create_dataset(_DATA, (n, *shape), dtype, chunks=chunk)
        mask = None
        if patterns.dtype.kind == "f":
            mask = opened.create_dataset(_MASK, (n, *shape), np.uint8, chunks=chunk, compression=1)
        for start, stop in _blocks(patterns):
            block: NDArray[np.generic] = patterns[start:stop].values
            if mask is not None:
                bad = ~np.isfinite(block)
                if bad.any():
                    masked = True
                    mask[start:stop] = bad
                    block = np.where(bad, 0, block)
            data[start:stop] = block
    return masked


def _blocks(patterns: xr.DataArray) -> Iterator[tuple[int, int]]:
    """Yield where blocks begin and end: those that lazy patterns are made in, else what memory bears."""
    n = patterns.sizes["pattern"]
    step = max(1, _BLOCK // (int(np.prod(patterns.shape[1:])) * 8))
    sizes = patterns.chunks[0] if patterns.chunks is not None else [step] * (-(-n // step))
    ends = np.minimum(np.cumsum(sizes), n).tolist()
    yield from zip([0, *ends[:-1]], ends, strict=True)


def _geometry_of_written(geometry: CrystFELGeometry, *, masked: bool) -> CrystFELGeometry:
    head = [f"data = {_DATA}", "dim0 = %"]
    if masked:
        head += [f"mask = {_MASK}", "mask_good = 0x0", "mask_bad = 0x1"]
    kept = [line for line in geometry.text.splitlines() if not _PLACES.match(line)]
    tail = [line for panel in geometry.panels for line in _axes(panel)]
    return CrystFELGeometry.parse("\n".join([*head, *kept, "", *tail]) + "\n")


def _axes(panel: Panel) -> list[str]:
    names = iter(("fs", "ss") if panel.transposed else ("ss", "fs"))
    parts = [next(names) if isinstance(part, slice) else str(part) for part in panel.place]
    return [f"{panel.name}/dim{axis} = {part}" for axis, part in enumerate(parts, start=1)]
