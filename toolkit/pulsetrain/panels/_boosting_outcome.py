"""What the boosting control has found, and what it shows of one frame."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pulsetrain.boosting import Booster
    from pulsetrain.boosting._check import Finding
    from pulsetrain.boosting.judging import Intervals

__all__ = ["Judged", "Look", "Outcome", "Sample"]

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Sample:
    """Frames that figures are drawn of, spread evenly over all.

    Attributes
    ----------
    patterns : int, shape (n,)
    low : float32, shape (n, y, x), photons of the poor condition
    made : xarray.Dataset
        What became of them.
    truth : float32, shape (n, y, x), photons of the good condition, or None
    high : float32, shape (m, y, x), photons, or None
        Frames of the good condition, of other objects.
    """

    patterns: NDArray[np.int64]
    low: Floats
    made: xr.Dataset
    truth: Floats | None
    high: Floats | None

    @property
    def image(self) -> Floats:
        """What they became, photons of the good condition."""
        return self.made["image"].to_numpy()

    @property
    def std(self) -> Floats | None:
        """How far it may be off."""
        return self.made["std"].to_numpy() if "std" in self.made else None


@dataclass(frozen=True)
class Judged:
    """What the sample is worth by its truth.

    Attributes
    ----------
    correlation : tuple
        As of `pulsetrain.figures.boosting.correlation_curves`.
    quality : str
        Table, as HTML.
    intervals : Intervals or None
    """

    correlation: tuple[dict[str, NDArray[np.float64]], int]
    quality: str
    intervals: Intervals | None


@dataclass(frozen=True)
class Outcome:
    """What a booster made of the frames.

    Attributes
    ----------
    booster : Booster
    result : xarray.Dataset
        Of all frames; lazy where they are many.
    sample : Sample
    judged : Judged or None
        Where the truth is known.
    findings : list of Finding, or None
        None where the frames do not tell.
    unchecked : str
        Why they do not.
    chi2 : float
        Per pixel of the sample, made poor again.
    strips : bytes
        PNG of what frames became along the training; empty of a booster that was read.
    """

    booster: Booster
    result: xr.Dataset
    sample: Sample
    judged: Judged | None
    findings: list[Finding] | None
    unchecked: str
    chi2: float
    strips: bytes


@dataclass(frozen=True)
class Look:
    """One frame, in photons of the good condition.

    Attributes
    ----------
    pattern : int
    before : float32, shape (y, x)
        The poor frame over the gain, or as it is while no gain is known.
    after, std, truth : float32, shape (y, x), or None
    """

    pattern: int
    before: Floats
    after: Floats | None
    std: Floats | None
    truth: Floats | None

    @property
    def shown(self) -> Floats:
        """The boosted frame; NaN throughout while there is none."""
        return np.full_like(self.before, np.nan) if self.after is None else self.after
