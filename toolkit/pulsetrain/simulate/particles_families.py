"""Single-particle experiments to build and to judge the clustering of frames by.

`DEVELOPMENT` is for building and tuning. `HELD_OUT` is for the final figures only: photon energies, distances, foci,
samples, backgrounds, holes and gaps drawn at random, before anybody had looked at one of them. Both have 40 % of frames
without, 40 % with one and 20 % with several particles, hits of 10^2.5 to 10^4.5 photons, and particles from touching
to as far apart as the detector resolves their fringes (λD/2p) and a little further. `THIRD_SPECIES` adds what scores of
photon count and fringes cannot see: particles of another size and shape, streaks of the jet, ice. Change none; a
changed experiment is a new experiment, and one that was looked at while a method was mended belongs to `DEVELOPMENT`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

from pulsetrain.simulate._particles.drawn import drawn
from pulsetrain.simulate.particles import ParticleExperiment, ParticleOptions, simulate_particles

__all__ = ["DEVELOPMENT", "HELD_OUT", "THIRD_SPECIES", "Planned"]


@dataclass(frozen=True)
class Planned:
    """One experiment, not yet simulated.

    Attributes
    ----------
    name : str
    options : ParticleOptions
    first_seed : int
        Seeds of different experiments never meet.
    """

    name: str
    options: ParticleOptions
    first_seed: int

    def replace(self, **changes: Any) -> Self:
        """Return it with some options changed, such as ``hit_rate=0.05``."""
        return replace(self, options=self.options.replace(**changes))

    def simulate(self, n_patterns: int | None = None, repeat: int = 0) -> ParticleExperiment:
        """Simulate it.

        Parameters
        ----------
        n_patterns : int, optional
        repeat : int
            The same experiment anew, with other particles and another detector of the same make.
        """
        planned = self if n_patterns is None else self.replace(n_patterns=n_patterns)
        return simulate_particles(planned.options, seed=self.first_seed + repeat)


_COMMON = ParticleOptions(n_patterns=3000, hit_rate=0.6, multiple_share=1 / 3, photons=(10**2.5, 10**4.5))

_WATER = _COMMON.replace(
    photon_energy=1200,
    distance=0.8,
    pixel_size=4.8e-4,
    focus=1.5e-6,
    shape="sphere",
    material="water",
    diameter=110e-9,
    diameter_spread=0.06,
    separation=(1.3e-7, 9e-7),
    background=400,
    background_jitter=0.15,
    halo=0.5,
    read_noise=0.1,
    hole=4,
    module_rows=2,
    module_columns=1,
    gap=4,
    beam_jitter=0.3,
)
_SUCROSE = _COMMON.replace(
    photon_energy=1600,
    distance=0.74,
    pixel_size=4e-4,
    focus=2.5e-6,
    shape="spheroid",
    flattening=0.7,
    material="sucrose",
    diameter=90e-9,
    diameter_spread=0.08,
    separation=(1.1e-7, 8e-7),
    background=900,
    background_jitter=0.25,
    halo=0.3,
    halo_width=0.2,
    read_noise=0.2,
    hole=5,
    module_rows=1,
    module_columns=2,
    gap=3,
    bad_pixels=0.01,
    beam_x=1.5,
    beam_jitter=0.5,
)

_VIRUS = _COMMON.replace(
    photon_energy=2000,
    distance=0.6,
    pixel_size=3e-4,
    focus=2e-6,
    shape="icosahedron",
    material="poliovirus",
    diameter=80e-9,
    diameter_spread=0.03,
    separation=(9e-8, 7e-7),
    background=600,
    background_jitter=0.2,
    halo=0.7,
    halo_width=0.08,
    read_noise=0.15,
    hole=6,
    module_rows=2,
    module_columns=2,
    gap=5,
    bad_pixels=0.008,
    beam_x=-2,
    beam_y=3,
    beam_jitter=0.4,
)
_DROPLETS = _COMMON.replace(
    photon_energy=900,
    distance=0.58,
    pixel_size=4.5e-4,
    focus=3e-6,
    profile="flat",
    shape="sphere",
    material="water",
    diameter=150e-9,
    diameter_spread=0.12,
    separation=(1.6e-7, 1e-6),
    background=1200,
    background_jitter=0.3,
    halo=0.4,
    halo_width=0.3,
    read_noise=0.05,
    hole=3,
    module_rows=1,
    module_columns=1,
    bad_pixels=0.02,
    gain_spread=0.03,
    beam_y=-2.5,
    beam_jitter=0.8,
)
_POLYSTYRENE = _COMMON.replace(
    photon_energy=7000,
    distance=5.5,
    pixel_size=4e-4,
    focus=4e-6,
    shape="spheroid",
    flattening=1.4,
    material="polystyrene",
    diameter=200e-9,
    diameter_spread=0.05,
    separation=(2.2e-7, 1.4e-6),
    background=250,
    background_jitter=0.1,
    halo=0.8,
    halo_width=0.15,
    read_noise=0.3,
    hole=7,
    module_rows=4,
    module_columns=2,
    gap=3,
    beam_x=4,
    beam_y=1,
    beam_jitter=0.2,
)
_PROTEIN = _COMMON.replace(
    photon_energy=3000,
    distance=1.2,
    pixel_size=3e-4,
    focus=1.2e-6,
    shape="spheroid",
    flattening=0.5,
    material="protein",
    diameter=75e-9,
    diameter_spread=0.15,
    separation=(1e-7, 8.5e-7),
    background=500,
    background_jitter=0.2,
    halo=0.6,
    halo_width=0.06,
    read_noise=0.25,
    hole=5,
    module_rows=2,
    module_columns=1,
    gap=8,
    beam_x=-1,
    beam_jitter=0.5,
)

DEVELOPMENT = (
    Planned("water", _WATER, 10_000_000),
    Planned("sucrose", _SUCROSE, 10_100_000),
    Planned("virus", _VIRUS, 20_000_000),
    Planned("droplets", _DROPLETS, 20_100_000),
    Planned("polystyrene", _POLYSTYRENE, 20_200_000),
    Planned("protein", _PROTEIN, 20_300_000),
)

HELD_OUT = tuple(
    Planned(f"{shape} {number}", drawn(_COMMON.replace(shape=shape), number), 40_000_000 + 100_000 * number)
    for number, shape in enumerate(("sphere", "spheroid", "icosahedron", "spheroid"), start=1)
)

_OTHERS = {"other_share": 0.35, "streaks": 0.15, "ice_rings": 0.15}

THIRD_SPECIES = (
    Planned(
        "water and large droplets",
        _WATER.replace(**_OTHERS, other_shape="spheroid", other_diameter=220e-9, other_flattening=0.45),
        30_000_000,
    ),
    Planned(
        "virus and contaminants",
        _VIRUS.replace(**_OTHERS, other_shape="sphere", other_material="sucrose", other_diameter=160e-9),
        30_100_000,
    ),
)
