"""Where the beam hits a flat detector, for d-spacings under the cursor."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Readout"]


@dataclass(frozen=True)
class Readout:
    """What the browser needs to turn a pixel into a resolution; the detector is flat and perpendicular to the beam.

    Attributes
    ----------
    clen : float, metres
        From interaction point to detector.
    wavelength : float, Å
    beam : (float, float), pixels, optional
        x and y in the frame where the beam hits it, a pixel's centre being at + 0.5. The default is where the
        coordinates of an assembled frame are zero.
    pixel_size : float, metres, optional
        The default is that of the image.
    rings : tuple of float, Å
        d-spacings to be drawn as rings.
    """

    clen: float
    wavelength: float
    beam: tuple[float, float] | None = None
    pixel_size: float | None = None
    rings: tuple[float, ...] = ()

    def state(self) -> dict[str, Any]:
        """Return what the browser is told, with what is not known left out."""
        known = {
            "clen": float(self.clen),
            "wavelength": float(self.wavelength),
            "beam": self.beam and [float(place) for place in self.beam],
            "pixel_size": self.pixel_size and float(self.pixel_size),
            "rings": [float(d) for d in self.rings],
        }
        return {name: value for name, value in known.items() if value is not None}
