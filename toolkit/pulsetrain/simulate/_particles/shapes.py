"""Shapes of particles and their Fourier transforms."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import factorial

import numpy as np
from numpy.polynomial import Polynomial
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pulsetrain.simulate._particles.trigonometry import sine_and_cosine
from pulsetrain.simulate._particles.voxels import icosahedron, transform

__all__ = ["DensityMap", "Icosahedron", "Particle", "Sphere", "Spheroid"]

Floats = NDArray[np.float64]
Triple = tuple[float, float, float]

# Voxels along the box of an icosahedron, and up to which q times diameter they do.
_VOXELS, _FAR = 40, 60.0
# 3 (sin x − x cos x)/x³ = Σ (−1)ᵏ 6 (k + 1)/(2k + 3)! x²ᵏ, by powers of x²; 1e-12 right up to 1.
_SERIES = Polynomial([(-1) ** k * 6 * (k + 1) / factorial(2 * k + 3) for k in range(7)])
_ORIGIN: Triple = (0.0, 0.0, 0.0)


@dataclass(frozen=True)
class Sphere:
    """A homogeneous sphere.

    Attributes
    ----------
    diameter : float, metres
    refraction : complex
        δ + iβ.
    position : tuple of float, metres
        x, y across the beam and z along it.
    """

    diameter: float
    refraction: complex
    position: Triple = _ORIGIN

    def amplitude(self, q: Floats) -> NDArray[np.complex128]:
        """Return ∫ δn(r) exp(−iq·r) dr, m³, about the particle's own centre; q of shape (3, …) in 1/m."""
        reach = np.sqrt(np.einsum("i...,i...->...", q, q)) * (self.diameter / 2)
        return np.asarray(np.pi / 6 * self.diameter**3 * self.refraction * _ball(reach), dtype=np.complex128)


@dataclass(frozen=True)
class Spheroid:
    """A homogeneous spheroid.

    Attributes
    ----------
    diameter : float, metres
        Of the sphere of the same volume.
    refraction : complex
    flattening : float
        Equatorial over polar diameter.
    axis : tuple of float
        Direction of the polar axis, of any length.
    position : tuple of float, metres
    """

    diameter: float
    refraction: complex
    flattening: float = 0.6
    axis: Triple = field(default=(0.0, 1.0, 0.0))
    position: Triple = _ORIGIN

    def amplitude(self, q: Floats) -> NDArray[np.complex128]:
        """Return ∫ δn(r) exp(−iq·r) dr, m³, about the particle's own centre; q of shape (3, …) in 1/m."""
        reach = _reach(q, self.diameter, self.flattening, np.asarray(self.axis))
        return np.asarray(np.pi / 6 * self.diameter**3 * self.refraction * _ball(reach), dtype=np.complex128)


@dataclass(frozen=True)
class Icosahedron:
    """A homogeneous regular icosahedron, made of voxels.

    Attributes
    ----------
    diameter : float, metres
        Of the sphere of the same volume.
    refraction : complex
    rotation : scipy.spatial.transform.Rotation
        Unturned, two-fold axes lie along x, y and z.
    position : tuple of float, metres
    """

    diameter: float
    refraction: complex
    rotation: Rotation = field(default_factory=Rotation.identity)
    position: Triple = _ORIGIN

    def amplitude(self, q: Floats) -> NDArray[np.complex128]:
        """Return ∫ δn(r) exp(−iq·r) dr, m³, about the particle's own centre; q of shape (3, …) in 1/m."""
        body = np.tensordot(self.rotation.inv().as_matrix(), q, 1) * self.diameter
        # Voxels of 1/34 of the diameter; finer ones where q nears the end of what those resolve.
        grid, step = icosahedron(_VOXELS * int(np.ceil(np.abs(body).max() / _FAR)))
        return transform(grid, step, body) * complex(self.diameter**3 * self.refraction)


@dataclass(frozen=True)
class DensityMap:
    """A particle of cubic voxels, each a point in the middle of its cube.

    Attributes
    ----------
    refraction : numpy.ndarray, shape (x, y, z), complex
        δ + iβ of each voxel; the particle's centre is the voxel n // 2 along each axis.
    voxel : float, metres
        Side of a cube. Where |q| passes π/voxel the map repeats itself, as every sampled one does.
    rotation : scipy.spatial.transform.Rotation
    position : tuple of float, metres
    """

    refraction: NDArray[np.complex128]
    voxel: float
    rotation: Rotation = field(default_factory=Rotation.identity)
    position: Triple = _ORIGIN

    def amplitude(self, q: Floats) -> NDArray[np.complex128]:
        """Return Σ δn(r) exp(−iq·r) · voxel³, m³, about the particle's own centre; q of shape (3, …) in 1/m."""
        return transform(self.refraction, self.voxel, np.tensordot(self.rotation.inv().as_matrix(), q, 1))


Particle = Sphere | Spheroid | Icosahedron | DensityMap


def _ball(x: Floats) -> Floats:
    """Return the Fourier transform of a ball of unit volume and unit radius: 3 (sin x − x cos x)/x³."""
    small = x < 1
    far = np.where(small, 1.0, x)
    sine, cosine = sine_and_cosine(far)
    # Nearer, the difference of two nearly equal numbers loses its digits, and the series has all of them.
    return np.where(small, _SERIES(np.where(small, x * x, 0.0)), 3 * (sine - far * cosine) / (far * far * far))


def _reach(q: Floats, diameter: float, flattening: float, axis: Floats) -> Floats:
    """Return √(a² q⊥² + c² q∥²): what qR is for a sphere; half axes a = f^(1/3) d/2 and c = f^(−2/3) d/2."""
    a, c = flattening ** (1 / 3) * diameter / 2, flattening ** (-2 / 3) * diameter / 2
    along = np.tensordot(axis / np.linalg.norm(axis), q, 1) ** 2
    square = np.einsum("i...,i...->...", q, q)
    return np.asarray(np.sqrt(a * a * (square - along) + c * c * along))
