"""What each way of comparing two frames shows; `js/image/modes.ts` is its twin in the browser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data import DataError
from pulsetrain.panels._image_limits import Contrast
from pulsetrain.panels._image_planes import as_frame, as_mask

__all__ = ["MODES", "Pair", "family_of", "scale_of"]

Mode = Literal["before", "after", "swipe", "side", "difference", "ratio", "blink", "std"]
MODES: tuple[str, ...] = get_args(Mode)

_MOST = 1e6  # σ


def family_of(mode: str) -> str:
    """Return what has a contrast of its own: intensities, difference, ratio or σ."""
    return mode if mode in {"difference", "ratio", "std"} else "intensity"


def scale_of(family: str, chosen: str) -> str:
    """Return the scale of a family where another one is chosen for intensities."""
    if family == "ratio":  # a logarithm already
        return "linear"
    return "symlog" if family == "difference" and chosen == "log" else chosen


@dataclass(frozen=True)
class Pair:
    """Two frames of one shape, checked, and what is made of both.

    Attributes
    ----------
    before, after : numpy.ndarray, shape (y, x)
    std : numpy.ndarray, shape (y, x), or None
        Of the second one.
    mask : numpy.ndarray, shape (y, x), bool, or None
    """

    before: NDArray[Any]
    after: NDArray[Any]
    std: NDArray[Any] | None
    mask: NDArray[np.bool_] | None

    @classmethod
    def of(cls, before: Any, after: Any, std: Any, mask: Any, gain: float) -> Pair:
        """Take frames as given.

        Raises
        ------
        DataError
            If one of them is no frame, or of another shape than the first.
        """
        low, high = as_frame(before, "before"), as_frame(after, "after")
        sigma = None if std is None else as_frame(std, "std")
        for name, values in (("after", high), ("std", sigma)):
            if values is not None and values.shape != low.shape:
                got = f"shape {values.shape}, where before has {low.shape}"
                raise DataError(name, got, "frames of one shape", "bring both to one grid: bin the finer one")
        if sigma is not None and np.any(sigma < 0):
            raise DataError("std", "negative values", "standard deviations", "give what predict() calls std")
        return cls(low if gain == 1 else low / np.float32(gain), high, sigma, as_mask(mask, low.shape))

    def values(self, family: str) -> tuple[NDArray[Any], ...]:
        """Return the frames that share a contrast."""
        if family == "difference":
            return (self.difference,)
        if family == "ratio":
            return (self.ratio,)
        if family == "std" and self.std is not None:
            return (self.std,)
        return self.before, self.after

    def contrast(self, family: str) -> Contrast:
        """Return what the contrast of a family is set by."""
        arrays = []
        for values in self.values(family):
            known = np.isfinite(values)
            arrays += [values, known if self.mask is None else known & ~self.mask]
        return Contrast(*arrays)

    @property
    def difference(self) -> NDArray[np.float32]:
        """Return after − before, shape (y, x)."""
        low, high = np.asarray(self.before, np.float32), np.asarray(self.after, np.float32)
        with np.errstate(invalid="ignore"):
            return high - low

    @property
    def ratio(self) -> NDArray[np.float32]:
        """Return log₂(after / before), shape (y, x); NaN where one of them is not positive."""
        low, high = np.asarray(self.before, np.float32), np.asarray(self.after, np.float32)
        positive = (low > 0) & (high > 0) & np.isfinite(low) & np.isfinite(high)
        found = np.full(low.shape, np.nan, np.float32)
        found[positive] = np.log2(high[positive].astype(float) / low[positive])  # a float32 may be too small for it
        return found

    def sure(self, values: NDArray[Any]) -> NDArray[Any] | None:
        """Return how many σ values are from zero, shape (y, x): none where σ is not known."""
        if self.std is None:
            return None
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            size = np.nan_to_num(np.abs(values.astype(np.float32)))
            return np.where(size > 0, np.minimum(np.nan_to_num(size / self.std, posinf=_MOST), _MOST), 0)
