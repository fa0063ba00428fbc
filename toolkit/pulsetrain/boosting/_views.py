"""What a network is shown of poor frames: a rough image to start from, the frame itself, and its mask."""

from __future__ import annotations

from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pulsetrain.boosting._masks import filled, without_sensor
from pulsetrain.boosting.degradation import Degradation, blurred

__all__ = ["CHANNELS", "Views", "make_views"]

Floats = NDArray[np.float32]

CHANNELS = 4
_ITERATIONS = 8  # more of Richardson-Lucy sharpen noise
_LEAST = np.float32(1e-3)


class Views(NamedTuple):
    """Of frames (n, y, x), in photons of the poor condition.

    Attributes
    ----------
    channels : float32, shape (n, 4, y, x)
        The first is √ of the rough image, which the network corrects.
    mean : float32, shape (n, y, x)
        A smooth estimate of the intensity, for weights.
    """

    channels: Floats
    mean: Floats


def make_views(low: Floats, degradation: Degradation, content: Literal["diffraction", "imaging"]) -> Views:
    """Return the views of poor frames (n, y, x), NaN where masked."""
    live = np.isfinite(low)
    whole = filled(low)
    smooth = blurred(whole, max(degradation.point_spread, 1.0)).clip(min=0)
    rough = smooth
    if content == "diffraction":
        rough = _sharpened(whole, live, smooth, degradation)
    noise = np.float32(0.375 + degradation.read_noise**2)
    stable = np.sqrt((whole + noise).clip(min=0))  # Anscombe's: noise of about 1/2 everywhere
    channels = np.stack([np.sqrt(rough), np.sqrt(smooth), stable, live.astype(np.float32)], axis=1)
    return Views(channels, smooth)


def _sharpened(whole: Floats, live: NDArray[np.bool_], start: Floats, degradation: Degradation) -> Floats:
    """Return a few iterations of Richardson-Lucy, read noise counted as light (Snyder, JOSA A 10 (1993) 1014)."""
    noise = np.float32(degradation.read_noise**2 + 1e-3)
    width = degradation.point_spread
    sensor = ~without_sensor(live)
    weight = live.astype(np.float32)
    seen = np.where(live, (whole + noise).clip(min=0), np.float32(0))
    reached = blurred(weight, width).clip(min=0.05)
    image = np.where(sensor, start + _LEAST, np.float32(0))
    for _ in range(_ITERATIONS):
        image = image * (blurred(seen / (blurred(image, width) + noise), width) / reached)
    return np.asarray(image)
