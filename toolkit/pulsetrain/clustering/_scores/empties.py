"""What a frame without particle looks like, found among frames of which nobody knows what they show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from pulsetrain.clustering._scores.autocorrelation import Background
from pulsetrain.clustering._scores.kernels import fill

__all__ = ["FEWEST_TELLING", "Empties", "find_empties", "hit_signal", "hit_sums"]

Float32 = NDArray[np.float32]
_FIRST = 0.05  # of the frames, the darkest, are presumed empty at first
_FEWEST = 8
FEWEST_TELLING = 32  # frames, among which empty ones can be looked for
_DARK = 0.01  # photons in a pixel, where nothing is known
_ROUNDS, _FREE = 16, 3  # in the first ones the background's scale is free
_UNKNOWN = (1.0, 1e3)  # scale
_STEADIEST = 0.02  # scatter of the scale
_SEEN = 3.0  # standard errors
_WIDEST = 1.5  # spread of empties; what scatters more is not empty
_EMPTY_WITHIN = 2.5  # standard deviations
_SCALE_WITHIN = 4.0  # standard deviations
_SMOOTH = 2.0  # px


@dataclass(frozen=True)
class Empties:
    """How empty frames of a run scatter.

    Attributes
    ----------
    background : Background
    filters : float32, shape (4, pixels)
        The background b, the mean hit H, and both over the variance v of an empty frame, b/v and H/v; 0 where dead.
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

    def score(self, h: Float32, error: Float32) -> Float32:
        """Return how many standard deviations of empty frames there is light of particles."""
        return np.asarray((h / error - self.offset) / self.spread, dtype=np.float32)


def hit_sums(filled: Float32, excess: Float32, filters: Float32) -> Float32:
    """Return Σ I b/v, Σ I H/v, Σ b b/v, Σ b H/v and Σ H H/v of each frame over its valid pixels, shape (n, 5).

    Parameters
    ----------
    filled : float32, shape (n, pixels)
    excess : float32, shape (n, 5)
        Of `fill`.
    filters : float32, shape (4, pixels)
    """
    b, hit, b_v, hit_v = filters
    norms = np.array([b @ b_v, b @ hit_v, hit @ hit_v], dtype=np.float32)
    sums = np.concatenate([filled @ filters[2:].T, np.tile(norms, (len(filled), 1))], axis=1)
    return np.asarray(sums - excess, dtype=np.float32)


def hit_signal(sums: Float32, scale: tuple[float, float]) -> tuple[Float32, Float32, Float32]:
    """Fit frame = s·b + h·H by weighted least squares, the scale s being known as well as empties scatter.

    Parameters
    ----------
    sums : float32, shape (n, 5)
        Of `hit_sums`.
    scale : (float, float)
        Mean and standard deviation of s.

    Returns
    -------
    h, h_error, s : shape (n,)
    """
    ib, ih, bb, bh, hh = sums.astype(np.float64).T
    precision = 1 / scale[1] ** 2
    bb, ib = bb + precision, ib + precision * scale[0]
    determinant = np.maximum(bb * hh - bh**2, 1e-12)
    h = (bb * ih - bh * ib) / determinant
    s = np.clip((hh * ib - bh * ih) / determinant, 0, None)
    return h.astype(np.float32), np.sqrt(bb / determinant).astype(np.float32), s.astype(np.float32)


def find_empties(block: Float32, rings: NDArray[np.int32], dead: NDArray[np.bool_]) -> Empties:
    """Begin with the darkest frames, and take in all that differ from them by a factor and by noise only.

    At first nothing is known of the background's scale, so that only a frame's shape tells; how it scatters is then
    learnt from the frames found. A run without empty frames has its faintest hits taken for them. Of a few frames
    nobody can tell which are empty: all their light is taken to be of particles.

    Parameters
    ----------
    block : float32, shape (n, side, side), photons, NaN where masked
    rings : int32, shape (pixels,)
    dead : bool, shape (pixels,)
    """
    n, side = block.shape[:2]
    flat = block.reshape(n, -1)
    if n < FEWEST_TELLING:
        background = Background(np.full(flat.shape[1], _DARK, dtype=np.float32), 0.0, dead)
        return Empties(background, _filters(background, _usual_hit(rings, dead)), (1.0, 1.0), 0.0, 1.0)
    filled = np.empty_like(flat)
    filters = np.zeros((4, flat.shape[1]), dtype=np.float32)
    counts = fill(flat, rings, dead, filters, filled)[1]
    light = counts[:, 0] / np.maximum(counts[:, 2], 1)
    order = np.argsort(light, kind="stable")
    few = min(max(_FEWEST, round(_FIRST * n)), n)
    empty = np.zeros(n, dtype=bool)
    empty[order[:few]] = True
    bright = order[-few:]
    scale, s = _UNKNOWN, None
    for k in range(_ROUNDS):
        background = _background(flat[empty], dead, side)
        if s is None:
            s = filled @ background.mean / (background.mean @ background.mean)
        excess = np.asarray(filled[bright] - s[bright, None] * background.mean, dtype=np.float32)
        hit = _mean_hit(excess, background, rings)
        filters = _filters(background, hit)
        sums = hit_sums(filled, fill(flat, rings, dead, filters, filled)[2], filters)
        if k >= _FREE:
            scale = _scale(sums[empty])
        h, error, s = hit_signal(sums, scale)
        score = h / error
        middle = float(np.median(score[empty]))
        # Hits too differ from the background to either side, where they resemble it, or by its scale.
        within = np.abs(score - middle) < _EMPTY_WITHIN
        if k >= _FREE:
            within &= np.abs(s - scale[0]) < _SCALE_WITHIN * scale[1]
        if within.sum() < few or (k > _FREE and (within == empty).all()):
            break
        empty = within
    spread = 1.4826 * float(np.median(np.abs(score[empty] - middle)))
    return Empties(background, filters, scale, middle, float(np.clip(spread, 1, _WIDEST)))


def _scale(empties: Float32) -> tuple[float, float]:
    """Return mean and scatter of the background's scale, less what photons scatter."""
    alone = empties[:, 0] / np.maximum(empties[:, 2], 1e-12)  # there is only background
    middle = float(np.median(alone))
    scatter = 1.4826 * float(np.median(np.abs(alone - middle)))
    noise = 1 / max(float(np.median(empties[:, 2])), 1e-12)
    return middle, float(np.sqrt(max(scatter**2 - noise, _STEADIEST**2)))


def _background(empties: Float32, dead: NDArray[np.bool_], side: int) -> Background:
    live = np.isfinite(empties) & ~dead
    count = live.sum(axis=0, dtype=np.float32)
    light = np.where(live, empties, np.float32(0))
    mean = light.sum(axis=0) / np.maximum(count, 1)
    scatter = ((light**2).sum(axis=0) - count * mean**2) / np.maximum(count - 1, 1)
    read = max(0.0, float(np.mean((scatter - mean)[count > 1]))) if (count > 1).any() else 0.0
    seen = (count > 0).astype(np.float64).reshape(side, side)
    total = scipy.ndimage.gaussian_filter(mean.reshape(side, side) * seen, _SMOOTH)
    smooth = total / np.maximum(scipy.ndimage.gaussian_filter(seen, _SMOOTH), 1e-3)
    return Background(np.maximum(smooth, 1e-6).astype(np.float32).ravel(), read, dead)


def _mean_hit(excess: Float32, background: Background, rings: NDArray[np.int32]) -> Float32:
    """Return what bright frames show beyond the background, in rings around the beam, 1 photon in all."""
    excess = excess * ~background.dead
    excess /= np.maximum(np.sqrt(np.abs(excess.sum(axis=1, keepdims=True))), 1)  # bright ones do not rule alone
    n = int(rings.max()) + 1
    pixels = np.maximum(np.bincount(rings, ~background.dead, n), 1)
    each = np.stack([np.bincount(rings, frame, n) for frame in excess]) / pixels  # (frame, ring)
    mean = each.mean(axis=0)
    mean[mean < _SEEN * each.std(axis=0) / np.sqrt(len(each))] = 0
    shape = mean[rings] * ~background.dead
    # In a run without hits there is nothing to learn from.
    shape = shape / max(shape.sum(), 1e-12) + 0.01 * _usual_hit(rings, background.dead)
    return np.asarray(shape / shape.sum(), dtype=np.float32)


def _usual_hit(rings: NDArray[np.int32], dead: NDArray[np.bool_]) -> Float32:
    """Return light near the beam, 1 photon in all."""
    shape = ~dead / (1 + (rings / (0.1 * rings.max())) ** 4)
    return np.asarray(shape / shape.sum(), dtype=np.float32)


def _filters(background: Background, hit: Float32) -> Float32:
    b = background.mean * ~background.dead
    variance = background.mean + np.float32(background.read)
    return np.stack([b, hit, b / variance, hit / variance]).astype(np.float32)
