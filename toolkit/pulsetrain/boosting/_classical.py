"""Denoising and sharpening that learns nothing but noise and power spectrum."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.boosting._masks import filled, without_sensor
from pulsetrain.boosting.degradation import Degradation, blurred

__all__ = ["non_local_means", "richardson_lucy", "wiener"]

Floats = NDArray[np.float32]

_SEARCH = 10  # px, how far alike patches are looked for
_EDGE = 16  # px, mirrored beside the frame before it is Fourier transformed
_STANDS_OUT = 0.1
_DARK = np.float32(1e-3)


def wiener(low: Floats, training: Floats, degradation: Degradation) -> Floats:
    """Return the linear estimate of least error, given the radial power spectrum of the frames.

    H = T g S/(T² g² S + N), T the point spread's transfer, S the power of the good images, which is what the poor
    frames' power has above the noise N (mean + read noise²).

    Parameters
    ----------
    low, training : shape (n, side, side), photons of the poor condition, NaN where masked
    degradation : Degradation
    """
    gain, width, read = degradation.gain, degradation.point_spread, degradation.read_noise
    shown, mean = _mirrored(low)
    side = shown.shape[-1]
    step = np.fft.fftfreq(side)
    frequency = np.hypot(step, step[:, None])
    transfer = np.exp(-2 * (np.pi * width * frequency) ** 2)
    noise = float(np.nanmean(training)) + read**2
    others, _ = _mirrored(training)
    power = np.mean(np.abs(np.fft.fft2(others)) ** 2, axis=0) / side**2
    ring = np.rint(frequency * side).astype(int)
    radial = (np.bincount(ring.ravel(), power.ravel()) / np.maximum(np.bincount(ring.ravel()), 1))[ring]
    seen = (radial - noise).clip(min=0)  # T² g² S
    # Beyond the first ring that does not stand out of the noise the quotient would only blow up what is left of it. The
    # mean is no such ring: it was taken off.
    faint = (seen < _STANDS_OUT * noise) & (frequency > 0)
    seen[frequency >= frequency[faint].min(initial=1.0)] = 0
    sharp = np.fft.ifft2(np.fft.fft2(shown) * seen / (seen + noise) / (gain * transfer)).real
    inner = slice(_EDGE, -_EDGE)
    return _masked(sharp[:, inner, inner] + mean / gain, low)


def richardson_lucy(low: Floats, degradation: Degradation, iterations: int) -> Floats:
    """Return iterations towards the likeliest image, read noise counted as light.

    Snyder et al., J. Opt. Soc. Am. A 10 (1993) 1014. Dead pixels say nothing; where there is no sensor is no light.

    Parameters
    ----------
    low : shape (n, y, x), photons of the poor condition, NaN where masked
    degradation : Degradation
    iterations : int
    """
    live, width = np.isfinite(low), degradation.point_spread
    dark = np.float32(degradation.read_noise**2) + _DARK
    seen = np.where(live, (filled(low) + dark).clip(min=0), 0).astype(np.float32)
    reached = blurred(live.astype(np.float32), width).clip(min=0.05)
    image = np.where(without_sensor(live), 0, blurred(filled(low), width).clip(min=0) + _DARK).astype(np.float32)
    for _ in range(iterations):
        image *= blurred(seen / (blurred(image, width) + dark), width) / reached
    return _masked(image / degradation.gain, low)


def non_local_means(low: Floats, read_noise: float, *, patch: int, strength: float) -> Floats:
    """Return frames denoised by non-local means where noise is alike everywhere: after Anscombe's transform.

    The way back is free of bias: Mäkitalo and Foi, IEEE Trans. Image Process. 22 (2013) 91.

    Parameters
    ----------
    low : shape (n, y, x), photons, NaN where masked
    read_noise : float, photons
    patch : int, px
    strength : float
        In widths of the noise, below which patches are alike.
    """
    from skimage.restoration import denoise_nl_means

    offset = 3 / 8 + read_noise**2
    stable = 2 * np.sqrt((filled(low) + offset).clip(min=0))
    clean = np.stack([denoise_nl_means(each, patch, _SEARCH, strength, fast_mode=True, sigma=1.0) for each in stable])
    clean = np.maximum(clean, 2 * np.sqrt(offset))
    root = np.sqrt(1.5)
    back = clean**2 / 4 + root / (4 * clean) - 11 / (8 * clean**2) + 5 * root / (8 * clean**3) - 1 / 8 - read_noise**2
    back = _masked(back.clip(min=0), low)
    # Where there are next to no photons the way back is biased after all; a frame's flux is known better.
    flux = [np.nansum(each, axis=(1, 2), keepdims=True) for each in (low, back)]
    return np.asarray(back * (flux[0].clip(min=0) / np.maximum(flux[1], _DARK)), np.float32)


def _mirrored(frames: Floats) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return frames about 0 that end in their mirror images, and the means taken off."""
    whole = filled(frames).astype(float)
    mean = whole.mean(axis=(1, 2), keepdims=True)
    return np.pad(whole - mean, ((0, 0), (_EDGE, _EDGE), (_EDGE, _EDGE)), mode="symmetric"), mean


def _masked(images: NDArray[np.floating], low: Floats) -> Floats:
    return np.where(np.isfinite(low), images, np.nan).astype(np.float32)
