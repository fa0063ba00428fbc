"""CrystFEL streams as datasets, and datasets as streams.

The format is ``CrystFEL stream format 2.3``, which indexamajig 0.10 to 0.12 write.
"""

from __future__ import annotations

import contextlib
from array import array
from pathlib import Path

import numpy as np
import xarray as xr

from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import PathLike, expanded
from pulsetrain.data._stream_writer import chunk_lines, header_lines
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.panel_positions import pixels_of_panels
from pulsetrain.data.stream_chunks import Chunk, StreamFile

__all__ = ["read_stream", "write_stream"]

_HEADER = ("generator", "command", "geometry", "cell", "indexing")


def read_stream(
    path: PathLike, geometry: CrystFELGeometry | PathLike | None = None, *, strict: bool = True
) -> xr.Dataset:
    """Read a CrystFEL stream, pattern by pattern; reflections are counted and left where they are.

    Parameters
    ----------
    path : path
    geometry : CrystFELGeometry or path, optional
        Where the panels lie in the data; none: as the geometry in the stream says.
    strict : bool
        False: of a stream that is cut off or damaged, the whole chunks before the fault are returned, and the attribute
        ``fault`` says what it is.

    Returns
    -------
    xarray.Dataset
        Per pattern, in the order of the file (which is not that of the input when several processes wrote it):
        ``filename``, ``event`` (``//7``), ``serial``, ``hit``, ``indexed_by``, ``n_peaks``, ``indexed``,
        ``n_crystals``, ``photon_energy`` (eV), ``clen`` (m). Per peak: ``peak_pattern``, ``peak_panel``,
        ``peak_slow_scan`` and ``peak_fast_scan`` (pixels in the data of the panel's module, a pixel's centre being at
        + 0.5), ``peak_q`` (1/d in 1/Å), ``peak_intensity`` and, where there is a geometry, ``peak_pixel``, the flat
        index in the data of the pattern. Per crystal: ``crystal_pattern``, ``crystal_axes`` (crystal, axis, xyz; Å),
        ``crystal_lattice_type``, ``crystal_centering``, ``crystal_unique_axis``, ``crystal_n_reflections``,
        ``crystal_profile_radius`` (1/Å). Attributes ``generator``, ``command``, ``geometry``, ``cell``, ``indexing``:
        texts of the header.

    Raises
    ------
    DataError
        For a file that is missing, no stream, cut off or damaged, with the line; or whose panels the geometry lacks.

    Examples
    --------
    >>> stream = read_stream("run.stream")                                                       # doctest: +SKIP
    >>> float(stream.indexed.mean())                                                             # doctest: +SKIP
    """
    stream = StreamFile(path, strict=strict)
    columns = _Columns()
    for chunk in stream:
        columns.add(chunk)
    dataset = columns.dataset()
    dataset.attrs = {name: getattr(stream.header, name) for name in _HEADER}
    if stream.fault is not None:
        dataset.attrs["fault"] = str(stream.fault)
    if geometry is None:
        # One that this package cannot read takes nothing away but the pixels.
        with contextlib.suppress(DataError):
            geometry = CrystFELGeometry.parse(stream.header.geometry)
    if geometry is not None:
        geometry = CrystFELGeometry.of(geometry)
        pixel = pixels_of_panels(
            geometry, dataset["peak_panel"].values, dataset["peak_slow_scan"].values, dataset["peak_fast_scan"].values
        )
        dataset["peak_pixel"] = ("peak", pixel)
    return dataset


def write_stream(path: PathLike, stream: xr.Dataset) -> Path:
    """Write a dataset of the layout of `read_stream` as a CrystFEL stream.

    Parameters
    ----------
    path : path
        Replaced when the new stream is whole.
    stream : xarray.Dataset
        ``filename``, ``hit`` and the peaks and crystals are needed; what else is missing gets CrystFEL's own neutral
        value.

    Returns
    -------
    pathlib.Path
    """
    target = expanded(path)
    needed = {"filename", "hit", "peak_pattern", "peak_panel", "peak_slow_scan", "peak_fast_scan", "crystal_axes"}
    if missing := sorted(needed - set(stream.variables)):
        raise DataError("stream", f"a dataset without {', '.join(missing)}", "the layout of read_stream", "add them")
    draft = target.with_name(target.name + ".part")
    try:
        with draft.open("w", encoding="utf-8", newline="\n") as file:
            file.writelines(f"{line}\n" for line in header_lines(stream))
            for lines in chunk_lines(stream):
                file.write("\n".join(lines) + "\n")
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return target


class _Columns:
    """What is kept of each chunk, in plain columns: a stream of many patterns costs little more than its numbers."""

    def __init__(self) -> None:
        self.text: dict[str, list[str]] = {name: [] for name in ("filename", "event", "indexed_by")}
        self.number = {name: array("d") for name in ("serial", "hit", "n_peaks", "n_crystals", "photon_energy", "clen")}
        self.peaks, self.panels = array("d"), array("l")
        self.panel_names: dict[str, int] = {}
        self.crystals: list[tuple[str, str, str]] = []
        self.crystal_numbers = array("d")

    def add(self, chunk: Chunk) -> None:
        for name, words in self.text.items():
            words.append(getattr(chunk, name))
        counts = {"n_peaks": len(chunk.panels), "n_crystals": len(chunk.crystals)}
        for name, numbers in self.number.items():
            numbers.append(counts[name] if name in counts else getattr(chunk, name))
        self.peaks.frombytes(chunk.peaks.tobytes())
        self.panels.extend(self.panel_names.setdefault(name, len(self.panel_names)) for name in chunk.panels)
        for crystal in chunk.crystals:
            self.crystals.append((crystal.lattice_type, crystal.centering, crystal.unique_axis))
            self.crystal_numbers.extend((*crystal.axes.ravel(), crystal.n_reflections, crystal.profile_radius))

    def dataset(self) -> xr.Dataset:
        number = {name: np.array(values) for name, values in self.number.items()}
        n_peaks, n_crystals = number["n_peaks"].astype(np.int64), number["n_crystals"].astype(np.int64)
        patterns = np.arange(len(n_peaks))
        peaks = np.array(self.peaks).reshape(-1, 4)
        crystals = np.array(self.crystal_numbers).reshape(-1, 11)
        words = np.array(self.crystals, dtype=str).reshape(-1, 3)
        panels = np.array(list(self.panel_names) or [""], dtype=str)[np.array(self.panels, dtype=np.int64)]
        px = {"units": "px"}
        return xr.Dataset(
            {
                **{name: ("pattern", np.array(values, dtype=str)) for name, values in self.text.items()},
                "serial": ("pattern", number["serial"].astype(np.int64)),
                "hit": ("pattern", number["hit"] != 0),
                "n_peaks": ("pattern", n_peaks),
                "indexed": ("pattern", n_crystals > 0),
                "n_crystals": ("pattern", n_crystals),
                "photon_energy": ("pattern", number["photon_energy"], {"units": "eV"}),
                "clen": ("pattern", number["clen"], {"units": "m"}),
                "peak_pattern": ("peak", np.repeat(patterns, n_peaks)),
                "peak_panel": ("peak", panels),
                "peak_slow_scan": ("peak", peaks[:, 1], px),
                "peak_fast_scan": ("peak", peaks[:, 0], px),
                "peak_q": ("peak", peaks[:, 2], {"units": "1/Å"}),
                "peak_intensity": ("peak", peaks[:, 3]),
                "crystal_pattern": ("crystal", np.repeat(patterns, n_crystals)),
                "crystal_axes": (("crystal", "axis", "xyz"), crystals[:, :9].reshape(-1, 3, 3), {"units": "Å"}),
                "crystal_lattice_type": ("crystal", words[:, 0]),
                "crystal_centering": ("crystal", words[:, 1]),
                "crystal_unique_axis": ("crystal", words[:, 2]),
                "crystal_n_reflections": ("crystal", crystals[:, 9].astype(np.int64)),
                "crystal_profile_radius": ("crystal", crystals[:, 10], {"units": "1/Å"}),
            },
            coords={"axis": ["a", "b", "c"], "xyz": ["x", "y", "z"]},
        )
