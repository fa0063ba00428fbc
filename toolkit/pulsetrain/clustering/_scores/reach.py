"""How far the autocorrelation of one particle reaches: fringes of several begin beyond."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from pulsetrain.clustering._scores.autocorrelation import Background, distances, envelope, noise_power

__all__ = ["find_reach", "fringes"]

Float32 = NDArray[np.float32]

_BEYOND = 2  # px from the reach to the first lag that is looked at
_NEAREST, _FARTHEST = 0.05, 0.4  # of the side: reaches that are tried
_STEP = 1.1  # from one to the next
_QUIET = 0.2  # visibility; what a particle leaks beyond its reach is below it, fringes of several are above
_NOISE = 9.0  # the highest of some thousand exponentials
_LEAST_POSSIBLE = 200.0  # fringe score at visibility 1; of less, quiet cannot be told from noise
_MORE = 0.08  # of the hits
_LARGER = 1.15  # times the reach, as some particles are larger than most
# Times the reach, and how much more over the root of the number of hits: of few, the next larger may be far.
_FURTHER, _OF_FEW = 1.25, 1.5


def find_reach(block: Float32, filled: Float32, scale: Float32, background: Background, usual: float) -> float:
    """Return the lag at which the light of one particle ends.

    A single particle is quiet as soon as its own size is passed, particles side by side not before all their fringes
    are. So ever more hits fall quiet as the reach that is tried grows past the particles, and hardly any from there on.

    Parameters
    ----------
    block : float32, shape (n, side, side), NaN where masked
        Hits, perhaps none.
    filled : float32, shape (n, side, side)
        The same with masked pixels filled by their ring.
    scale : float32, shape (n,)
        Of the background.
    background : Background
    usual : float
        The answer where there is no hit, or none bright enough or quiet at any reach.

    Returns
    -------
    float, px of the autocorrelation
    """
    side = block.shape[-1]
    tried = _NEAREST * side * _STEP ** np.arange(np.ceil(np.log(_FARTHEST / _NEAREST) / np.log(_STEP)))
    extent = np.full(len(block), np.inf)
    bright = np.zeros(len(block), dtype=bool)
    for reach in tried:
        _, moments, highest = fringes(filled.copy(), block, scale, background, float(reach))
        possible = moments[:, 1] ** 2 / (4 * np.maximum(moments[:, 0], 1e-12))
        bright |= possible > _LEAST_POSSIBLE
        extent[np.isinf(extent) & (highest < _NOISE + _QUIET**2 * possible)] = reach
    extent = extent[bright]
    if not np.isfinite(extent).any():
        return usual
    further = _FURTHER + _OF_FEW / np.sqrt(len(extent))
    seen = tried[tried * further <= tried[-1]]
    quiet, later, ever = ((extent[:, None] <= each).mean(axis=0) for each in (seen, further * seen, tried[-1:]))
    many = quiet > ever / 2
    if not many.any():
        return float(_LARGER * seen[-1])
    more = np.where(many, later - quiet, np.inf)
    return float(_LARGER * seen[np.argmax(more <= max(_MORE, more.min()))])


def fringes(
    filled: Float32, block: Float32, scale: Float32, background: Background, reach: float
) -> tuple[Float32, Float32, Float32]:
    """Return power and moments of `noise_power`, and the highest power beyond a reach, shape (n,).

    Parameters are those of `find_reach`; ``filled`` is changed.
    """
    side = block.shape[-1]
    shape = envelope(filled, block, background.dead.reshape(side, side), reach)
    power, moments = noise_power(block, shape, background, scale)
    return power, moments, (power * (distances(side) >= reach + _BEYOND)).max(axis=(1, 2))
