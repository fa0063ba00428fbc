"""CrystFEL geometry files: where each pixel stands in the laboratory, and the same file with another camera length.

The format: https://www.desy.de/~twhite/crystfel/manual-crystfel_geometry.html
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._geometry_panels import LINE, Panel, panels_in
from pulsetrain.data._geometry_values import PLANCK_C, length_of
from pulsetrain.data._inputs import PathLike

__all__ = ["CrystFELGeometry", "Panel"]


@dataclass(frozen=True)
class CrystFELGeometry:
    """A detector as a CrystFEL geometry file describes it.

    Attributes
    ----------
    panels : tuple of Panel
    shape : tuple of int
        Of the data of one pattern, such as ``(16, 512, 128)``.
    photon_energy : float, eV
        NaN where it comes from the data file.
    bad : numpy.ndarray of bool, `shape`
        Pixels in the file's bad regions, in panels with ``no_index``, or in no panel.
    text : str
        The file itself.
    path : pathlib.Path or None

    Examples
    --------
    >>> geometry = CrystFELGeometry.read("agipd.geom")                                  # doctest: +SKIP
    >>> geometry.with_clen(0.1347).write("tuned.geom")                                  # doctest: +SKIP
    """

    panels: tuple[Panel, ...]
    shape: tuple[int, ...]
    photon_energy: float
    bad: NDArray[np.bool_] = field(repr=False)
    text: str = field(repr=False)
    path: Path | None = None

    @classmethod
    def of(cls, given: CrystFELGeometry | PathLike) -> CrystFELGeometry:
        """Return a geometry as it is, or read it from a path."""
        return given if isinstance(given, CrystFELGeometry) else cls.read(given)

    @classmethod
    def read(cls, path: PathLike) -> Self:
        """Read a ``.geom`` file.

        Raises
        ------
        DataError
            For a file that is missing, or describes no detector.
        """
        file = Path(path).expanduser()
        if not file.is_file():
            raise DataError(file, "no such geometry file", "a CrystFEL .geom file", "check the path")
        try:
            geometry = cls.parse(file.read_text(encoding="utf-8", errors="replace"))
        except DataError as error:
            raise DataError(file, *error.args_without_place) from None
        return replace(geometry, path=file.absolute())

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a geometry file."""
        panels, energy, bad = panels_in(text)
        return cls(panels, bad.shape, energy, bad, text)

    @property
    def clen(self) -> float:
        """Camera length in metres: the mean over the panels, their offsets left out; NaN if the data hold it."""
        return float(np.mean([panel.clen for panel in self.panels]))

    @property
    def wavelength(self) -> float:
        """Wavelength in Å."""
        return PLANCK_C / self.photon_energy

    @property
    def adu_per_photon(self) -> float:
        """Detector units per photon, the mean over the panels."""
        return float(np.mean([panel.adu_per_photon for panel in self.panels]))

    def positions(self) -> NDArray[np.float64]:
        """Return x, y and z of all pixel centres.

        Returns
        -------
        numpy.ndarray, shape (*shape, 3), float64, metres
            From the interaction point, z along the beam; NaN where no panel is.
        """
        where = np.full((*self.shape, 3), np.nan)
        for panel in self.panels:
            slow, fast = panel.size
            s, f = np.meshgrid(np.arange(slow) + 0.5, np.arange(fast) + 0.5, indexing="ij")
            pixels = f[..., None] * panel.fs + s[..., None] * panel.ss  # (slow, fast, 3)
            pixels[..., :2] += panel.corner
            metres = pixels / panel.resolution
            metres[..., 2] += panel.clen + panel.coffset
            where[panel.place] = metres.swapaxes(0, 1) if panel.transposed else metres
        return where

    def with_clen(self, clen: float) -> Self:
        """Return the geometry at another camera length.

        Every camera length in the file is set anew: numbers keep their distance from the mean of the panels, and an
        HDF5 path gives way to the new length.

        Parameters
        ----------
        clen : float, metres
        """
        old, lines, found = self.clen, [], False
        for line in self.text.splitlines():
            match = LINE.match(line)
            if match and match[2] == "clen":
                found = True
                kept = length_of(match[1] or "clen", match[3]) - old
                indent = f"{match[1]}/" if match[1] else ""
                lines.append(f"{indent}clen = {clen + (kept if np.isfinite(kept) else 0.0):.9g}")
            else:
                lines.append(line)
        if not found:
            lines.insert(0, f"clen = {clen:.9g}")
        moved = type(self).parse("\n".join(lines) + "\n")
        return replace(moved, path=self.path)

    def write(self, path: PathLike) -> None:
        """Write the geometry file."""
        Path(path).write_text(self.text, encoding="utf-8")
