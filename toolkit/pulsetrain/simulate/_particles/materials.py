"""Refractive index of what particles are made of."""

from __future__ import annotations

from typing import Literal

import numpy as np

__all__ = ["MaterialName", "refraction"]

MaterialName = Literal["water", "sucrose", "poliovirus", "protein", "gold", "polystyrene"]

# Atoms of a formula unit and density in kg/m³. Protein and poliovirus: mean composition of their atoms by number.
_MATERIALS: dict[str, tuple[dict[str, float], float]] = {
    "water": ({"H": 2, "O": 1}, 997.0),
    "sucrose": ({"C": 12, "H": 22, "O": 11}, 1581.0),
    "poliovirus": ({"C": 332652, "H": 492388, "N": 98245, "O": 131196, "P": 7501, "S": 2340}, 1340.0),
    "protein": ({"C": 86, "H": 130, "N": 23, "O": 25, "S": 1}, 1350.0),
    "gold": ({"Au": 1}, 19_300.0),
    "polystyrene": ({"C": 1, "H": 1}, 1050.0),
}
_AVOGADRO, _ELECTRON_RADIUS, _EV_METRE = 6.02214076e23, 2.8179403e-15, 1.239841984e-6


def refraction(material: MaterialName, photon_energy: float) -> complex:
    """Return δ + iβ, where n = 1 − δ − iβ.

    δ + iβ = r_e λ²/2π · Σ nⱼ (Zⱼ + f′ⱼ + i f″ⱼ), with f′ and f″ of Cromer and Liberman.

    Parameters
    ----------
    material : str
    photon_energy : float, eV
    """
    import gemmi

    atoms, density = _MATERIALS[material]
    elements = {name: gemmi.Element(name) for name in atoms}
    mass = sum(count * elements[name].weight for name, count in atoms.items())  # g/mol
    units = density * 1e3 / mass * _AVOGADRO  # formula units per m³
    factor = 0j
    for name, count in atoms.items():
        number = elements[name].atomic_number
        real, imaginary = gemmi.cromer_liberman(number, photon_energy)
        factor += count * complex(number + real, imaginary)
    return complex(_ELECTRON_RADIUS * (_EV_METRE / photon_energy) ** 2 / (2 * np.pi) * units * factor)
