"""How far the autocorrelation of one particle reaches: fringes of several begin beyond."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from pulsetrain.clustering._scores.autocorrelation import Background, distances, envelope, taper

__all__ = ["find_reach"]

Float32 = NDArray[np.float32]

_NEAREST = 4  # px; nearer lags are of any pattern's brightness
_FARTHEST = 0.2  # of the side
_ABOVE_NOISE = 2.0
_FLAT, _FALLEN = 0.5, 0.1  # from lag to lag, and of the first
_BEYOND = 3  # px added, as some particles are larger
# A particle's own light is all around the middle and in all hits, a fringe in one direction and in some hits.
_OF_LAGS, _OF_HITS = 0.8, 0.25
_FEWEST = 10  # hits
_ROUNDS = 3  # in which masked pixels are filled


def find_reach(block: Float32, filled: Float32, scale: Float32, background: Background, usual: float) -> float:
    """Return the lag at which the light of one particle ends.

    Parameters
    ----------
    block : float32, shape (n, side, side), NaN where masked
        Bright hits.
    filled : float32, shape (n, side, side)
        The same with masked pixels filled; changed.
    scale : float32, shape (n,)
        Of the background.
    background : Background
    usual : float
        A first guess, and the answer where there are too few hits to tell.

    Returns
    -------
    float, px of the autocorrelation
    """
    n, side = block.shape[:2]
    if n < _FEWEST:
        return usual
    dead = background.dead.reshape(side, side)
    for _ in range(_ROUNDS):
        envelope(filled, block, dead, usual)
    edge = taper(side)
    stray = scale[:, None, None] * background.mean.reshape(side, side)
    spectrum = scipy.fft.rfft2(edge * (filled - stray))
    noise = (edge**2 * np.maximum(filled + np.float32(background.read), 0)).sum(axis=(1, 2))
    power = (spectrum.real**2 + spectrum.imag**2) / noise[:, None, None]
    lag = distances(side).round().astype(int)
    lags = range(_NEAREST, max(int(_FARTHEST * side), _NEAREST + 2))
    course = [np.quantile(np.quantile(power[:, lag == k], _OF_LAGS, axis=1), _OF_HITS) for k in lags]
    level = np.array(course) / -np.log(1 - _OF_LAGS)  # noise is exponential, of mean 1
    # Beyond the particle the course is flat: at the noise, or at what gaps scatter of a bright middle.
    flat = (level[1:] > _FLAT * level[:-1]) & (level[:-1] < _FALLEN * level[0])
    ends = np.flatnonzero(flat | (level[:-1] < _ABOVE_NOISE))
    return float(lags[ends[0]] + _BEYOND) if len(ends) else usual
