"""Families of serial-crystallography experiments to train and to judge searches for the best indexing setting by.

`IN_FAMILY` is for training and tuning. `OUT_OF_FAMILY` is for the final figures only: another detector, larger and less
regular cells, a wider beam, fewer and weaker hits, more false peaks and stronger drift. Change neither; a changed
family is a new family.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pulsetrain.data.lattices import Centering, LatticeType
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.simulate._crystals.detector import DetectorName
from pulsetrain.simulate.crystals import CrystalExperiment, CrystalOptions, simulate_crystals

__all__ = ["IN_FAMILY", "OUT_OF_FAMILY", "Drawn", "Family"]

Range = tuple[float, float]

_PATTERNS = 48


@dataclass(frozen=True)
class Drawn:
    """One experiment of a family, not yet simulated.

    Attributes
    ----------
    options : CrystalOptions
    cell : UnitCell
        The true one.
    seed : int
    """

    options: CrystalOptions
    cell: UnitCell
    seed: int

    def simulate(self, n_patterns: int | None = None) -> CrystalExperiment:
        """Simulate it, with another number of patterns if one is given."""
        options = self.options if n_patterns is None else self.options.replace(n_patterns=n_patterns)
        return simulate_crystals(options, cell=self.cell, seed=self.seed)


@dataclass(frozen=True)
class Family:
    """Ranges that an experiment's options are drawn from.

    Attributes
    ----------
    name : str
    first_seed : int
        Seeds of different families never meet.
    detector : str
    systems : tuple of (lattice type, centring)
    volume : tuple of float, Å³
        Log-uniform, of the primitive cell.
    clen, brightness, false_peaks, hot_pixels, domain_size, mosaicity, water, air : tuple of float
        Log-uniform between the two; units as in `CrystalOptions`.
    clen_error, cell_error, hit_rate, multiple, strength_spread, b_factor, bandwidth, spot_size, read_noise : tuple
        Uniform between the two.
    clen_drift, beam_drift, jet_drift, gain_drift : float
        Uniform from 0 to this.
    """

    name: str
    first_seed: int
    detector: DetectorName
    systems: tuple[tuple[LatticeType, Centering], ...]
    volume: Range
    clen: Range
    brightness: Range
    false_peaks: Range
    hot_pixels: Range
    domain_size: Range
    mosaicity: Range
    water: Range
    air: Range
    clen_error: Range
    cell_error: Range
    hit_rate: Range
    multiple: Range
    strength_spread: Range
    b_factor: Range
    bandwidth: Range
    spot_size: Range
    read_noise: Range
    clen_drift: float
    beam_drift: float
    jet_drift: float
    gain_drift: float

    def draw(self, number: int) -> Drawn:
        """Return the family's n-th experiment."""
        seed = self.first_seed + number
        rng = np.random.default_rng([seed, 13])
        kind, centering = self.systems[rng.integers(len(self.systems))]
        even = ("clen_error", "cell_error", "hit_rate", "multiple", "strength_spread", "b_factor", "bandwidth")
        logarithmic = ("clen", "brightness", "false_peaks", "hot_pixels", "domain_size", "mosaicity", "water", "air")
        values = {name: _log_uniform(rng, getattr(self, name)) for name in logarithmic}
        values |= {name: rng.uniform(*getattr(self, name)) for name in (*even, "spot_size", "read_noise")}
        drifts = ("clen_drift", "beam_drift", "jet_drift", "gain_drift")
        values |= {name: rng.uniform(0, getattr(self, name)) for name in drifts}
        options = CrystalOptions(n_patterns=_PATTERNS, detector=self.detector, **values)
        return Drawn(options, _cell(kind, centering, _log_uniform(rng, self.volume), rng), seed)

    def experiments(self, count: int, first: int = 0) -> Iterator[CrystalExperiment]:
        """Simulate some experiments, one after the other."""
        return (self.draw(number).simulate() for number in range(first, first + count))


def _log_uniform(rng: np.random.Generator, ends: Range) -> float:
    return float(np.exp(rng.uniform(*np.log(ends))))


def _cell(kind: LatticeType, centering: Centering, volume: float, rng: np.random.Generator) -> UnitCell:
    """Draw a cell of a system whose primitive cell has a volume."""
    # Axes differ by up to a factor of three, which covers most proteins.
    a, b, c = np.exp(rng.uniform(-0.55, 0.55, 3))
    alpha, beta, gamma = 90.0, 90.0, 90.0
    if kind in ("tetragonal", "hexagonal", "cubic", "rhombohedral"):
        b = a
    if kind in ("cubic", "rhombohedral"):
        c = a
    if kind == "hexagonal":
        gamma = 120.0
    elif kind == "rhombohedral":
        alpha = beta = gamma = round(rng.uniform(65, 85), 2)
    elif kind == "monoclinic":
        beta = round(rng.uniform(95, 115), 2)
    elif kind == "triclinic":
        alpha, beta, gamma = map(float, np.round(rng.uniform(70, 110, 3), 2))
    shape = UnitCell(30 * a, 30 * b, 30 * c, alpha, beta, gamma)
    points = {"P": 1, "R": 1, "A": 2, "B": 2, "C": 2, "I": 2, "F": 4, "H": 3}[centering]
    scale = 30 * (points * volume / shape.volume) ** (1 / 3)
    a, b, c = (round(scale * float(length), 2) for length in (a, b, c))
    return UnitCell(a, b, c, alpha, beta, gamma, centering)


IN_FAMILY = Family(
    name="in_family",
    first_seed=3_000_000,
    detector="agipd-mini",
    systems=(("tetragonal", "P"), ("orthorhombic", "P"), ("orthorhombic", "C"), ("monoclinic", "P"), ("cubic", "I")),
    volume=(1.2e5, 6e5),
    clen=(0.09, 0.2),
    brightness=(90.0, 450.0),
    false_peaks=(1.0, 15.0),
    hot_pixels=(20.0, 300.0),
    domain_size=(0.1, 0.5),
    mosaicity=(0.02, 0.15),
    water=(0.4, 4.0),
    air=(0.3, 2.0),
    clen_error=(-2.0, 2.0),
    cell_error=(-0.5, 0.5),
    hit_rate=(0.4, 0.8),
    multiple=(0.0, 0.3),
    strength_spread=(0.3, 0.9),
    b_factor=(10.0, 40.0),
    bandwidth=(0.05, 0.2),
    spot_size=(0.4, 1.0),
    read_noise=(3.0, 8.0),
    clen_drift=0.4,
    beam_drift=1.0,
    jet_drift=0.4,
    gain_drift=5.0,
)

OUT_OF_FAMILY = Family(
    name="out_of_family",
    first_seed=4_000_000,
    detector="jungfrau-500k",
    systems=(("triclinic", "P"), ("hexagonal", "P"), ("hexagonal", "H"), ("monoclinic", "C"), ("cubic", "F")),
    volume=(2e5, 1.2e6),
    clen=(0.07, 0.12),
    brightness=(60.0, 600.0),
    false_peaks=(5.0, 40.0),
    hot_pixels=(50.0, 600.0),
    domain_size=(0.05, 0.3),
    mosaicity=(0.05, 0.3),
    water=(0.5, 6.0),
    air=(0.3, 3.0),
    clen_error=(-2.8, 2.8),
    cell_error=(-1.0, 1.0),
    hit_rate=(0.2, 0.6),
    multiple=(0.1, 0.5),
    strength_spread=(0.5, 1.2),
    b_factor=(15.0, 60.0),
    bandwidth=(0.1, 0.5),
    spot_size=(0.7, 1.8),
    read_noise=(2.0, 6.0),
    clen_drift=1.0,
    beam_drift=2.5,
    jet_drift=0.8,
    gain_drift=10.0,
)
