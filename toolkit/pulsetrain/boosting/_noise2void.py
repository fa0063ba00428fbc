"""Noise2Void (Krull et al., CVPR 2019): a network that guesses a pixel from its neighbours leaves its noise out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from pulsetrain.boosting._masks import filled
from pulsetrain.boosting._unet import MULTIPLE, UNet
from pulsetrain.nn import precision, warm_up

__all__ = ["noise2void"]

Floats = NDArray[np.float32]

_HIDDEN, _NEAR = 0.02, 2  # share of the pixels, and from how far away one takes its place, px
_BATCH, _RATE, _PATCH = 8, 4e-3, 64
_DARK = 0.1  # photons, below which intensities weigh alike
_AT_ONCE = 32


def noise2void(training: Floats, low: Floats, read_noise: float, steps: int, seed: int) -> Floats:
    """Learn from noisy frames alone, and return others denoised.

    Pixel noise must be independent; the network is the boosting method's own.

    Parameters
    ----------
    training : shape (m, y, x), photons, NaN where masked
    low : shape (n, y, x), photons
        To be denoised.
    read_noise : float, photons
    steps : int
    seed : int
    """
    rng = np.random.default_rng([seed, 5])
    whole, live = filled(training), np.isfinite(training)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = UNet(3)
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps, pct_start=warm_up(steps))
    for _ in range(steps):
        aim, known = _drawn(whole, live, rng)
        hidden = known & (rng.random(aim.shape) < _HIDDEN)
        views, smooth = _views(_replaced(aim, hidden, rng), known, read_noise)
        with precision(views.device):
            root, _ = network(views)
        # Weights from the neighbours alone: those from the pixel itself would bias the mean.
        there = torch.from_numpy(hidden)
        error = (root[:, 0] ** 2 - torch.from_numpy(aim))[there]
        loss = (error**2 / (torch.from_numpy(smooth)[there] + _DARK)).mean()
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
    return _applied(network.eval(), low, read_noise)


def _applied(network: UNet, low: Floats, read_noise: float) -> Floats:
    found, (y, x) = np.empty_like(low), low.shape[1:]
    sides = [(0, 0), (0, -y % MULTIPLE), (0, -x % MULTIPLE)]
    whole, live = (np.pad(each, sides, mode="symmetric") for each in (filled(low), np.isfinite(low)))
    with torch.inference_mode():
        for start in range(0, len(low), _AT_ONCE):
            part = slice(start, start + _AT_ONCE)
            views, _ = _views(whole[part], live[part], read_noise)
            with precision(views.device):
                root, _ = network(views)
            found[part] = (root[:, 0, :y, :x] ** 2).numpy()
    return np.where(np.isfinite(low), found, np.float32(np.nan))


def _drawn(whole: Floats, live: NDArray[np.bool_], rng: np.random.Generator) -> tuple[Floats, NDArray[np.bool_]]:
    """Draw patches and which of their pixels live, turned and mirrored at random."""
    side = min(_PATCH, *whole.shape[1:]) // MULTIPLE * MULTIPLE
    number = rng.integers(len(whole), size=_BATCH)
    top, left = (rng.integers(length - side + 1, size=_BATCH) for length in whole.shape[1:])
    turns, mirror = rng.integers(4, size=_BATCH), rng.integers(2, size=_BATCH)

    def cut(frames: NDArray[np.generic]) -> NDArray[np.generic]:
        patches = []
        for n, y, x, turn, flip in zip(number, top, left, turns, mirror, strict=True):
            patch = np.rot90(frames[n, y : y + side, x : x + side], turn)
            patches.append(patch[:, ::-1] if flip else patch)
        return np.stack(patches)

    return np.asarray(cut(whole), np.float32), np.asarray(cut(live), bool)


def _replaced(frames: Floats, hidden: NDArray[np.bool_], rng: np.random.Generator) -> Floats:
    """Return frames with a random neighbour's value in the hidden pixels."""
    n, y, x = np.nonzero(hidden)
    way = rng.integers(1, (2 * _NEAR + 1) ** 2, size=len(n))  # all but the pixel itself
    way = np.where(way == ((2 * _NEAR + 1) ** 2) // 2, 0, way)
    dy, dx = way // (2 * _NEAR + 1) - _NEAR, way % (2 * _NEAR + 1) - _NEAR
    height, width = frames.shape[1:]
    replaced = frames.copy()
    # At the edge a neighbour on the other side is taken.
    ny = np.where((y + dy < 0) | (y + dy >= height), y - dy, y + dy)
    nx = np.where((x + dx < 0) | (x + dx >= width), x - dx, x + dx)
    replaced[n, y, x] = frames[n, ny, nx]
    return replaced


def _views(frames: Floats, live: NDArray[np.bool_], read_noise: float) -> tuple[Tensor, Floats]:
    """Return what the network is shown, (n, 3, y, x), and a smooth estimate of the intensity."""
    smooth = np.asarray(gaussian_filter(frames, (0, 1.0, 1.0)).clip(min=0), np.float32)
    stable = np.sqrt((frames + np.float32(0.375 + read_noise**2)).clip(min=0))
    views = np.stack([np.sqrt(smooth), stable, live.astype(np.float32)], axis=1)
    return torch.from_numpy(views), smooth
