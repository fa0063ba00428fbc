"""Series of powder patterns through a phase transition, with the boundary known.

Two phases share some peaks; others split, appear or vanish. Peak positions, widths and intensities of either phase
drift along the ramp as under pressure or heat, so that "looks different" and "has switched" are not the same thing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import write_spectra
from pulsetrain.options import Options, option
from pulsetrain.simulate._profiles import Transition, drift, peak_profile, transition_fraction

__all__ = ["SeriesOptions", "simulate_series", "write_example"]

Floats = NDArray[np.float64]

# A channel counts as truly changing where swapping the phases, at equal drift, changes it by this share of the
# largest such change.
_CHANGING = 0.05


class SeriesOptions(Options):
    """One simulated series. Lengths along the series are in spectra, along 2θ in peak widths (FWHM)."""

    n_spectra: int = option(349, "Number of spectra in the series.", ge=20, le=5000)
    n_channels: int = option(4023, "Number of points of each spectrum.", ge=100, le=20000)
    boundary: float = option(0.5, "Place of the boundary, as a share of the series.", ge=0.0, le=1.0)
    gap_before: float = option(0.1, "Unlabelled share of the series before the boundary.", ge=0.0, le=0.5)
    gap_after: float = option(0.2, "Unlabelled share of the series after the boundary.", ge=0.0, le=0.5)
    label_every: int = option(10, "Outside the gap, every n-th spectrum is labelled.", ge=1, le=100)
    transition: Transition = option("logistic", "Form of the transition.")
    width: float = option(3.0, "Spectra from 10 % to 90 % of the new phase.", ge=0.1, le=200, unit="spectra")
    peak_scatter: float = option(0.0, "Scatter of the peaks' own boundaries.", ge=0, le=50, unit="spectra")
    drift: float = option(4.0, "Shift of a peak over the whole series.", ge=0, le=30, unit="FWHM")
    drift_form: Literal["polynomial", "saturating", "wave"] = option("polynomial", "How positions drift.")
    anisotropy: float = option(0.25, "Scatter of the drift from peak to peak.", ge=0, le=2)
    intensity_drift: float = option(0.3, "Logarithmic drift of a peak's intensity.", ge=0, le=2)
    n_peaks: int = option(8, "Peaks of each phase.", ge=1, le=40)
    partners: float = option(0.75, "Share of the new phase's peaks that lie near one of the old phase's.", ge=0, le=1)
    jump: float = option(2.0, "Typical distance between partners: the jump of the lattice.", ge=0, le=20, unit="FWHM")
    n_constant: int = option(2, "Peaks of a bystander that never switches.", ge=0, le=20)
    fwhm: float = option(0.12, "Peak width.", ge=0.01, le=2, unit="deg")
    shape: Literal["gaussian", "pseudo_voigt"] = option("gaussian", "Peak shape.")
    background: float = option(0.5, "Background, relative to a typical peak.", ge=0, le=20)
    counts: float = option(300.0, "Counts at the top of a typical peak.", ge=1, le=1e7, unit="photons")
    jitter: float = option(0.05, "Scatter of the beam intensity from shot to shot.", ge=0, le=1)
    beam_step: float = option(0.0, "Relative step of the beam intensity at a random place.", ge=-0.9, le=2)


def simulate_series(options: SeriesOptions | None = None, *, seed: int = 0) -> xr.Dataset:
    """Simulate one series.

    Parameters
    ----------
    options : SeriesOptions, optional
        The default is a series like the (Mg,Fe)O ramp of the reference paper in length and axis.
    seed : int
        Same seed and options, same series.

    Returns
    -------
    xarray.Dataset
        ``intensity`` (spectrum, channel) float64, photons; ``labels`` (spectrum,) int, 0 and 1 where labelled,
        −1 in the gap and between; ``fraction`` (spectrum,) share of the change that has happened; ``changing``
        (channel,) bool, where a switch of phase changes the signal; coordinates ``axis`` (channel,) 2θ in degrees and
        ``order`` (spectrum,). ``attrs["boundary"]`` is where ``fraction`` crosses ½, in spectra.

    Notes
    -----
    Where the peaks switch at different places, the boundary is where half of the intensity that changes has changed.
    """
    o = options or SeriesOptions()
    rng = np.random.default_rng(seed)
    index = np.arange(o.n_spectra, dtype=float)
    progress = index / (o.n_spectra - 1)
    axis = np.linspace(9.5604, 25.5496, o.n_channels)

    position, phase, height, own = _peaks(o, axis, rng)
    shift = _shifts(o, position, phase, progress, rng)  # (peak, spectrum)
    strength = height[:, None] * np.exp(o.intensity_drift * _smooth(rng, len(height), progress))
    breadth = o.fwhm * (1 + 0.3 * rng.uniform(-0.5, 1.0, 3)[phase][:, None] * progress)

    centre = o.boundary * (o.n_spectra - 1)
    fine = np.linspace(-2.0, o.n_spectra + 1.0, 20 * o.n_spectra)
    weight = np.where(phase < 2, height, 0.0)
    mean = sum(
        w * transition_fraction(o.transition, fine - centre - d, o.width) for w, d in zip(weight, own, strict=True)
    )
    crossing = float(np.interp(0.5, mean / weight.sum(), fine)) if o.peak_scatter else centre

    pure = np.zeros((3, o.n_spectra, o.n_channels))  # at full share: phase 0, phase 1, bystander
    mixed = np.zeros((o.n_spectra, o.n_channels))
    share = np.zeros(o.n_spectra)
    for k, p in enumerate(phase):
        profile = strength[k][:, None] * peak_profile(
            o.shape, axis - position[k] - shift[k][:, None], breadth[k][:, None]
        )
        new = transition_fraction(o.transition, index - centre - own[k], o.width)
        pure[p] += profile
        mixed += profile * (new, 1 - new, np.ones_like(new))[(1, 0, 2)[p]][:, None]
        share += weight[k] / weight.sum() * new

    expected = o.counts * (mixed + _background(o, axis, progress, rng)) * _beam(o, rng)[:, None]
    change = np.abs(pure[1] - pure[0]).max(axis=0)
    return xr.Dataset(
        {
            "intensity": (("spectrum", "channel"), rng.poisson(expected).astype(float), {"units": "photons"}),
            "labels": ("spectrum", _labels(o, crossing)),
            "fraction": ("spectrum", share),
            "changing": ("channel", change > _CHANGING * change.max()),
        },
        coords={
            "axis": ("channel", axis, {"long_name": "2θ", "units": "deg"}),
            "order": ("spectrum", index, {"long_name": "spectrum", "units": ""}),
        },
        attrs={"boundary": crossing, "seed": seed, "options": o.model_dump_json()},
    )


def write_example(workspace: Path) -> str:
    """Write a series into ``series/`` of a workspace, and tell what it is."""
    options = SeriesOptions(
        n_spectra=120, n_channels=1500, boundary=0.558, gap_before=0.25, gap_after=0.15, drift=5, drift_form="wave"
    )
    write_spectra(simulate_series(options, seed=3)["intensity"], workspace / "series")
    return (
        "- `series/`: 120 simulated powder patterns through a phase transition, `.xy` files as beamlines write them.\n"
        "  The boundary is at spectrum 66.4; labels are safe up to 35 and from 85 on."
    )


def _peaks(o: SeriesOptions, axis: Floats, rng: np.random.Generator) -> tuple[Floats, NDArray[np.intp], Floats, Floats]:
    """Draw positions, phase (0, 1, 2 = bystander), heights and own boundary offset of each peak."""
    low, high = axis[0] + 5 * o.fwhm, axis[-1] - 5 * o.fwhm
    old = rng.uniform(low, high, o.n_peaks)
    # A jump of the lattice parameter moves partners the same way, more at larger 2θ, and less or more by direction.
    lever = np.tan(np.radians(old / 2)) / np.tan(np.radians(old.mean() / 2))
    jump = rng.choice((-1, 1)) * o.jump * o.fwhm * lever * (1 + 0.5 * rng.normal(size=o.n_peaks))
    new = np.where(rng.random(o.n_peaks) < o.partners, old + jump, rng.uniform(low, high, o.n_peaks))
    position = np.concatenate([old, new, rng.uniform(low, high, o.n_constant)])
    phase = np.repeat((0, 1, 2), (o.n_peaks, o.n_peaks, o.n_constant))
    height = rng.lognormal(0.0, 0.7, len(position))
    scatter = rng.normal(0.0, 1.0, o.n_peaks) * o.peak_scatter
    own = np.concatenate([scatter, scatter, np.zeros(o.n_constant)])
    return position, phase, height, own


def _shifts(
    o: SeriesOptions, position: Floats, phase: NDArray[np.intp], progress: Floats, rng: np.random.Generator
) -> Floats:
    """Draw each peak's drift along the series, (peak, spectrum), in degrees; larger at larger 2θ, as a strain is."""
    lever = np.tan(np.radians(position / 2)) / np.tan(np.radians(position.mean() / 2))
    strain = np.stack([drift(o.drift_form, progress, rng) for _ in range(3)])  # (phase, spectrum)
    sign = rng.choice((-1.0, 1.0))
    compliance = sign * rng.uniform((0.7, 0.7, 0.1), (1.3, 1.3, 0.5))
    own = 1 + o.anisotropy * rng.normal(size=len(position))
    return np.asarray((own * lever * o.drift * o.fwhm * compliance[phase])[:, None] * strain[phase])


def _smooth(rng: np.random.Generator, count: int, progress: Floats) -> Floats:
    """Draw slow random curves of unit size, (count, spectrum)."""
    slope, bow = rng.normal(size=(2, count, 1))
    phase = rng.uniform(0, 2 * np.pi, (count, 1))
    return np.asarray(slope * (progress - 0.5) + 0.5 * bow * np.sin(2 * np.pi * progress + phase) / 2)


def _background(o: SeriesOptions, axis: Floats, progress: Floats, rng: np.random.Generator) -> Floats:
    """Return a falling slope and an amorphous hump whose height and place drift, (spectrum, channel)."""
    x = (axis - axis[0]) / (axis[-1] - axis[0])
    place = rng.uniform(0.2, 0.8) + rng.normal(0.0, 0.05) * progress
    hump = np.exp(-0.5 * ((x - place[:, None]) / rng.uniform(0.08, 0.2)) ** 2)
    height = np.exp(0.2 * _smooth(rng, 1, progress)[0])
    return np.asarray(o.background * (0.3 + np.exp(-2 * x) + rng.uniform(0.2, 1.0) * height[:, None] * hump))


def _beam(o: SeriesOptions, rng: np.random.Generator) -> Floats:
    beam = rng.lognormal(0.0, o.jitter, o.n_spectra)
    beam[rng.integers(o.n_spectra) :] *= 1 + o.beam_step
    return beam


def _labels(o: SeriesOptions, boundary: float) -> NDArray[np.int64]:
    """Label every n-th spectrum of either pure end."""
    index = np.arange(o.n_spectra)
    labels = np.full(o.n_spectra, -1)
    before = index <= boundary - o.gap_before * o.n_spectra
    after = index >= boundary + o.gap_after * o.n_spectra
    labels[before & (index % o.label_every == 0)] = 0
    labels[after & (index % o.label_every == 0)] = 1
    return labels
