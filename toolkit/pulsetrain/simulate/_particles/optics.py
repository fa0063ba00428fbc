"""The beam in its focus, and the plane on which it is scattered to. SI units but for the photon energy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = ["Beam", "Plane"]

Floats = NDArray[np.float64]

_PLANCK_C = 1.986445857e-25  # J m
_JOULE = 1.602176634e-19  # of an electronvolt
_FWHM = 2.3548  # of a Gaussian, in standard deviations


@dataclass(frozen=True)
class Beam:
    """Pulses in a focus.

    Attributes
    ----------
    photon_energy : float, eV
    pulse_energy : float, J
    focus : float, metres
        Diameter of a flat focus, FWHM of a Gaussian one.
    profile : {'flat', 'gaussian'}
    """

    photon_energy: float = 1200.0
    pulse_energy: float = 1e-3
    focus: float = 1e-6
    profile: Literal["flat", "gaussian"] = "flat"

    @property
    def wavelength(self) -> float:
        """Wavelength in metres."""
        return _PLANCK_C / (self.photon_energy * _JOULE)

    @property
    def photons(self) -> float:
        """Photons of a pulse."""
        return self.pulse_energy / (self.photon_energy * _JOULE)

    def fluence(self, radius: ArrayLike) -> Floats:
        """Return photons/m² at a distance in metres from the beam's axis."""
        r = np.asarray(radius, dtype=float)
        if self.profile == "flat":
            return np.where(r <= self.focus / 2, self.photons / (np.pi * (self.focus / 2) ** 2), 0.0)
        s = self.focus / _FWHM
        return np.asarray(self.photons * np.exp(-(r**2) / (2 * s**2)) / (2 * np.pi * s**2))


@dataclass(frozen=True)
class Plane:
    """Pixels that see the scattered light.

    Attributes
    ----------
    x, y : numpy.ndarray of one shape, metres
        Places of the pixels from the beam; x along a row, y along a column, as the array's axes run.
    distance : float, metres
    area : float, m²
        Of one pixel.
    """

    x: Floats
    y: Floats
    distance: float
    area: float

    @classmethod
    def square(cls, size: int, pixel_size: float, distance: float, *, beam_x: float = 0.0, beam_y: float = 0.0) -> Self:
        """Return a square of pixels; the beam is off the middle (n − 1)/2 by `beam_x`, `beam_y` pixels."""
        steps = np.arange(size) - (size - 1) / 2
        x, y = np.broadcast_arrays((steps - beam_x) * pixel_size, (steps - beam_y)[:, None] * pixel_size)
        return cls(x, y, distance, pixel_size**2)

    def momentum(self, wavelength: float) -> Floats:
        """Return the momentum transfer q, shape (3, …), 1/m: (2π/λ)(x/l, y/l, D/l − 1)."""
        length = self._length
        k = 2 * np.pi / wavelength
        return np.stack([k * self.x / length, k * self.y / length, k * (self.distance / length - 1)])

    @property
    def solid_angle(self) -> Floats:
        """Solid angle of each pixel: (area/D²) cos³θ."""
        return np.asarray(self.area * self.distance / self._length**3)

    @property
    def _length(self) -> Floats:
        return np.sqrt(self.x**2 + self.y**2 + self.distance**2)
