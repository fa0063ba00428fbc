"""Noise-free diffraction of particles in one pulse."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from pulsetrain.simulate._particles.optics import Beam, Plane
from pulsetrain.simulate._particles.shapes import Particle
from pulsetrain.simulate._particles.trigonometry import sine_and_cosine

__all__ = ["diffract"]


def diffract(particles: Particle | Sequence[Particle], beam: Beam, plane: Plane) -> NDArray[np.float64]:
    """Return the photons that particles scatter into each pixel, coherently, without noise.

    |Σ √I₀ · 2π/λ² · ∫ δn exp(−iq·r) dr|² Ω, in first Born approximation: I₀ is the fluence at each particle's place,
    n = 1 − δn its refractive index, Ω a pixel's solid angle.

    Parameters
    ----------
    particles : particle or sequence of particles
        `Sphere`, `Spheroid`, `Icosahedron` or `DensityMap`.
    beam : Beam
    plane : Plane

    Returns
    -------
    numpy.ndarray, the plane's shape, float64, photons

    Examples
    --------
    >>> from pulsetrain.simulate.particles import Beam, Plane, Sphere, diffract, refraction
    >>> water = Sphere(1e-7, refraction("water", 1200))
    >>> photons = diffract(water, Beam(photon_energy=1200), Plane.square(256, 3e-4, 0.8))
    >>> photons.shape, f"{photons.sum():.3g}"
    ((256, 256), '2.65e+08')
    """
    several = particles if isinstance(particles, Sequence) else [particles]
    q = plane.momentum(beam.wavelength)
    scale = 2 * np.pi / beam.wavelength**2
    waves = np.zeros(q.shape[1:], dtype=np.complex128)
    for particle in several:
        wave = np.sqrt(beam.fluence(np.hypot(*particle.position[:2]))) * scale * particle.amplitude(q)
        if len(several) > 1:  # the phase of one alone is not seen
            sine, cosine = sine_and_cosine(np.tensordot(particle.position, q, 1))
            wave = wave * (cosine - 1j * sine)
        waves += wave
    return np.asarray((waves.real**2 + waves.imag**2) * plane.solid_angle)
