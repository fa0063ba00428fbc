"""What a frame without particle looks like, found among frames of which nobody knows what they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from pulsetrain.clustering._scores.autocorrelation import Background
from pulsetrain.clustering._scores.kernels import fill_and_sum

__all__ = ["Empties", "find_empties", "hit_signal"]

Float32 = NDArray[np.float32]
_FIRST = 0.05  # of the frames, the darkest, are presumed empty at first
_FEWEST = 8
_ROUNDS = 6
_EMPTY_WITHIN = 2.5  # standard deviations
_SMOOTH = 2.0  # px


@dataclass(frozen=True)
class Empties:
    """How empty frames of a run scatter.

    Attributes
    ----------
    background : Background
    filters : float32, shape (4, pixels)
        As `fill_and_sum` takes them.
    scale : (float, float)
        Mean and standard deviation of the background's scale from frame to frame.
    offset, spread : float
        Of the empties' h/σ: 0 and 1 if only photons scatter.
    """

    background: Background
    filters: Float32
    scale: tuple[float, float]
    offset: float
    spread: float


def hit_signal(sums: Float32, scale: tuple[float, float]) -> tuple[Float32, Float32, Float32]:
    """Fit frame = s·b + h·H by weighted least squares, the scale s being known as well as empties scatter.

    Parameters
    ----------
    sums : float32, shape (n, 8)
        Of `fill_and_sum`.
    scale : (float, float)
        Mean and standard deviation of s.

    Returns
    -------
    h, h_error, s : shape (n,)
    """
    ib, ih, bb, bh, hh = (sums[:, k].astype(np.float64) for k in range(3, 8))
    precision = 1 / scale[1] ** 2
    bb, ib = bb + precision, ib + precision * scale[0]
    determinant = np.maximum(bb * hh - bh**2, 1e-12)
    h = (bb * ih - bh * ib) / determinant
    s = np.clip((hh * ib - bh * ih) / determinant, 0, None)
    # Where all light is the particle's, the fit may take the background for it: an empty frame gives it again.
    return h.astype(np.float32), np.sqrt(bb / determinant).astype(np.float32), s.astype(np.float32)


def find_empties(block: Float32, rings: NDArray[np.int32], dead: NDArray[np.bool_]) -> Empties:
    """Begin with the darkest frames, and take in all that the darkest explain.

    Parameters
    ----------
    block : float32, shape (n, side, side), photons, NaN where masked
    rings : int32, shape (pixels,)
    dead : bool, shape (pixels,)
    """
    n, side = block.shape[:2]
    flat = block.reshape(n, -1)
    live = np.isfinite(flat) & ~dead
    light = np.where(live, flat, 0).sum(axis=1) / np.maximum(live.sum(axis=1), 1)
    order = np.argsort(light, kind="stable")
    empty = np.zeros(n, dtype=bool)
    empty[order[: max(_FEWEST, round(_FIRST * n))]] = True
    bright = order[-max(_FEWEST, round(_FIRST * n)) :]
    scale, filled = (1.0, 1.0), np.empty_like(flat)
    for _ in range(_ROUNDS):
        background = _background(flat[empty], dead, side)
        hit = _mean_hit(flat[bright], background, rings)
        filters = _filters(background, hit)
        sums, _ = fill_and_sum(flat, rings, dead, filters, filled)
        h, error, s = hit_signal(sums, scale)
        score = h / error
        middle = float(np.median(score[empty]))
        spread = max(1.0, 1.4826 * float(np.median(np.abs(score[empty] - middle))))
        within = (score - middle) / spread < _EMPTY_WITHIN
        if within.sum() < _FEWEST or (within == empty).all():
            break
        empty = within
        alone = sums[:, 3] / np.maximum(sums[:, 5], 1e-12)  # s, were there only background
        noise = 1 / np.sqrt(np.maximum(np.median(sums[:, 5]), 1e-12))
        jitter = 1.4826 * float(np.median(np.abs(alone[empty] - np.median(alone[empty]))))
        scale = (float(np.median(alone[empty])), float(np.sqrt(max(jitter**2 - noise**2, 0.02**2))))
    return Empties(background, filters, scale, middle, spread)


def _background(empties: Float32, dead: NDArray[np.bool_], side: int) -> Background:
    live = np.isfinite(empties) & ~dead
    count = live.sum(axis=0)
    mean = np.where(live, empties, 0).sum(axis=0) / np.maximum(count, 1)
    deviation = np.where(live, empties - mean, 0)
    scatter = (deviation**2).sum(axis=0) / np.maximum(count - 1, 1)
    read = max(0.0, float(np.mean((scatter - mean)[count > 1])) if (count > 1).any() else 0.0)
    seen = (count > 0).astype(np.float64).reshape(side, side)
    total = scipy.ndimage.gaussian_filter(mean.reshape(side, side) * seen, _SMOOTH)
    smooth = total / np.maximum(scipy.ndimage.gaussian_filter(seen, _SMOOTH), 1e-3)
    return Background(np.maximum(smooth, 1e-6).astype(np.float32).ravel(), read, dead)


def _mean_hit(bright: Float32, background: Background, rings: NDArray[np.int32]) -> Float32:
    """Return what bright frames show beyond the background, in rings around the beam, 1 photon in all."""
    live = np.isfinite(bright) & ~background.dead
    excess = np.where(live, bright - background.mean, 0)
    excess /= np.maximum(np.sqrt(np.maximum(excess.sum(axis=1), 1)), 1)[:, None]  # bright ones do not rule alone
    n = int(rings.max()) + 1
    total = np.bincount(rings, excess.sum(axis=0), n)
    mean = np.maximum(total / np.maximum(np.bincount(rings, live.sum(axis=0), n), 1), 0)
    # In a run without hits there is nothing to learn from; light near the beam is what to look for.
    usual = 1 / (1 + (np.arange(n) / (0.1 * n)) ** 4)
    shape = (mean / max(mean.sum(), 1e-12) + 0.01 * usual / usual.sum())[rings]
    return np.asarray(shape / shape.sum(), dtype=np.float32)


def _filters(background: Background, hit: Float32) -> Float32:
    b = background.mean
    variance = b + np.float32(background.read)
    return np.stack([b, hit, b / variance, hit / variance]).astype(np.float32)
