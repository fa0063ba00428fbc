"""What boosting is put beside: common ways of denoising and sharpening, each told the true degradation.

None may know more of the objects than the poor frames show. BM3D is left out, its package is not free.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from pulsetrain.boosting._classical import non_local_means, richardson_lucy, wiener
from pulsetrain.boosting._masks import filled
from pulsetrain.boosting.degradation import Degradation

__all__ = ["BASELINES", "Case"]

Floats = NDArray[np.float32]
Content = Literal["diffraction", "imaging"]

# What gave the highest PSNR on the experiments of development: more iterations sharpen noise.
_ITERATIONS: dict[Content, int] = {"diffraction": 2, "imaging": 1}
_ITERATIONS_DENOISED: dict[Content, int] = {"diffraction": 5, "imaging": 2}
_PATCH: dict[Content, int] = {"diffraction": 5, "imaging": 7}  # px
_STRENGTH: dict[Content, float] = {"diffraction": 0.7, "imaging": 0.4}


@dataclass(frozen=True)
class Case:
    """Frames to improve, and what methods are told.

    Attributes
    ----------
    low : float32, shape (n, y, x), photons of the poor condition, NaN where masked
    training : float32, shape (m, y, x)
        Other frames of the poor condition, for methods that learn.
    degradation : Degradation
        The true one.
    content : {'diffraction', 'imaging'}
    binning : int
        Side of the squares that share one value.
    steps : int
        For methods that learn.
    seed : int
    """

    low: Floats
    training: Floats
    degradation: Degradation
    content: Content
    binning: int = 1
    steps: int = 800
    seed: int = 0

    @cached_property
    def non_local(self) -> Floats:
        """Frames denoised by non-local means, in photons of the poor condition."""
        patch, strength = _PATCH[self.content], _STRENGTH[self.content]
        return non_local_means(self.low, self.degradation.read_noise, patch=patch, strength=strength)

    @cached_property
    def void(self) -> Floats:
        """Frames denoised by Noise2Void, in photons of the poor condition."""
        from pulsetrain.boosting._noise2void import noise2void

        return noise2void(self.training, self.low, self.degradation.read_noise, self.steps, self.seed)


def _bicubic(case: Case) -> Floats:
    """Return frames in photons of the good condition; what is binned is interpolated."""
    low, side = case.low, case.binning
    if side > 1:
        sides = [(0, -size % side) for size in low.shape[1:]]
        whole = np.pad(low, ((0, 0), *sides), constant_values=np.nan)
        parts = whole.reshape(len(low), whole.shape[1] // side, side, -1, side)
        # Any live pixel of a square knows its value.
        squares = filled(np.fmax.reduce(parts, axis=(2, 4)))
        fine = zoom(squares, (1, side, side), order=3, mode="nearest", grid_mode=True)
        low = np.where(np.isfinite(low), fine[:, : low.shape[1], : low.shape[2]], np.float32(np.nan))
    return np.asarray(low / np.float32(case.degradation.gain))


def _wiener(case: Case) -> Floats:
    return wiener(case.low, case.training, case.degradation)


def _richardson_lucy(case: Case) -> Floats:
    return richardson_lucy(case.low, case.degradation, _ITERATIONS[case.content])


def _denoised(denoised: Floats, case: Case) -> Floats:
    """Return what is denoised, sharpened."""
    clean = Degradation(case.degradation.gain, case.degradation.point_spread, 0.0)
    return richardson_lucy(denoised, clean, _ITERATIONS_DENOISED[case.content])


BASELINES: dict[str, Callable[[Case], Floats]] = {
    "bicubic": _bicubic,
    "Wiener": _wiener,
    "Richardson–Lucy": _richardson_lucy,
    "NLM": lambda case: np.asarray(case.non_local / np.float32(case.degradation.gain)),
    "NLM + RL": lambda case: _denoised(case.non_local, case),
    "Noise2Void": lambda case: np.asarray(case.void / np.float32(case.degradation.gain)),
    "Noise2Void + RL": lambda case: _denoised(case.void, case),
}
"""By name: from a case to images, shape (n, y, x), photons of the good condition, NaN where masked."""
