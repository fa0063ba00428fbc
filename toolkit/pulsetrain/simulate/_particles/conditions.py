"""What changes from pattern to pattern: hits, particles and where they are, pulse energy, beam, background."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pulsetrain.simulate._particles.options import ParticleOptions

__all__ = ["draw_conditions", "species_names"]

Floats = NDArray[np.float64]

_HITS = np.array(["none", "single", "multiple"])
_ARTEFACTS = np.array(["none", "streak", "ice"])
# Several particles: a Poisson number of this mean, given that there are two or more; more than four do not fit.
_MEAN, _MOST = 0.8, 4


def species_names(o: ParticleOptions) -> tuple[str, str]:
    """Return the names of the sample and of the other species."""
    return f"{o.material} {o.shape}", f"{o.other_material} {o.other_shape} (other)"


def draw_conditions(o: ParticleOptions, rng: np.random.Generator) -> xr.Dataset:
    """Draw the conditions of a run.

    Returns
    -------
    xarray.Dataset
        The truth, as `ParticleExperiment` describes it; ``photons`` is NaN where only the fluence tells.
    """
    n = o.n_patterns
    hit = rng.random(n) < o.hit_rate
    several = hit & (rng.random(n) < o.multiple_share)
    counts = np.where(several, _several(n, rng), hit).astype(np.int64)
    other = hit & ~several & (rng.random(n) < o.other_share)
    artefact = _artefacts(o, ~hit, rng)
    pulse = o.pulse_energy * rng.lognormal(-(o.pulse_jitter**2) / 2, o.pulse_jitter, n)
    stray = rng.lognormal(-(o.background_jitter**2) / 2, o.background_jitter, n)
    photons = np.full(n, np.nan) if o.photons is None else _log_uniform(o.photons, n, rng)
    artefact_photons = _log_uniform(o.artefact_photons, n, rng)

    owner = np.repeat(np.arange(n), counts)
    middle = np.where(other, o.other_diameter, o.diameter)[owner]
    diameter = middle * rng.lognormal(-(o.diameter_spread**2) / 2, o.diameter_spread, len(owner))
    turns = Rotation.random(len(owner), rng=rng).as_quat() if len(owner) else np.empty((0, 4))
    position = _positions(o, counts, diameter, rng)
    first = np.cumsum(counts) - counts
    species = np.array(["none", *species_names(o)])[np.where(hit, 1 + other, 0)]
    return xr.Dataset(
        {
            "hit": ("pattern", _HITS[np.minimum(counts, 2)]),
            "n_particles": ("pattern", counts),
            "photons": ("pattern", np.where(hit, photons, 0.0), {"long_name": "expected signal on live pixels"}),
            "separation": ("pattern", _nearest(position, owner, counts), {"units": "m"}),
            "diameter": ("pattern", np.where(hit, np.append(diameter, 0.0)[first], np.nan), {"units": "m"}),
            "species": ("pattern", species),
            "artefact": ("pattern", _ARTEFACTS[artefact]),
            "artefact_photons": ("pattern", np.where(artefact > 0, artefact_photons, 0.0)),
            "pulse_energy": ("pattern", pulse, {"units": "J"}),
            "background": ("pattern", o.background * stray * pulse / o.pulse_energy),
            "beam_x": ("pattern", o.beam_x + o.beam_jitter * rng.standard_normal(n), {"units": "px"}),
            "beam_y": ("pattern", o.beam_y + o.beam_jitter * rng.standard_normal(n), {"units": "px"}),
            "particle_pattern": ("particle", owner),
            "particle_position": (("particle", "xyz"), position, {"units": "m"}),
            "particle_diameter": ("particle", diameter, {"units": "m"}),
            "particle_rotation": (("particle", "xyzw"), turns, {"long_name": "quaternion"}),
            "particle_other": ("particle", other[owner]),
        },
        coords={"xyz": ["x", "y", "z"]},
    )


def _several(n: int, rng: np.random.Generator) -> NDArray[np.int64]:
    number = np.arange(2, _MOST + 1)
    weight = _MEAN**number / np.array([2, 6, 24])
    return rng.choice(number, n, p=weight / weight.sum())


def _artefacts(o: ParticleOptions, empty: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.int64]:
    """Draw 1 for a streak, 2 for ice, 0 for neither; a streak and ice do not meet."""
    chance = rng.random(len(empty))
    found = np.where(chance < o.streaks, 1, np.where(chance > 1 - o.ice_rings, 2, 0))
    return np.where(empty, found, 0)


def _log_uniform(ends: tuple[float, float], n: int, rng: np.random.Generator) -> Floats:
    low, high = np.log(ends)
    return np.asarray(np.exp(rng.uniform(low, high, n)))


def _positions(o: ParticleOptions, counts: NDArray[np.int64], diameter: Floats, rng: np.random.Generator) -> Floats:
    """Place the particles of each pattern: each beside an earlier one, none into another.

    All lie in the focus where it has room for them.

    Returns
    -------
    numpy.ndarray, shape (particle, xyz), metres
    """
    position = np.zeros((len(diameter), 3))
    first = np.cumsum(counts) - counts
    for k in range(1, _MOST):
        left = first[counts > k]  # first particles of the patterns that still lack their k-th
        while len(left):
            beside = left + rng.integers(0, k, len(left))
            # Particles that touch are as near as it gets; in depth they lie by up to their distance apart.
            step = np.maximum(_log_uniform(o.separation, len(left), rng), (diameter[beside] + diameter[left + k]) / 2)
            angle = rng.uniform(0, 2 * np.pi, len(left))
            way = np.stack([np.cos(angle), np.sin(angle), rng.uniform(-1, 1, len(left))], axis=1)
            position[left + k] = position[beside] + step[:, None] * way
            within = np.zeros(len(left), dtype=bool)
            for j in range(k):
                apart = np.hypot(*(position[left + k] - position[left + j])[:, :2].T)
                within |= apart < 0.999 * (diameter[left + k] + diameter[left + j]) / 2
            left = left[within]
    owner = np.repeat(np.arange(len(counts)), counts)
    total = np.stack([np.bincount(owner, position[:, axis], len(counts)) for axis in range(3)], axis=1)
    position -= (total / np.maximum(counts, 1)[:, None])[owner]
    reach = np.zeros(len(counts))
    np.maximum.at(reach, owner, np.hypot(position[:, 0], position[:, 1]))
    radius = np.maximum(o.focus / 2 - reach, 0) * np.sqrt(rng.random(len(counts)))
    angle = rng.uniform(0, 2 * np.pi, len(counts))
    position[:, 0] += (radius * np.cos(angle))[owner]
    position[:, 1] += (radius * np.sin(angle))[owner]
    return position


def _nearest(position: Floats, owner: NDArray[np.int64], counts: NDArray[np.int64]) -> Floats:
    """Return the shortest distance across the beam between two particles of each pattern; NaN where there is none."""
    nearest = np.full(len(counts), np.inf)
    for step in range(1, _MOST):
        pair = np.flatnonzero(owner[step:] == owner[:-step])
        apart = np.hypot(*(position[pair + step] - position[pair])[:, :2].T)
        np.minimum.at(nearest, owner[pair], apart)
    return np.where(np.isfinite(nearest), nearest, np.nan)
