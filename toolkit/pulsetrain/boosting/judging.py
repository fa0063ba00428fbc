"""How well images were boosted, where the truth is known.

Masked pixels (NaN in either image) count nowhere. Diffraction is compared in √intensity, as it spans decades; imaging
in intensity. A frame's data range is that of its truth.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pulsetrain.boosting._coverage import Intervals, judge_intervals
from pulsetrain.boosting._rings import RESOLVED, fourier_ring_correlation, power_ratio, radial_power, resolution

__all__ = [
    "RESOLVED",
    "Intervals",
    "chi2",
    "fourier_ring_correlation",
    "judge",
    "judge_intervals",
    "power_ratio",
    "psnr",
    "radial_power",
    "resolution",
    "scaled",
    "ssim",
]

Images = NDArray[np.floating]
Floats = NDArray[np.float64]

_WINDOW, _CUT = 1.5, 3.5  # of SSIM: Wang et al., IEEE Trans. Image Process. 13 (2004) 600
_KNOWN = 0.99  # of a pixel's light must come from pixels that are known


def judge(image: Images, truth: Images, content: Literal["diffraction", "imaging"]) -> dict[str, float]:
    """Compare images with the truth.

    Parameters
    ----------
    image, truth : shape (n, side, side), photons of the good condition
        Rings of spatial frequency want squares.
    content : {'diffraction', 'imaging'}

    Returns
    -------
    dict
        ``psnr`` in dB and ``ssim``, means over frames; ``nrmse``, ‖error‖/‖truth‖ of all frames together; ``frc``, the
        `resolution` in pixels; ``power``, mean over rings of |ln| of the `power_ratio`; all these on the scale of
        `content`. ``flux``, Σ image/Σ truth − 1 of all frames, of intensities.
    """
    live = np.isfinite(image) & np.isfinite(truth)
    seen, true = (scaled(np.where(live, each, np.nan), content) for each in (image, truth))
    error = np.where(live, seen - true, 0.0)
    ratio = power_ratio(seen, true)
    return {
        "psnr": float(np.mean(psnr(seen, true))),
        "ssim": float(np.mean(ssim(seen, true))),
        "nrmse": float(np.sqrt(np.sum(error**2) / np.sum(true[live] ** 2))),
        "frc": resolution(fourier_ring_correlation(seen, true), image.shape[-1]),
        "power": float(np.mean(np.abs(np.log(np.maximum(ratio, 1e-12))))),
        "flux": float(image[live].sum(dtype=float) / truth[live].sum(dtype=float) - 1),
    }


def scaled(images: Images, content: Literal["diffraction", "imaging"]) -> Floats:
    """Return √max(images, 0) of diffraction, and images of imaging as they are."""
    values = np.asarray(images, dtype=float)
    return np.sqrt(np.maximum(values, 0)) if content == "diffraction" else values


def psnr(image: Images, truth: Images) -> Floats:
    """Return 10 log₁₀(range²/mean squared error) of each frame, shape (n,), dB; ∞ where there is no error."""
    square = np.nanmean((image - truth) ** 2, axis=(1, 2))
    with np.errstate(divide="ignore"):
        return np.asarray(10 * np.log10(_range(truth) ** 2 / square))


def ssim(image: Images, truth: Images) -> Floats:
    """Return the mean structural similarity of each frame, shape (n,).

    The window is a Gaussian of 1.5 pixels; masked pixels have no weight in it.
    """
    live = np.isfinite(image) & np.isfinite(truth)
    weight = _blurred(live.astype(float))

    def local(values: Images) -> Floats:
        return _blurred(np.where(live, values, 0.0)) / np.maximum(weight, 1e-12)

    mean_x, mean_y = local(image), local(truth)
    # Rounding may take a variance of constant pixels below zero.
    var_x, var_y = (np.maximum(local(x * x) - m * m, 0) for x, m in ((image, mean_x), (truth, mean_y)))
    joint = local(image * truth) - mean_x * mean_y
    c1, c2 = ((k * _range(truth)[:, None, None]) ** 2 for k in (0.01, 0.03))
    similarity = (2 * mean_x * mean_y + c1) * (2 * joint + c2)
    similarity /= (mean_x**2 + mean_y**2 + c1) * (var_x + var_y + c2)
    return np.asarray(similarity.mean(axis=(1, 2), where=live))


def chi2(low: Images, image: Images, *, gain: float, point_spread: float, read_noise: float) -> float:
    """Return χ² per pixel of the poor frames against images degraded again.

    mean of (low − g PSF∗image)²/(g PSF∗image + r²), where 99 % of a pixel's light come from pixels that are known.

    Parameters
    ----------
    low : shape (n, y, x), photons of the poor condition
    image : shape (n, y, x), photons of the good condition
    gain : float
    point_spread : float, px
    read_noise : float, photons of the poor condition
    """
    known = np.isfinite(image)
    light, share = (
        gaussian_filter(each.astype(float), (0, point_spread, point_spread), mode="constant", truncate=4.0)
        for each in (np.where(known, image, 0.0), known)
    )
    counted = (share >= _KNOWN) & np.isfinite(low)
    expected = gain * np.maximum(light[counted] / share[counted], 0)
    return float(np.mean((low[counted] - expected) ** 2 / np.maximum(expected + read_noise**2, 1e-6)))


def _range(truth: Images) -> Floats:
    return np.asarray(np.nanmax(truth, axis=(1, 2)) - np.nanmin(truth, axis=(1, 2)))


def _blurred(images: Floats) -> Floats:
    return np.asarray(gaussian_filter(images, (0, _WINDOW, _WINDOW), truncate=_CUT))
