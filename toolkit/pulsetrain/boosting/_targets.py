"""Pairs to learn from, made of frames of the good condition alone.

These are counts. Each photon is counted by the poor condition with the gain's probability. Those that are, moved by the
point spread and with read noise added, are a frame of the poor condition; the others, over 1 − gain, show the same
object with independent noise (Noise2Noise), and their mean is the noise-free image. Of a gain above one half the frames
that are learnt from are dimmer than those that are boosted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.boosting._masks import filled
from pulsetrain.boosting.degradation import Degradation, kernel

__all__ = ["Thinning"]

Floats = NDArray[np.float32]

_TABLE = 2**16  # displacements that are drawn from
_MANY = 30  # photons of a pixel from which they are moved together
_TRIES, _LIVE = 8, 0.25  # squares that are drawn at most until so much of one is not masked


class Thinning:
    """Draws pairs of a poor frame and a target.

    Parameters
    ----------
    high : float32, shape (n, y, x), photons, NaN where masked
    low : float32, shape (m, y, x), NaN where masked
        Whose masks the poor frames are given.
    degradation : Degradation
    patch : int
        Side of the squares that are cut out.
    """

    def __init__(self, high: Floats, low: Floats, degradation: Degradation, patch: int, seed: int) -> None:
        rng = np.random.default_rng([seed, 0])
        whole = filled(high, lambda mean: rng.poisson(mean).astype(np.float32))
        self._counts = np.rint(whole).clip(min=0).astype(np.int32)
        self._live, self._live_low = np.isfinite(high), np.isfinite(low)
        self._degradation, self._patch = degradation, patch
        # Above 1 photons split instead of vanishing: nothing is left for a target.
        self.share = min(degradation.gain, 0.5)
        self._weights = kernel(degradation.point_spread)
        self._steps = np.arange(len(self._weights)) - len(self._weights) // 2
        self._moves = np.repeat(self._steps, np.diff(np.rint(_TABLE * np.cumsum([0, *self._weights])).astype(int)))

    def draw(self, n: int, rng: np.random.Generator) -> tuple[Floats, Floats]:
        """Return `n` poor squares and their targets, each (n, patch, patch), both in photons of the poor condition.

        NaN where masked.
        """
        counts, live, live_low = (np.empty((n, self._patch, self._patch), kind) for kind in (np.int32, bool, bool))
        for k in range(n):
            other = rng.integers(len(self._live_low))
            which, cut = self._square(rng)
            turn, flip = int(rng.integers(4)), slice(None, None, -1 if rng.random() < 0.5 else 1)
            masks = self._live_low[other][cut] if self._live_low.shape[1:] == self._live.shape[1:] else True
            for made, source in ((counts, self._counts[which][cut]), (live, self._live[which][cut])):
                made[k] = np.rot90(source, turn)[flip]
            live_low[k] = np.rot90(np.broadcast_to(masks, (self._patch,) * 2), turn)[flip]
        seen = rng.binomial(counts, self.share)
        low = self._moved(seen, rng).astype(np.float32)
        low += np.float32(self._degradation.read_noise) * rng.standard_normal(low.shape, np.float32)
        low[~live_low] = np.nan
        target = (counts - seen) * np.float32(self.share / (1 - self.share))
        return low, np.where(live, target, np.float32(np.nan))

    def _square(self, rng: np.random.Generator) -> tuple[int, tuple[slice, slice]]:
        """Draw a good frame and a square of it that is not all masked, where there is one."""
        for _ in range(_TRIES):
            which = int(rng.integers(len(self._counts)))
            y, x = (int(rng.integers(size - self._patch + 1)) for size in self._counts.shape[1:])
            cut = (slice(y, y + self._patch), slice(x, x + self._patch))
            if self._live[which][cut].mean() > _LIVE:
                break
        return which, cut

    def _moved(self, seen: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Displace each photon; what leaves the square is mirrored back, as about as many would come in."""
        if seen.sum() > _MANY * seen.size:
            return self._moved_together(self._moved_together(seen, 1, rng), 2, rng)
        n, size, _ = seen.shape
        start = np.repeat(np.arange(seen.size), seen.ravel())
        image, place = np.divmod(start, size * size)
        axes = [_mirrored(at + self._moves[rng.integers(0, _TABLE, len(start))], size) for at in np.divmod(place, size)]
        return np.bincount((image * size + axes[0]) * size + axes[1], minlength=seen.size).reshape(n, size, size)

    def _moved_together(self, seen: NDArray[np.int64], axis: int, rng: np.random.Generator) -> NDArray[np.int64]:
        """Displace the photons of each pixel along an axis: the same draw, at a cost that brightness does not raise."""
        ways = np.moveaxis(rng.multinomial(seen, self._weights), (axis, -1), (1, 0))  # (way, size, …)
        moved = np.zeros(ways.shape[1:], np.int64)
        size = len(moved)
        for step, photons in zip(self._steps, ways, strict=True):
            np.add.at(moved, _mirrored(np.arange(size) + step, size), photons)
        return np.moveaxis(moved, 0, axis)


def _mirrored(at: NDArray[np.int64], size: int) -> NDArray[np.int64]:
    at = at % (2 * size)
    return np.where(at >= size, 2 * size - 1 - at, at)
