"""Copies of frames that show the same: fewer photons, more noise, another orientation, place and mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter

from pulsetrain.clustering.options import Augmentations

__all__ = ["augment"]

_PATCH = 8  # px; masks of a detector are clumps (chips, gaps), seldom single pixels
_AROUND = 3  # px; the window over which the photons of a brighter copy are expected

Block = NDArray[np.float32]


def augment(block: Block, options: Augmentations, rng: np.random.Generator) -> Block:
    """Draw one copy of each frame that shows the same particles under other circumstances.

    Rotated about the middle and mirrored, shifted, thinned or brightened, with more read noise and a larger mask, in
    that order; each amount is drawn anew for each frame, up to what ``options`` allow.

    Parameters
    ----------
    block : float32, shape (n, y, x), photons
        Framed around the beam; NaN where masked.
    options : Augmentations
    rng : numpy.random.Generator

    Returns
    -------
    float32, shape (n, y, x), photons
        A masked pixel stays masked wherever it is moved; what is moved in from outside is masked.

    Notes
    -----
    Pixels are moved to the nearest place and never mixed, so that counts stay counts. A darker copy keeps each photon
    with the same chance (binomial thinning: Poisson counts stay Poisson counts). A brighter one is given new photons,
    drawn around the mean of the live pixels near by: its own, multiplied, would be noisier than light is. Read noise,
    the part of a pixel that is no whole photon, is left as it is.
    """
    copy = _moved(block, options, rng)
    copy = _brighter_or_darker(copy, options, rng)
    if options.noise > 0:
        noise = rng.uniform(0, options.noise, (len(block), 1, 1)).astype(np.float32)
        copy += noise * rng.standard_normal(copy.shape, dtype=np.float32)
    if options.masking > 0:
        n, height, width = copy.shape
        share = rng.uniform(0, options.masking, (n, 1, 1))
        patches = rng.random((n, -(-height // _PATCH), -(-width // _PATCH))) < share
        masked = patches.repeat(_PATCH, axis=1).repeat(_PATCH, axis=2)[:, :height, :width]
        copy[masked] = np.nan
    return copy


def _moved(block: Block, options: Augmentations, rng: np.random.Generator) -> Block:
    """Rotate about the middle, mirror and shift, by the nearest pixel."""
    n, height, width = block.shape
    if options.rotation == 0 and options.shift == 0:
        return block.copy()
    angle = np.deg2rad(rng.uniform(-options.rotation, options.rotation, n)).astype(np.float32)
    mirror = np.where((rng.random(n) < 0.5) & (options.rotation > 0), -1, 1).astype(np.float32)
    move = rng.uniform(-options.shift, options.shift, (2, n, 1, 1)).astype(np.float32)
    cos, sin = np.cos(angle)[:, None, None], np.sin(angle)[:, None, None]
    y = np.arange(height, dtype=np.float32)[:, None] - (height - 1) / 2 - move[0]
    x = np.arange(width, dtype=np.float32) - (width - 1) / 2 - move[1]
    # The inverse of the rotation: where each pixel of the copy comes from.
    row = np.rint(cos * y - sin * x + (height - 1) / 2).astype(np.int32)  # (n, y, x)
    column = np.rint(mirror[:, None, None] * (sin * y + cos * x) + (width - 1) / 2).astype(np.int32)
    outside = (row < 0) | (row >= height) | (column < 0) | (column >= width)
    place = np.where(outside, 0, row * width + column).reshape(n, -1)
    copy = np.take_along_axis(block.reshape(n, -1), place, axis=1).reshape(block.shape)
    copy[outside] = np.nan
    return copy


def _brighter_or_darker(block: Block, options: Augmentations, rng: np.random.Generator) -> Block:
    if options.thinning == 1 and options.brightness == 1:
        return block
    reach = np.log(options.brightness)
    keep = rng.uniform(options.thinning, 1, len(block)) * np.exp(rng.uniform(-reach, reach, len(block)))
    live = np.isfinite(block)
    photons = np.rint(np.where(live, block, 0)).clip(0, 1e12).astype(np.int64)
    frame, *_ = lit = np.nonzero(photons)
    lost = photons[lit] - rng.binomial(photons[lit], keep.clip(max=1)[frame])
    block[lit] -= lost
    brighter = np.flatnonzero(keep > 1)
    if len(brighter):
        window = (0, _AROUND, _AROUND)
        total = uniform_filter(photons[brighter].astype(np.float32), window, mode="constant")
        near = uniform_filter(live[brighter].astype(np.float32), window, mode="constant")
        expected = (keep[brighter] - 1)[:, None, None] * total / near.clip(min=_AROUND**-2)
        block[brighter] += rng.poisson(expected)  # NaN stays NaN
    return block
