"""Families of truth-known series to judge boundary estimators by.

`DEVELOPMENT` is for tuning a method. `HELD_OUT` was fixed before any estimator was written and is for the final
figures only: it differs in peak shape, form of drift, crowding and background, so that a method fitted to the first
family is found out. Change neither; a changed family is a new family.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from pulsetrain.simulate._profiles import Transition
from pulsetrain.simulate.spectra import SeriesOptions

__all__ = ["DEVELOPMENT", "HELD_OUT", "KINDS", "Family", "Kind"]

Kind = Literal["sharp", "wide", "skewed", "per_peak"]
KINDS: tuple[Kind, ...] = ("sharp", "wide", "skewed", "per_peak")


@dataclass(frozen=True)
class Family:
    """Ranges that a series' options are drawn from.

    Attributes
    ----------
    name : str
    first_seed : int
        Seeds of different families never meet.
    shape, drift_forms
        As in `SeriesOptions`.
    n_spectra, n_channels, n_peaks : tuple of int
        Lowest and highest, both included.
    drift, anisotropy, fwhm, background : tuple of float
        Uniform between the two.
    partners : tuple of float
        Uniform between the two.
    jump, counts : tuple of float
        Log-uniform between the two. Small jumps are isostructural transitions, such as (Mg,Fe)O's spin crossover.
    """

    name: str
    first_seed: int
    shape: Literal["gaussian", "pseudo_voigt"]
    drift_forms: tuple[Literal["polynomial", "saturating", "wave"], ...]
    n_spectra: tuple[int, int]
    n_channels: tuple[int, int]
    n_peaks: tuple[int, int]
    drift: tuple[float, float]
    anisotropy: tuple[float, float]
    fwhm: tuple[float, float]
    background: tuple[float, float]
    partners: tuple[float, float]
    jump: tuple[float, float]
    counts: tuple[float, float]

    def draw(self, kind: Kind, number: int) -> tuple[SeriesOptions, int]:
        """Return the options and the seed of the family's n-th series of a kind."""
        seed = self.first_seed + 10_000 * KINDS.index(kind) + number
        rng = np.random.default_rng([seed, 7])
        n_spectra = int(rng.integers(self.n_spectra[0], self.n_spectra[1] + 1))
        form, width, scatter = _transition(kind, n_spectra, rng)
        # Labels end well away from the switch, by a different distance on either side: the person who labels does
        # not know where it is.
        while True:
            before, after = rng.uniform(0.03, 0.35, 2)
            if abs(before - after) > 0.08:
                break
        # A label is true: at least 98 % of its phase. The nucleation law ends slowly, hence the generous margin.
        margin = (1.3 * width + 3 * scatter) / n_spectra
        before, after = before + margin, after + margin
        # At least a tenth of the series is left on either side for labels; a gap too long for that gives way.
        shrink = min(1.0, 0.78 / (before + after))
        before, after = shrink * before, shrink * after
        return SeriesOptions(
            n_spectra=n_spectra,
            n_channels=int(rng.integers(self.n_channels[0], self.n_channels[1] + 1)),
            boundary=rng.uniform(before + 0.1, 0.9 - after),
            gap_before=min(before, 0.5),
            gap_after=min(after, 0.5),
            transition=form,
            width=width,
            peak_scatter=scatter,
            drift=rng.uniform(*self.drift),
            drift_form=self.drift_forms[rng.integers(len(self.drift_forms))],
            anisotropy=rng.uniform(*self.anisotropy),
            n_peaks=int(rng.integers(self.n_peaks[0], self.n_peaks[1] + 1)),
            fwhm=rng.uniform(*self.fwhm),
            shape=self.shape,
            background=rng.uniform(*self.background),
            partners=rng.uniform(*self.partners),
            jump=float(np.exp(rng.uniform(*np.log(self.jump)))),
            counts=float(np.exp(rng.uniform(*np.log(self.counts)))),
            jitter=rng.uniform(0.02, 0.15),
            beam_step=float(rng.choice([0.0, 0.0, rng.uniform(-0.4, 0.4)])),
        ), seed


def _transition(kind: Kind, n_spectra: int, rng: np.random.Generator) -> tuple[Transition, float, float]:
    """Draw form, 10–90 % width and per-peak scatter; lengths scale with the series, 349 spectra being the unit."""
    scale = n_spectra / 349
    if kind == "wide":
        forms: tuple[Transition, ...] = ("logistic", "normal", "linear")
        return forms[rng.integers(3)], scale * rng.uniform(12, 40), 0.0
    if kind == "skewed":
        skewed: tuple[Transition, ...] = ("nucleation", "mirrored_nucleation")
        return skewed[rng.integers(2)], scale * rng.uniform(6, 30), 0.0
    if kind == "per_peak":
        return "logistic", scale * rng.uniform(1, 8), scale * rng.uniform(2, 6)
    return "logistic", rng.uniform(0.5, 6), 0.0


DEVELOPMENT = Family(
    name="development",
    first_seed=1_000_000,
    shape="gaussian",
    drift_forms=("polynomial",),
    n_spectra=(180, 350),
    n_channels=(1000, 2500),
    n_peaks=(4, 9),
    drift=(1.0, 8.0),
    anisotropy=(0.1, 0.3),
    fwhm=(0.1, 0.25),
    background=(0.2, 1.0),
    partners=(0.4, 1.0),
    jump=(0.5, 4.0),
    counts=(30.0, 1000.0),
)

HELD_OUT = Family(
    name="held_out",
    first_seed=2_000_000,
    shape="pseudo_voigt",
    drift_forms=("polynomial", "saturating", "wave"),
    n_spectra=(150, 400),
    n_channels=(900, 4023),
    n_peaks=(3, 12),
    drift=(1.0, 10.0),
    anisotropy=(0.0, 0.4),
    fwhm=(0.08, 0.3),
    background=(0.1, 2.0),
    partners=(0.3, 1.0),
    jump=(0.4, 5.0),
    counts=(20.0, 2000.0),
)
