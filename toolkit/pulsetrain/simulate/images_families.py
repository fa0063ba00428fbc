"""Experiments to build and to judge the boosting of images by.

`DEVELOPMENT` is for building and tuning: three families in the condition that the method's trial had. `HELD_OUT` is
for the final figures only: two of each family, their condition, light and objects' size drawn at random before anybody
had looked at one of them. Change none; a changed experiment is a new experiment, and one that was looked at while a
method was mended belongs to `DEVELOPMENT`. `MISMATCHES` is what a booster must notice: frames of another condition
than it has learnt, or of other objects.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal, Self, get_args

import numpy as np

from pulsetrain.simulate._images.options import FamilyName
from pulsetrain.simulate.images import ImageExperiment, ImageOptions, simulate_images

__all__ = ["DEVELOPMENT", "HELD_OUT", "MISMATCHES", "PlannedImages"]


@dataclass(frozen=True)
class PlannedImages:
    """One experiment, not yet simulated.

    Attributes
    ----------
    name : str
    options : ImageOptions
    first_seed : int
        Seeds of different experiments never meet.
    """

    name: str
    options: ImageOptions
    first_seed: int

    @property
    def content(self) -> Literal["diffraction", "imaging"]:
        """What the images are in the boosting method's words: "diffraction" or "imaging"."""
        return "imaging" if self.options.family == "phantoms" else "diffraction"

    def replace(self, **changes: Any) -> Self:
        """Return it with some options changed, such as ``n_low=500``."""
        return replace(self, options=self.options.replace(**changes))

    def mismatched(self, name: str) -> Self:
        """Return it with one of `MISMATCHES`; the same seeds give the same instrument, and objects but for their size.

        Raises
        ------
        KeyError
            For another name.
        """
        return self.replace(**{what: getattr(self.options, what) * times for what, times in MISMATCHES[name].items()})

    def simulate(self, repeat: int = 0) -> ImageExperiment:
        """Simulate it; each repeat has other objects and other dead pixels."""
        return simulate_images(self.options, seed=self.first_seed + repeat)


MISMATCHES: dict[str, dict[str, float]] = {
    "as learnt": {},
    "read noise × 2": {"read_noise": 2.0},
    "point spread × 1.5": {"point_spread": 1.5},
    "gain × 0.7": {"gain": 0.7},
    "objects × 1.5": {"scale": 1.5},
}

_FAMILIES = get_args(FamilyName)


def _drawn(number: int) -> ImageOptions:
    """Draw an experiment, within what instruments and samples offer."""
    rng = np.random.default_rng([4712, number])

    def between(low: float, high: float) -> float:
        return round(float(np.exp(rng.uniform(np.log(low), np.log(high)))), 3)

    family = _FAMILIES[number % len(_FAMILIES)]
    usual = 40.0 if family == "phantoms" else 15.0
    return ImageOptions(
        family=family,
        photons=between(0.6 * usual, 1.6 * usual),
        background=between(0.02, 0.1),
        scale=between(0.8, 1.25),
        several=between(0.1, 0.4),
        gain=between(0.08, 0.25),
        point_spread=between(0.9, 1.5),
        read_noise=between(0.25, 0.8),
        dead_pixels=between(0.002, 0.02),
    )


DEVELOPMENT = tuple(
    PlannedImages(family, ImageOptions(family=family), 60_000_000 + 100_000 * number)
    for number, family in enumerate(_FAMILIES)
)

HELD_OUT = tuple(
    PlannedImages(f"{_FAMILIES[number % 3]} {1 + number // 3}", _drawn(number), 70_000_000 + 100_000 * number)
    for number in range(6)
)
