"""Squares of the frames of one set, in any of eight orientations."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Patches"]

Floats = NDArray[np.float32]

_TRIES = 8  # for a square with enough live pixels
_LIVE = 0.5


class Patches:
    """Draws squares at random.

    Parameters
    ----------
    frames : float32, shape (n, y, x), NaN where masked
    side : int, px
        Smaller frames give smaller squares.
    seed : sequence of int
    """

    def __init__(self, frames: Floats, side: int, seed: list[int]) -> None:
        self._frames, self._side = frames, min(side, *frames.shape[1:])
        self._rng = np.random.default_rng(seed)
        self._order: list[int] = []

    def draw(self, n: int) -> Floats:
        """Return squares (n, side, side), each of another frame until all were used."""
        return np.stack([self._turned(self._square(self._next())) for _ in range(n)])

    def _next(self) -> int:
        if not self._order:
            self._order = self._rng.permutation(len(self._frames)).tolist()
        return self._order.pop()

    def _square(self, number: int) -> Floats:
        frame, most = self._frames[number], -1.0
        best: Floats = frame
        for _ in range(_TRIES):
            y, x = (int(self._rng.integers(length - self._side + 1)) for length in frame.shape)
            square = frame[y : y + self._side, x : x + self._side]
            live = float(np.isfinite(square).mean())
            if live > most:
                best, most = square, live
            if live >= _LIVE:
                break
        return best

    def _turned(self, square: Floats) -> Floats:
        turned = np.rot90(square, int(self._rng.integers(4)))
        return np.asarray(turned.T if self._rng.integers(2) else turned)
