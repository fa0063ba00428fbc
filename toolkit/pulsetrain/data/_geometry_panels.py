"""The panels and bad regions that a CrystFEL geometry file tells of."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._geometry_values import Axis, axes_of, energy_of, length_of, number_of, vector_of

__all__ = ["LINE", "Panel", "panels_in"]

LINE = re.compile(r"^\s*(?:([\w.-]+)/)?([\w.-]+)\s*=\s*([^;]*?)\s*(?:;.*)?$")
_GLOBAL = re.compile(r"^(rigid_group|group_|photon_energy|wavelength|electron_voltage|beam_energy|bandwidth|peak_list)")
_MOST_PIXELS = 2**28  # the largest detectors have a tenth of it


@dataclass(frozen=True)
class Panel:
    """A flat, regular part of a detector.

    Attributes
    ----------
    name : str
    dataset : str
        HDF5 path of the data.
    place : tuple of slice or int
        Where it lies in the data of one pattern, after the pattern's own axes are gone.
    transposed : bool
        The fast axis comes before the slow one in the file.
    corner : numpy.ndarray, shape (2,), pixels
        x and y of the outer corner of its first pixel.
    fs, ss : numpy.ndarray, shape (3,), pixels
        Steps in the laboratory's x, y and z along the fast and the slow axis.
    clen, coffset : float, metres
        It stands at z = clen + coffset. NaN where the camera length comes from the data file.
    resolution : float, pixels per metre
    adu_per_photon : float
    """

    name: str
    dataset: str
    place: tuple[slice | int, ...]
    transposed: bool
    corner: NDArray[np.float64]
    fs: NDArray[np.float64]
    ss: NDArray[np.float64]
    clen: float
    coffset: float
    resolution: float
    adu_per_photon: float

    @property
    def size(self) -> tuple[int, int]:
        """Pixels along the slow and the fast axis."""
        slow, fast = (s.stop - s.start for s in self.place if isinstance(s, slice))
        return (fast, slow) if self.transposed else (slow, fast)

    @property
    def first(self) -> tuple[int, int]:
        """Slow and fast scan in the data at which it begins."""
        slow, fast = (s.start for s in self.place if isinstance(s, slice))
        return (fast, slow) if self.transposed else (slow, fast)

    @property
    def origin(self) -> NDArray[np.float64]:
        """x, y and z of the outer corner of its first pixel, shape (3,), metres."""
        return np.array([*(self.corner / self.resolution), self.clen + self.coffset])


def panels_in(text: str) -> tuple[tuple[Panel, ...], float, NDArray[np.bool_]]:
    """Return the panels of a geometry file, the photon energy in eV, and the bad pixels in the shape of a pattern."""
    common, own, bad = _entries(text)
    names = [name for name in own if not name.startswith(("bad", "group"))]
    if not names:
        raise DataError("geometry", "no panel", "lines such as 'p0/min_fs = 0'", "give a CrystFEL geometry")
    energy = energy_of(common)
    parts = [_panel(name, {**common, **own[name]}, energy) for name in names]
    ignored = [name for name in names if number_of(name, own[name], "no_index", 0.0)]
    bad |= {f"bad {name}": {"panel": name} for name in ignored}
    panels = tuple(panel for panel, _ in parts)
    return panels, energy, _bad(panels, _shape(parts), bad)


def _entries(text: str) -> tuple[dict[str, str], dict[str, dict[str, str]], dict[str, dict[str, str]]]:
    """Return the entries common to all panels, those of each panel, and those of each bad region.

    A common entry holds for the panels whose first line follows it, so it is copied to each as it begins.
    """
    common: dict[str, str] = {}
    own: dict[str, dict[str, str]] = {}
    bad: dict[str, dict[str, str]] = {}
    for line in text.splitlines():
        match = LINE.match(line)
        if match is None:
            continue
        name, key, value = match.groups()
        if name is None:
            common[key] = value
        elif name.startswith("bad"):
            bad.setdefault(name, {})[key] = value
        else:
            inherited = {k: v for k, v in common.items() if not _GLOBAL.match(k)}
            own.setdefault(name, inherited)[key] = value
    return {key: value for key, value in common.items() if _GLOBAL.match(key)}, own, bad


def _panel(name: str, entries: Mapping[str, str], energy: float) -> tuple[Panel, list[Axis]]:
    missing = {"min_fs", "max_fs", "min_ss", "max_ss", "corner_x", "corner_y"} - set(entries)
    if missing:
        got = f"panel {name} without {', '.join(sorted(missing))}"
        raise DataError("geometry", got, "min_fs … max_ss, corner_x and corner_y", "complete the panel")
    axes, resolution = axes_of(name, entries), number_of(name, entries, "res")
    if not 0 < resolution < np.inf:
        raise DataError("geometry", f"{name}/res = {entries['res']}", "pixels per metre, above 0", "mend the line")
    per_ev = number_of(name, entries, "adu_per_eV", np.nan)
    per_photon = number_of(name, entries, "adu_per_photon", per_ev * energy if np.isfinite(per_ev) else 1.0)
    panel = Panel(
        name=name,
        dataset=entries.get("data", ""),
        place=tuple(axis.index for axis in axes),
        transposed=[axis.kind for axis in axes if axis.kind != "module"] == ["fs", "ss"],
        corner=np.array([number_of(name, entries, "corner_x"), number_of(name, entries, "corner_y")]),
        fs=vector_of(name, entries.get("fs", "+1.0x"), "fs"),
        ss=vector_of(name, entries.get("ss", "+1.0y"), "ss"),
        clen=length_of(name, entries.get("clen", "")),
        coffset=length_of(name, entries.get("coffset", "0")),
        resolution=resolution,
        adu_per_photon=per_photon,
    )
    if not np.cross(panel.fs, panel.ss).any():
        got = f"{name}/fs = {entries.get('fs')}, {name}/ss = {entries.get('ss')}"
        raise DataError("geometry", got, "two directions", "mend the panel: they are parallel")
    return panel, axes


def _shape(parts: list[tuple[Panel, list[Axis]]]) -> tuple[int, ...]:
    depths = {len(axes) for _, axes in parts}
    if len(depths) > 1:
        raise DataError("geometry", "panels of data of different depth", "one shape of the data", "give dim0 … alike")
    shape = tuple(max(axes[k].end for _, axes in parts) for k in range(depths.pop()))
    if math.prod(shape) > _MOST_PIXELS:
        got = f"patterns of {' × '.join(map(str, shape))} pixels"
        raise DataError("geometry", got, f"{_MOST_PIXELS} pixels at most", "mend max_fs, max_ss or dim0 …")
    return shape


def _bad(
    panels: tuple[Panel, ...], shape: tuple[int, ...], regions: Mapping[str, Mapping[str, str]]
) -> NDArray[np.bool_]:
    bad = np.ones(shape, dtype=bool)
    for panel in panels:
        slow, fast = panel.size
        s, f = np.meshgrid(np.arange(slow), np.arange(fast), indexing="ij")
        first_s, first_f = panel.first
        mask = np.zeros((slow, fast), dtype=bool)
        for name, region in regions.items():
            inside = np.ones((slow, fast), dtype=bool)
            if "min_x" in region or "max_x" in region:
                x = panel.corner[0] + (f + 0.5) * panel.fs[0] + (s + 0.5) * panel.ss[0]
                y = panel.corner[1] + (f + 0.5) * panel.fs[1] + (s + 0.5) * panel.ss[1]
                spans = (("x", x), ("y", y))
            elif region.get("panel", panel.name) == panel.name:
                spans = (("fs", f + first_f), ("ss", s + first_s))
            else:
                continue
            for key, values in spans:
                inside &= values >= number_of(name, region, f"min_{key}", -np.inf)
                inside &= values <= number_of(name, region, f"max_{key}", np.inf)
            mask |= inside
        bad[panel.place] = mask.T if panel.transposed else mask
    return bad
