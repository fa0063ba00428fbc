"""Single-particle experiments drawn at random, so that nobody's taste decides what a method is judged by."""

from __future__ import annotations

import numpy as np
from scipy.constants import c, e, h

from pulsetrain.simulate._particles.options import ParticleOptions

__all__ = ["drawn"]

_MATERIALS = {
    "sphere": ("water", "sucrose", "polystyrene"),
    "spheroid": ("sucrose", "protein", "polystyrene"),
    "icosahedron": ("poliovirus", "protein"),
}


def drawn(common: ParticleOptions, number: int) -> ParticleOptions:
    """Draw an experiment: source, focus, detector, sample and background, within what instruments offer.

    The detector is put where it resolves the particles' own rings (11 to 20 pixels across a speckle) and the fringes
    of particles up to λD/2p apart, as one who plans an experiment does.

    Parameters
    ----------
    common : ParticleOptions
        Whose shape, size, hit rate and photons are kept.
    number : int
        Same number, same experiment.
    """
    rng = np.random.default_rng([4711, number])

    def between(low: float, high: float) -> float:
        return float(rng.uniform(low, high))

    photon_energy = float(np.exp(rng.uniform(np.log(900), np.log(7000))))  # eV
    wavelength = h * c / (e * photon_energy)
    pixel_size = float(rng.choice([2e-4, 3e-4, 4e-4, 5e-4]))
    resolved = between(1.2e-6, 2.5e-6)  # λD/p, metres
    diameter = resolved / between(11, 20)
    return common.replace(
        photon_energy=photon_energy,
        pixel_size=pixel_size,
        distance=resolved * pixel_size / wavelength,
        focus=between(1.5e-6, 4e-6),
        material=str(rng.choice(_MATERIALS[common.shape])),
        diameter=diameter,
        diameter_spread=between(0.03, 0.15),
        flattening=between(0.5, 1.5),
        separation=(between(1.1, 1.3) * diameter, between(0.5, 0.57) * resolved),
        background=between(200, 1200),
        background_jitter=between(0.1, 0.3),
        halo=between(0.3, 0.8),
        halo_width=between(0.06, 0.3),
        read_noise=between(0.05, 0.3),
        hole=float(rng.integers(3, 8)),
        module_rows=int(rng.choice([1, 2, 4])),
        module_columns=int(rng.choice([1, 2])),
        gap=int(rng.integers(3, 9)),
        bad_pixels=between(0, 0.02),
        gain_spread=between(0, 0.03),
        beam_x=between(-4, 4),
        beam_y=between(-4, 4),
        beam_jitter=between(0.2, 0.8),
    )
