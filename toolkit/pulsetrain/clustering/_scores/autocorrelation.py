"""The autocorrelation of a pattern, in units of its noise: particles side by side are peaks away from its middle."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from pulsetrain.clustering._scores.kernels import weigh

__all__ = ["Background", "distances", "envelope", "noise_power", "taper"]

Float32 = NDArray[np.float32]
_EDGE = 1.0  # px of the autocorrelation, over which the envelope's band ends
_TAPER = 0.08  # of the side: how far from the edge the square fades out


@dataclass(frozen=True)
class Background:
    """What is behind the particles, of one run.

    Attributes
    ----------
    mean : float32, shape (pixels,), photons
        Of an empty frame.
    read : float
        Variance of the read noise, photons².
    dead : bool, shape (pixels,)
    """

    mean: Float32
    read: float
    dead: NDArray[np.bool_]


@lru_cache(maxsize=4)
def distances(side: int) -> Float32:
    """Return the length of each lag of the half-plane that `noise_power` gives, shape (side, side // 2 + 1), px."""
    return np.hypot(scipy.fft.fftfreq(side, 1 / side)[:, None], scipy.fft.rfftfreq(side, 1 / side)).astype(np.float32)


def envelope(filled: Float32, block: Float32, dead: NDArray[np.bool_], reach: float) -> Float32:
    """Return the part of frames that one particle can give: their autocorrelation ends at `reach`.

    Masked pixels are filled first by their ring, then by the envelope itself (Papoulis and Gerchberg), once.

    Parameters
    ----------
    filled : float32, shape (n, side, side)
        Frames with masked pixels filled; changed.
    block : float32, shape (n, side, side), NaN where masked
    dead : bool, shape (side, side)
    reach : float, px of the autocorrelation
    """
    basis, passed = _band(filled.shape[-1], round(reach, 3))
    first = _within(filled, basis, passed)
    np.copyto(filled, first, where=np.isnan(block) | dead)
    return _within(filled, basis, passed)


def noise_power(
    block: Float32, shape: Float32, background: Background, scale: Float32
) -> tuple[Float32, NDArray[np.float32]]:
    """Return |FFT(w(I − S))|² / Σ w²S.

    Parameters
    ----------
    block, shape : float32, shape (n, side, side)
        Frames and their envelopes S.
    background : Background
    scale : float32, shape (n,)

    Returns
    -------
    power : float32, shape (n, side, side // 2 + 1)
        Exponential of mean 1 where there are no fringes but noise.
    moments : float32, shape (n, 2)
        Σ w²S and Σ w(S − background).
    """
    n, side = block.shape[:2]
    residual = np.empty_like(block)
    flat = (n, side * side)
    window = taper(side).ravel() * ~background.dead
    behind = np.stack([background.mean, window, np.full_like(window, background.read)]).astype(np.float32)
    moments = weigh(block.reshape(flat), shape.reshape(flat), behind, scale, residual.reshape(flat))
    spectrum = scipy.fft.rfft2(residual)
    power = spectrum.real**2 + spectrum.imag**2
    power /= np.maximum(moments[:, 0], np.float32(1e-12))[:, None, None]
    return power, moments


def _within(frames: Float32, basis: Float32, passed: Float32) -> Float32:
    rows = frames @ basis.T  # (n, side, m)
    modes = basis @ rows  # (n, m, m)
    modes *= passed
    return np.asarray(basis.T @ (modes @ basis), dtype=np.float32)


@lru_cache(maxsize=8)
def _band(side: int, reach: float) -> tuple[Float32, Float32]:
    """Return a real orthonormal Fourier basis (m, side) of the waves within reach, and how much of each passes (m, m).

    Matrices this small beat the fast Fourier transform, which gives all waves.
    """
    most = min(int(np.ceil(reach + 4 * _EDGE)), (side - 1) // 2)
    wave = np.concatenate([[0], np.repeat(np.arange(1, most + 1), 2)])
    phase = 2 * np.pi * wave[:, None] * np.arange(side) / side
    basis = np.where((np.arange(len(wave)) % 2 == 1)[:, None], np.cos(phase), np.sin(phase)) * np.sqrt(2 / side)
    basis[0] = np.sqrt(1 / side)
    passed = 1 / (1 + np.exp((np.hypot(wave[:, None], wave) - reach) / _EDGE))
    return basis.astype(np.float32), passed.astype(np.float32)


@lru_cache(maxsize=4)
def taper(side: int) -> Float32:
    """Return a window that falls to 0 over a few pixels at each edge, shape (side, side)."""
    inwards = np.minimum(np.arange(side), np.arange(side)[::-1]) / (_TAPER * side)
    edge = 0.5 - 0.5 * np.cos(np.pi * np.clip(inwards, 0, 1))
    return np.minimum(edge[:, None], edge).astype(np.float32)
