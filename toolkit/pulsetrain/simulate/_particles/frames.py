"""Frames of an experiment, made when they are read."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pulsetrain.data._lazy import Rows
from pulsetrain.simulate._particles.artefacts import ice, streak
from pulsetrain.simulate._particles.detector import make_detector
from pulsetrain.simulate._particles.diffraction import diffract
from pulsetrain.simulate._particles.materials import refraction
from pulsetrain.simulate._particles.optics import Beam, Plane
from pulsetrain.simulate._particles.options import ParticleOptions
from pulsetrain.simulate._particles.shapes import Icosahedron, Particle, Sphere, Spheroid

__all__ = ["ParticleFrames"]

Floats = NDArray[np.float64]

_BLOCK = 16  # frames


class ParticleFrames(Rows):
    """The frames of one experiment.

    A frame depends on the seed and on its own number only, so that it does not matter which are read together.

    Parameters
    ----------
    o : ParticleOptions
    truth : xarray.Dataset
        As of `draw_conditions`.
    seed : int
    """

    def __init__(self, o: ParticleOptions, truth: xr.Dataset, seed: int) -> None:
        self.shape, self.dtype = (o.n_patterns, o.size, o.size), np.dtype(np.float32)
        self.detector = make_detector(o, np.random.default_rng([seed, 1]))
        self._o, self._seed = o, seed
        self._truth = {str(name): truth[name].to_numpy() for name in truth.data_vars}
        self._first = np.searchsorted(self._truth["particle_pattern"], np.arange(o.n_patterns + 1))
        self._sample = refraction(o.material, o.photon_energy)
        self._other = refraction(o.other_material, o.photon_energy)

    @property
    def rows_per_block(self) -> int:
        # What files are written by; a larger block would be made anew for each of its parts.
        return _BLOCK

    def read(self, start: int, stop: int) -> NDArray[Any]:
        frames = np.empty((stop - start, *self.shape[1:]), np.float32)
        for number in range(start, stop):
            frames[number - start] = self.frame(number)
        return frames

    def frame(self, number: int) -> NDArray[np.float32]:
        """Make one frame in photons; what does not live is NaN."""
        rng = np.random.default_rng([self._seed, 2, number])
        o, live = self._o, self.detector.live
        counted = rng.poisson(np.where(live, self.signal(number) + self.background(number), 0.0))
        frame = np.minimum(counted * self.detector.gain, o.saturation).astype(np.float32)
        frame += np.float32(o.read_noise) * rng.standard_normal(frame.shape, dtype=np.float32)
        frame[~live] = np.nan
        return frame

    def signal(self, number: int) -> Floats:
        """Return the photons expected of the particles in each pixel, also where it does not live."""
        particles = self.particles(number)
        if not particles:
            return np.zeros(self.shape[1:])
        expected = self.scattered(particles, number)
        if self._o.photons is not None:
            expected *= self._truth["photons"][number] / expected[self.detector.live].sum()
        return expected

    def scattered(self, particles: list[Particle], number: int) -> Floats:
        """Return the photons that particles scatter in the pulse of a pattern, as the fluence tells."""
        o, truth = self._o, self._truth
        place = {name: float(truth[name][number]) for name in ("beam_x", "beam_y")}
        plane = Plane.square(o.size, o.pixel_size, o.distance, **place)
        beam = Beam(o.photon_energy, float(truth["pulse_energy"][number]), o.focus, o.profile)
        return diffract(particles, beam, plane)

    def background(self, number: int) -> Floats:
        """Return the photons expected of anything else in each pixel."""
        expected: Floats = self._truth["background"][number] * self.detector.background
        kind = self._truth["artefact"][number]
        if kind == "none":
            return expected
        rng = np.random.default_rng([self._seed, 4, number])
        place = (self._truth["beam_x"][number], self._truth["beam_y"][number])
        drawn = (streak if kind == "streak" else ice)(self._o.size, place, np.random.default_rng([self._seed, 5]), rng)
        strength = self._truth["artefact_photons"][number] / drawn[self.detector.live].sum()
        return np.asarray(expected + strength * drawn)

    def particles(self, number: int) -> list[Particle]:
        """Return the particles of a pattern."""
        return [self._particle(k) for k in range(self._first[number], self._first[number + 1])]

    def _particle(self, k: int) -> Particle:
        o, truth = self._o, self._truth
        other = bool(truth["particle_other"][k])
        shape = o.other_shape if other else o.shape
        common = (float(truth["particle_diameter"][k]), self._other if other else self._sample)
        position = tuple(truth["particle_position"][k].tolist())
        if shape == "sphere":
            return Sphere(*common, position=position)
        turn = Rotation.from_quat(truth["particle_rotation"][k])
        if shape == "spheroid":
            flattening = o.other_flattening if other else o.flattening
            return Spheroid(*common, flattening, tuple(turn.apply((0.0, 1.0, 0.0)).tolist()), position)
        return Icosahedron(*common, turn, position)
