"""Which reflections a still crystal shows, how strongly, and in which directions their photons leave.

Bragg's condition holds where the Ewald sphere passes through a reflection: |k0 + q| = |k0|. The excitation error
s = |k0 + q| − |k0| says how far a reflection is off. A real crystal and beam meet the condition over a range of s:
domains are small, they are turned against each other, and the beam has a bandwidth and a divergence. All four are
taken as Gaussian, so the photons of one reflection are those members of a Gaussian ensemble that have s = 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pulsetrain.simulate._crystals.reflections import Reflections

__all__ = ["Spread", "Still", "outgoing", "still"]

Floats = NDArray[np.float64]

# A Gaussian's tail beyond this many widths holds no photon worth the time.
_REACH = 4.0


class Spread(NamedTuple):
    """Standard deviations of what widens a reflection.

    Attributes
    ----------
    size : float, 1/Å; of a domain's reciprocal-lattice points
    mosaic : float, rad; turn of a domain about any axis
    bandwidth : float; relative
    divergence : float, rad; in x and in y
    """

    size: float
    mosaic: float
    bandwidth: float
    divergence: float


class Still(NamedTuple):
    """The reflections that are excited in one pattern of one crystal.

    Attributes
    ----------
    hkl : int, shape (spot, 3)
    q : float, shape (spot, 3), 1/Å
    excitation : float, shape (spot,), 1/Å
    intensity : float, shape (spot,)
        Relative to a reflection of unit intensity at q = 0 in exact Bragg condition.
    """

    hkl: NDArray[np.integer]
    q: Floats
    excitation: Floats
    intensity: Floats


def still(reflections: Reflections, axes: Floats, wavelength: float, spread: Spread) -> Still:
    """Find the excited reflections of one crystal.

    Parameters
    ----------
    reflections : Reflections
    axes : numpy.ndarray, shape (3, 3), Å
        a, b, c as rows in the laboratory.
    wavelength : float, Å
    spread : Spread
    """
    reciprocal, k = np.linalg.inv(axes).T, 1 / wavelength
    # Of all reflections only q_z and |q|² are needed: s = (|q|² + 2 k q_z) / 2k but for terms of order s² / k.
    hkl = reflections.hkl.astype(np.float32)
    along = hkl @ reciprocal[:, 2].astype(np.float32)
    square = np.einsum("ij,ij->i", hkl @ (reciprocal @ reciprocal.T).astype(np.float32), hkl)
    widest = np.sqrt(_variance(float(square.max(initial=0)), wavelength, spread))
    near = np.flatnonzero(np.abs(square / (2 * k) + along) < _REACH * widest)
    near = near[square[near] < (2 * k) ** 2]

    q = reflections.hkl[near] @ reciprocal
    excitation = np.linalg.norm(q + np.array([0, 0, k]), axis=1) - k
    variance = _variance(np.sum(q**2, axis=1), wavelength, spread)
    # A wider reflection is hit by more orientations and gives fewer photons in each: the integral over s is kept.
    partiality = np.exp(-(excitation**2) / (2 * variance)) * spread.size / np.sqrt(variance)
    kept = np.abs(excitation) < _REACH * np.sqrt(variance)
    intensity = reflections.intensity[near] * partiality
    return Still(reflections.hkl[near][kept], q[kept], excitation[kept], intensity[kept])


def outgoing(q: Floats, excitation: Floats, wavelength: float, spread: Spread, rng: np.random.Generator) -> Floats:
    """Draw the outgoing wave vectors of photons.

    A photon's domain, wavelength and direction in the beam are drawn freely and then moved to where Bragg's condition
    holds, by the conditional distribution of a Gaussian: x − Σ∇s (s + ∇s·x) / ∇sᵀΣ∇s.

    Parameters
    ----------
    q : numpy.ndarray, shape (photon, 3), 1/Å
        Of the photon's reflection.
    excitation : numpy.ndarray, shape (photon,), 1/Å
    wavelength : float, Å
    spread : Spread
    rng : numpy.random.Generator

    Returns
    -------
    numpy.ndarray, shape (photon, 3), 1/Å
    """
    k = 1 / wavelength
    out = q + np.array([0, 0, k])
    out /= np.linalg.norm(out, axis=1)[:, None]
    # The gradient of s by: shift of q; turn about x, y, z; shift of k0 across the beam; its relative length.
    turn = np.cross(q, out)
    size = spread.size * rng.standard_normal(q.shape)
    mosaic = spread.mosaic * rng.standard_normal(q.shape)
    across = spread.divergence * k * rng.standard_normal((len(q), 2))
    longer = spread.bandwidth * rng.standard_normal(len(q))
    slope = k * (out[:, 2] - 1)
    found = np.sum(out * size + turn * mosaic, axis=1) + np.sum(out[:, :2] * across, axis=1) + slope * longer
    variance = _variance(np.sum(q**2, axis=1), wavelength, spread)
    step = (excitation + found) / variance
    size -= spread.size**2 * out * step[:, None]
    mosaic -= spread.mosaic**2 * turn * step[:, None]
    across -= (spread.divergence * k) ** 2 * out[:, :2] * step[:, None]
    longer -= spread.bandwidth**2 * slope * step
    leaving = q + size + np.cross(mosaic, q)
    leaving[:, :2] += across
    leaving[:, 2] += k * (1 + longer)
    return leaving


def _variance(square: Floats | float, wavelength: float, spread: Spread) -> Floats:
    """Return the variance of the excitation error at |q|²; ∇s is taken on the Ewald sphere."""
    square = np.asarray(square, dtype=float)
    cos2 = np.clip(1 - square * wavelength**2 / 4, 0.0, 1.0)  # cos²θ
    angular = (spread.mosaic**2 + spread.divergence**2) * square * cos2
    return np.asarray(spread.size**2 + angular + (spread.bandwidth * wavelength * square / 2) ** 2)
