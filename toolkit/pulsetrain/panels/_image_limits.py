"""Contrast as the browser sets it by itself: `js/image/statistics.ts` takes the very same pixels."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

__all__ = ["COLOUR_MAPS", "DIVERGING", "POOLINGS", "SCALES", "SEQUENTIAL", "Contrast", "Limits", "forward", "inverse"]

Scale = Literal["linear", "sqrt", "log", "symlog"]
Sequential = Literal["viridis", "cividis", "magma", "inferno", "gray"]
Diverging = Literal["PuOr_r", "RdBu_r"]
Pooling = Literal["mean", "peak"]
Limits = tuple[float, float]

SCALES: tuple[str, ...] = get_args(Scale)
SEQUENTIAL: tuple[str, ...] = get_args(Sequential)
DIVERGING: tuple[str, ...] = get_args(Diverging)
COLOUR_MAPS = SEQUENTIAL + DIVERGING
POOLINGS: tuple[str, ...] = get_args(Pooling)

_SAMPLED = 2**18


def forward(scale: str, values: Any, threshold: float) -> Any:
    """Return what a scale makes of values; the logarithm of what is not positive is −∞."""
    values = np.asarray(values, dtype=float)
    if scale == "sqrt":
        return np.sign(values) * np.sqrt(np.abs(values))
    if scale == "log":
        return np.log(values, out=np.full(values.shape, -np.inf), where=values > 0)
    if scale == "symlog":
        return np.sign(values) * np.log1p(np.abs(values) / threshold)
    return values


def inverse(scale: str, places: Any, threshold: float) -> Any:
    """Return the values that a scale makes these places of."""
    places = np.asarray(places, dtype=float)
    if scale == "sqrt":
        return np.sign(places) * places**2
    if scale == "log":
        return np.exp(places)
    if scale == "symlog":
        return np.sign(places) * threshold * np.expm1(np.abs(places))
    return places


class Contrast:
    """What the contrast of a frame, or of frames that share it, is set by.

    Parameters
    ----------
    values : numpy.ndarray, shape (y, x)
    valid : numpy.ndarray, shape (y, x), bool
        Neither gap nor masked.
    *more : numpy.ndarray
        Values and validity of further frames.
    """

    def __init__(self, values: NDArray[Any], valid: NDArray[np.bool_], *more: NDArray[Any]) -> None:
        arrays = (values, valid, *more)
        samples = [_sample(*pair) for pair in zip(arrays[::2], arrays[1::2], strict=True)]
        self._sorted = np.sort(np.concatenate(samples))

    @property
    def threshold(self) -> float:
        """Where symlog turns logarithmic: half the span of the middle 68 %."""
        if self._sorted.size == 0:
            return 1.0
        width = (self._at(0.84) - self._at(0.16)) / 2
        reach = max(abs(self._at(0.999)), abs(self._at(0.001))) / 100
        return next(value for value in (width, reach, 1.0) if value > 0)

    def automatic(self, scale: str, colour_map: str) -> Limits:
        """Return limits that show most pixels, whatever a few hot ones say."""
        if self._sorted.size == 0:
            return (0.1 if scale == "log" else 0.0), 1.0
        low, high, greatest = self._at(0.01), self._at(0.995), float(self._sorted[-1])
        if colour_map in DIVERGING and scale != "log":
            reach = max(abs(self._at(0.005)), abs(high)) or 1.0
            return -reach, reach
        if scale in {"log", "symlog"}:  # room for peaks above, as far as there is more than hot pixels
            high = max(high, min(5 * high, self._at(0.9999)))
        if scale == "log":
            positive = self._sorted[np.searchsorted(self._sorted, 0, side="right") :]
            if positive.size == 0:
                return 0.1, 1.0
            high = high if high > 0 else greatest
            low = max(_percentile(positive, 0.05), high / 1000)
        high = high if high > low else greatest
        if high > low:
            return low, high
        return (low / 10, low) if scale == "log" else (low, low + 1)

    def _at(self, share: float) -> float:
        return _percentile(self._sorted, share)


def _sample(values: NDArray[Any], valid: NDArray[np.bool_]) -> NDArray[Any]:
    step = max(1, -(-values.size // _SAMPLED))
    step |= step > 1  # odd, so that the sample walks over all columns
    return values.ravel()[::step][valid.ravel()[::step]]


def _percentile(ordered: NDArray[Any], share: float) -> float:
    return float(ordered[int(share * (ordered.size - 1) + 0.5)])
