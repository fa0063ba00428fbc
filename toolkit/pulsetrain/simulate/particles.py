"""Single-particle imaging with the truth known: no, one or several particles in the focus, as a detector sees them.

Diffraction in first Born approximation as in Condor (doi 10.1107/S1600576716009213), counted photon by photon, with
background, noise, a hole for the beam, gaps and bad pixels; the result is what `pulsetrain.open_frames` would give of
a real experiment.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import xarray as xr

from pulsetrain.data._frames import IMAGE
from pulsetrain.data._inputs import PathLike
from pulsetrain.simulate._particles.conditions import draw_conditions
from pulsetrain.simulate._particles.diffraction import diffract
from pulsetrain.simulate._particles.frames import ParticleFrames
from pulsetrain.simulate._particles.materials import refraction
from pulsetrain.simulate._particles.optics import Beam, Plane
from pulsetrain.simulate._particles.options import ParticleOptions
from pulsetrain.simulate._particles.shapes import DensityMap, Icosahedron, Particle, Sphere, Spheroid
from pulsetrain.simulate._particles.writers import write_hdf5_experiment, write_run_experiment

__all__ = [
    "Beam",
    "DensityMap",
    "Icosahedron",
    "Particle",
    "ParticleExperiment",
    "ParticleOptions",
    "Plane",
    "Sphere",
    "Spheroid",
    "diffract",
    "refraction",
    "simulate_particles",
    "write_example",
]

_FIRST_TRAIN, _PER_TRAIN, _SPACING = 1_500_000_000, 32, 4  # every fourth 4.5 MHz pulse


@dataclass(frozen=True)
class ParticleExperiment:
    """A simulated experiment: what its user has, and the truth.

    Attributes
    ----------
    frames : xarray.DataArray, dims (pattern, y, x), float32, photons
        Made lazily, a block of patterns at a time; hole, gaps and bad pixels are NaN.
    truth : xarray.Dataset
        Per pattern ``hit`` (none, single, multiple), ``n_particles``, expected signal ``photons`` on live pixels,
        shortest ``separation`` across the beam and ``diameter`` of the first particle in m, ``species``, ``artefact``
        (none, streak, ice) and its ``artefact_photons``, ``pulse_energy`` in J, ``background`` in photons, ``beam_x``
        and ``beam_y`` in pixels from the frame's middle; per particle ``particle_pattern``, ``particle_position`` and
        ``particle_diameter`` in m, ``particle_rotation`` (quaternion) and ``particle_other``. Attributes ``seed``,
        ``options``.
    """

    frames: xr.DataArray
    truth: xr.Dataset
    _frames: ParticleFrames = field(repr=False)

    def write_hdf5(self, path: PathLike) -> Path:
        """Write HDF5 (CXI's layout) with ``.truth.nc`` beside, a few frames at a time.

        Raises
        ------
        FileExistsError
            If one of the files exists; nothing is written.
        """
        return write_hdf5_experiment(self.frames, self._frames, self.truth, Path(path).expanduser())

    def write_run(self, folder: PathLike) -> Path:
        """Write a European XFEL run with ``.truth.nc`` beside, a few frames at a time.

        Raises
        ------
        DataError
            For a folder that is not empty.
        FileExistsError
            If the file beside exists; nothing is written.
        """
        return write_run_experiment(self.frames, self.truth, Path(folder).expanduser())


def simulate_particles(options: ParticleOptions | None = None, seed: int = 0) -> ParticleExperiment:
    """Simulate one experiment.

    Parameters
    ----------
    options : ParticleOptions, optional
    seed : int
        Same seed and options, same experiment, in whatever order its patterns are read.

    Raises
    ------
    DataError
        If hole, gaps and bad pixels leave none.

    Examples
    --------
    >>> experiment = simulate_particles(ParticleOptions(n_patterns=3), seed=1)
    >>> experiment.frames.shape, experiment.truth.sizes["pattern"]
    ((3, 128, 128), 3)
    """
    o = options or ParticleOptions()
    truth = draw_conditions(o, np.random.default_rng([seed, 0]))
    truth.attrs = {"seed": seed, "options": o.model_dump_json()}
    frames = ParticleFrames(o, truth, seed)
    if o.photons is None:
        # Only the scattered light itself tells how much of it falls on live pixels.
        hits = np.flatnonzero(truth["n_particles"])
        truth["photons"][hits] = [frames.signal(int(k))[frames.detector.live].sum() for k in hits]
    return ParticleExperiment(_labelled(frames, truth), truth, frames)


def write_example(workspace: Path) -> str:
    """Write a run into ``particles/`` of a workspace, and tell what it is."""
    simulate_particles(ParticleOptions(n_patterns=400), seed=3).write_run(workspace / "particles" / "r0001")
    return (
        "- `particles/r0001/`: a European XFEL run of 400 simulated frames: 40 % empty, 40 % with one water droplet,\n"
        "  20 % with several. Which is which stands in `particles/r0001.truth.nc`."
    )


def _labelled(frames: ParticleFrames, truth: xr.Dataset) -> xr.DataArray:
    """Label the frames as a run of the European XFEL is: pulses of trains."""
    digest = hashlib.sha256(json.dumps(truth.attrs).encode()).hexdigest()
    number = np.arange(frames.shape[0])
    coords = {
        "trainId": ("pattern", (_FIRST_TRAIN + number // _PER_TRAIN).astype(np.uint64)),
        "pulseId": ("pattern", (number % _PER_TRAIN * _SPACING).astype(np.uint64)),
    }
    attrs = {"long_name": "intensity", "units": "photons", "source": "simulation", "fingerprint": digest}
    return xr.DataArray(frames.dask(f"particles-{digest}"), dims=IMAGE, coords=coords, attrs=attrs, name="frames")
