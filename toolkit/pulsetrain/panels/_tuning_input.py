"""What the tuning control works on, and where it came from, so that code and reports can fetch the same again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import xarray as xr

from pulsetrain.data import DataError
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.options import OptionError
from pulsetrain.panels._code import near

__all__ = ["PatternsInput", "open_input"]

_OPTIONS = {"n_patterns": 120, "detector": "agipd-mini", "brightness": 50.0, "hit_rate": 0.6, "clen_error": 2.0}
_EXAMPLE = f"simulate_crystals(CrystalOptions({', '.join(f'{k}={v!r}' for k, v in _OPTIONS.items())}), seed=1)"


@dataclass(frozen=True)
class PatternsInput:
    """Patterns with their geometry and cell.

    Attributes
    ----------
    frames : xarray.DataArray, dims (pattern, …)
    geometry : CrystFELGeometry
    cell : UnitCell
    code : str
        Lines of Python that leave the patterns in ``frames``.
    sample : str
        Geometry and cell as they are given to an engine after these lines.
    places : dict of str
        ``path``, ``geometry`` and ``cell`` as a report takes them, ``source`` and ``key`` where they are given; those
        without a file are missing.
    """

    frames: xr.DataArray
    geometry: CrystFELGeometry
    cell: UnitCell
    code: str
    sample: str
    places: dict[str, str]

    @property
    def title(self) -> str:
        """What it is, in a few words."""
        return Path(self.places.get("path", "")).name or str(self.frames.attrs.get("title", "")) or "Patterns"

    def needed(self) -> dict[str, str]:
        """Return the places.

        Raises
        ------
        OptionError
            If a report could not open one of the three.
        """
        advice = {
            "path": "give TuningPanel the path of a file or run",
            "geometry": "write it with geometry.write(path) and give the path",
            "cell": "write it with cell.write(path) and give the path",
        }
        for name, words in advice.items():
            if name not in self.places:
                raise OptionError(f"{name}: this one has no file that a report could open; {words}")
        return self.places


def open_input(
    frames: xr.DataArray | str | Path | None,
    geometry: CrystFELGeometry | str | Path | None,
    cell: UnitCell | str | Path | None,
    source: str | None = None,
    key: str | None = None,
) -> PatternsInput:
    """Open what was given, paths or objects; without patterns, a simulated example.

    Raises
    ------
    OptionError
        If the geometry or the cell is missing.
    DataError
        If something cannot be read, or the frames are not of the geometry's detector.
    """
    if frames is None:
        return _example()
    for name, given in (("geometry", geometry), ("cell", cell)):
        if given is None:
            words = "a CrystFEL .geom file" if name == "geometry" else "a .cell file, a PDB or a CIF"
            raise OptionError(f"{name}: missing; give {words}, as TuningPanel(frames, geometry, cell)")
    places: dict[str, str] = {}
    chosen, named = _read(CrystFELGeometry, "geometry", geometry, places)
    lattice, also_named = _read(UnitCell, "cell", cell, places)
    if isinstance(frames, (str, Path)):
        from pulsetrain.tuning.command import open_patterns

        path = str(Path(frames).expanduser().resolve())
        opened = open_patterns(path, chosen, source=source, key=key)
        places |= {"path": path} | _told(source=source, key=key)
        code = _opening(frames, source, key or _dataset(path, chosen))
    else:
        opened = frames
        code = "frames = panel.frames  # made in this notebook: no file holds them"
    _check(opened, chosen)
    return PatternsInput(opened, chosen, lattice, code, f"{named}, {also_named}", places)


def _opening(path: str | Path, source: str | None, key: str | None) -> str:
    words = [repr(near(path)), *(f"{name}={value!r}" for name, value in _told(source=source, key=key).items())]
    return f"import pulsetrain\nframes = pulsetrain.open_frames({', '.join(words)})"


def _told(**values: str | None) -> dict[str, str]:
    return {name: value for name, value in values.items() if value is not None}


def _dataset(path: str, geometry: CrystFELGeometry) -> str | None:
    """Return the dataset that the geometry names, which `open_patterns` reads of one HDF5 file."""
    named = geometry.panels[0].dataset
    return named if named and "%" not in named and h5py.is_hdf5(path) else None


def _example() -> PatternsInput:
    from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals

    example = simulate_crystals(CrystalOptions(**_OPTIONS), seed=1)
    code = (
        "from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals\n"
        f"example = {_EXAMPLE}\n"
        "frames = example.frames"
    )
    frames = example.frames.assign_attrs(title="Simulated example")
    return PatternsInput(frames, example.geometry, example.cell, code, "example.geometry, example.cell", {})


def _read(kind: Any, name: str, given: Any, places: dict[str, str]) -> tuple[Any, str]:
    """Return an object, read where it is a path, and how code names it."""
    if isinstance(given, (str, Path)):
        places[name] = str(Path(given).expanduser().resolve())
        return kind.read(places[name]), repr(near(given))
    if not isinstance(given, kind):
        raise DataError(name, type(given).__name__, f"a path or a {kind.__name__}", "give one of them")
    file = getattr(given, "path", None)
    if file is not None and Path(file).is_file() and Path(file).read_text(encoding="utf-8") == given.text:
        places[name] = str(file)
        return given, repr(near(file))
    return given, f"panel.{name}"


def _check(frames: xr.DataArray, geometry: CrystFELGeometry) -> None:
    if frames.shape[1:] != geometry.shape or frames.dims[0] != "pattern":
        got = f"frames of {dict(frames.sizes)}"
        allowed = f"(pattern, …) with patterns of {geometry.shape}"
        raise DataError("frames", got, allowed, "give the frames of the geometry's detector")
    if not frames.sizes["pattern"]:
        raise DataError("frames", "no pattern", "at least one", "choose other frames")
    if not np.isfinite(geometry.photon_energy):
        raise DataError(
            "geometry", "no photon energy", "a number in eV", "write 'photon_energy = 9300' into the geometry"
        )
