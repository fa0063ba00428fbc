"""What changes from pattern to pattern: hits and orientations, pulse energy, jet, and slow drifts."""

from __future__ import annotations

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.simulate._crystals.options import CrystalOptions

__all__ = ["draw_conditions"]

Floats = NDArray[np.float64]

KINDS = ("blank", "single", "multiple")
# Scatter of the logarithm of the jet's thickness.
_JET = 0.25


def draw_conditions(o: CrystalOptions, cell: UnitCell, clen: float, rng: np.random.Generator) -> xr.Dataset:
    """Draw the conditions of a run.

    Parameters
    ----------
    o : CrystalOptions
    cell : UnitCell
        The true one.
    clen : float, metres
        The true one, the mean over the run.
    rng : numpy.random.Generator

    Returns
    -------
    xarray.Dataset
        The truth, as `CrystalExperiment` describes it.
    """
    n = o.n_patterns
    jet = 1 - o.jet_drift * _wander(n, rng)
    hit = rng.random(n) < o.hit_rate * jet
    n_lattices = np.where(hit, 1 + (rng.random(n) < o.multiple), 0)
    crystals = int(n_lattices.sum())
    # A crystal's axes are rows: rows @ Rᵀ turns them.
    turns = Rotation.random(crystals, rng=rng).as_matrix() if crystals else np.empty((0, 3, 3))
    pulse = rng.lognormal(-(o.jitter**2) / 2, o.jitter, n)
    volume = rng.lognormal(-(o.strength_spread**2) / 2, o.strength_spread, crystals)
    thickness = rng.lognormal(-(_JET**2) / 2, _JET, n)
    drift = {name: _wander(n, rng) for name in ("clen", "beam_x", "beam_y", "gain")}
    drift = {name: curve - curve.mean() for name, curve in drift.items()}
    return xr.Dataset(
        {
            "kind": ("pattern", np.array(KINDS)[np.minimum(n_lattices, 2)]),
            "n_lattices": ("pattern", n_lattices),
            "pulse_energy": ("pattern", pulse, {"long_name": "relative to the mean"}),
            "water": ("pattern", o.water * jet * thickness * pulse, {"units": "photons"}),
            "air": ("pattern", o.air * pulse, {"units": "photons"}),
            "clen": ("pattern", clen * (1 + o.clen_drift / 100 * drift["clen"]), {"units": "m"}),
            "beam_x": ("pattern", o.beam_drift * drift["beam_x"], {"units": "px"}),
            "beam_y": ("pattern", o.beam_drift * drift["beam_y"], {"units": "px"}),
            "gain": ("pattern", 1 + o.gain_drift / 100 * drift["gain"], {"long_name": "relative to the mean"}),
            "crystal_pattern": ("crystal", np.repeat(np.arange(n), n_lattices)),
            "crystal_axes": (("crystal", "axis", "xyz"), cell.matrix @ turns.swapaxes(1, 2), {"units": "Å"}),
            "crystal_volume": ("crystal", volume, {"long_name": "relative to the mean"}),
        },
        coords={"axis": ["a", "b", "c"], "xyz": ["x", "y", "z"]},
    )


def _wander(n: int, rng: np.random.Generator) -> Floats:
    """Draw a slow curve along the run that spans 0 … 1: a slope and a wave."""
    progress = np.linspace(0.0, 1.0, n)
    slope, phase = rng.choice((-1.0, 1.0)) * rng.uniform(0.5, 1.0), rng.uniform(0, 2 * np.pi)
    curve = slope * progress + rng.uniform(0.1, 0.4) * np.sin(2 * np.pi * rng.uniform(0.5, 2.0) * progress + phase)
    span = np.ptp(curve)
    return np.asarray((curve - curve.min()) / span if span > 0 else np.zeros(n))
