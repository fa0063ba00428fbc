"""Comparisons of images in rings of spatial frequency."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESOLVED", "fourier_ring_correlation", "power_ratio", "radial_power", "resolution"]

Floats = NDArray[np.float64]
Images = NDArray[np.floating]

# Against a truth without noise. The 1/7 and half-bit criteria belong to two noisy halves.
RESOLVED = 0.5
_RELAXED = 100  # steps in which a hole of a few pixels is spanned


def fourier_ring_correlation(image: Images, truth: Images) -> Floats:
    """Return the correlation with the truth by spatial frequency, mean over frames.

    Re Σ F G* / √(Σ|F|² Σ|G|²) over rings one frequency step wide. Masks and frame are the same in both images and would
    correlate: masked pixels are filled smoothly, the mean is taken off, and a Hann window hides the edges.

    Parameters
    ----------
    image, truth : shape (n, side, side)

    Returns
    -------
    numpy.ndarray, shape (side // 2,)
        At 1/side, 2/side … 1/2 per pixel.
    """
    both = np.isfinite(image) & np.isfinite(truth)
    first, second = _spectra(image, both), _spectra(truth, both)
    joint = _rings((first * second.conj()).real)
    norm = np.sqrt(_rings(np.abs(first) ** 2) * _rings(np.abs(second) ** 2))
    return np.asarray(np.mean(joint / np.maximum(norm, np.finfo(float).tiny), axis=0))


def power_ratio(image: Images, truth: Images) -> Floats:
    """Return power over the truth's by spatial frequency, of all frames together; as `fourier_ring_correlation`."""
    both = np.isfinite(image) & np.isfinite(truth)
    first, second = (_rings(np.abs(_spectra(each, both)) ** 2).sum(axis=0) for each in (image, truth))
    return np.asarray(first / np.maximum(second, np.finfo(float).tiny))


def radial_power(images: Images, *, counted: bool = False) -> Floats:
    """Return the power by spatial frequency, mean over frames and rings; as `fourier_ring_correlation`.

    Parameters
    ----------
    images : shape (n, side, side), photons
    counted : bool
        Whether to take off what counting adds: as much as there are photons, at all frequencies alike.

    Returns
    -------
    numpy.ndarray, shape (side // 2,), photons² per pixel
        Of white noise, its variance.
    """
    live = np.isfinite(images)
    weight = _window(images.shape[-1]) ** 2
    rings = _rings(np.abs(_spectra(images, live)) ** 2) / _rings(np.ones((1, *images.shape[1:])))
    noise = np.sum(np.where(live, images, 0.0) * weight, axis=(1, 2)).mean() if counted else 0.0
    return np.asarray((rings.mean(axis=0) - noise) / weight.sum())


def resolution(correlation: Floats, side: int, threshold: float = RESOLVED) -> float:
    """Return the period in pixels at which the correlation first falls below the threshold.

    Two pixels where it never does; the frame's side where it starts below.
    """
    below = np.flatnonzero(correlation < threshold)
    if not len(below):
        return 2.0
    k = int(below[0])
    if k == 0:
        return float(side)
    high, low = correlation[k - 1], correlation[k]
    return float(side / (k + (high - threshold) / (high - low)))


def _spectra(images: Images, live: NDArray[np.bool_]) -> NDArray[np.complex128]:
    values = _filled(np.where(live, images, 0.0).astype(float), live)
    return np.asarray(np.fft.fft2((values - values.mean(axis=(1, 2), keepdims=True)) * _window(images.shape[-1])))


def _window(side: int) -> Floats:
    along = np.hanning(side + 2)[1:-1]
    return along * along[:, None]


def _filled(values: Floats, live: NDArray[np.bool_]) -> Floats:
    """Fill masked pixels with the mean of their neighbours, as a membrane would span them."""
    masked = ~live
    if not masked.any():
        return values
    mean = values.sum(axis=(1, 2)) / np.maximum(live.sum(axis=(1, 2)), 1)
    filled = np.where(live, values, mean[:, None, None])
    n, y, x = np.nonzero(masked)
    above, below = (np.clip(y + step, 0, values.shape[1] - 1) for step in (-1, 1))
    left, right = (np.clip(x + step, 0, values.shape[2] - 1) for step in (-1, 1))
    for _ in range(_RELAXED):
        filled[n, y, x] = (filled[n, above, x] + filled[n, below, x] + filled[n, y, left] + filled[n, y, right]) / 4
    return filled


def _rings(values: Floats) -> Floats:
    """Sum over rings, shape (n, side // 2); zero frequency and the corners are left out."""
    side = values.shape[-1]
    step = np.fft.fftfreq(side) * side
    ring = np.rint(np.hypot(step, step[:, None])).astype(int).ravel()
    sums = [np.bincount(ring, frame.ravel(), side)[1 : side // 2 + 1] for frame in values]
    return np.array(sums)
