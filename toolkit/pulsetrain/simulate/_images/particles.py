"""Diffraction of single particles, and of two, without noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pulsetrain.simulate._images.instrument import margin
from pulsetrain.simulate._images.options import ImageOptions
from pulsetrain.simulate._particles.diffraction import diffract
from pulsetrain.simulate._particles.materials import refraction
from pulsetrain.simulate._particles.optics import Beam, Plane
from pulsetrain.simulate._particles.shapes import Icosahedron, Particle, Sphere, Spheroid

__all__ = ["particle_light"]

_DISTANCE, _PIXEL = 0.8, 6e-4  # m
_SPECKLE = (6.5, 11.0)  # λD/dp, pixels across a speckle, of the family's own size
_APART = (1.2, 2.0)  # of two particles, in diameters
_FLATTENING = (0.4, 0.8)


def particle_light(o: ImageOptions, rng: np.random.Generator) -> NDArray[np.float64]:
    """Draw one object, and return its diffraction in frame and margin, in any unit."""
    beam = Beam(focus=1e-5)
    speckle = float(np.exp(rng.uniform(*np.log(_SPECKLE)))) / o.scale
    diameter = beam.wavelength * _DISTANCE / (_PIXEL * speckle)
    shape = ("sphere", "spheroid", "icosahedron")[rng.integers(3)] if o.shape == "mixed" else o.shape
    particles = [_particle(shape, diameter, rng)]
    if rng.random() < o.several:
        way = rng.uniform(*_APART) * diameter * Rotation.random(rng=rng).apply((1.0, 0.0, 0.0))
        particles.append(_particle(shape, diameter, rng, (float(way[0]), float(way[1]), float(way[2]))))
    return diffract(particles, beam, Plane.square(o.size + 2 * margin(o), _PIXEL, _DISTANCE))


def _particle(
    shape: str, diameter: float, rng: np.random.Generator, position: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Particle:
    sucrose, turn = refraction("sucrose", Beam().photon_energy), Rotation.random(rng=rng)
    if shape == "sphere":
        return Sphere(diameter, sucrose, position)
    if shape == "spheroid":
        x, y, z = turn.apply((0.0, 1.0, 0.0)).tolist()
        return Spheroid(diameter, sucrose, rng.uniform(*_FLATTENING), (x, y, z), position)
    return Icosahedron(diameter, sucrose, turn, position)
