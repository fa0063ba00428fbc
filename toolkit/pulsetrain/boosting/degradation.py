"""How the good condition becomes the poor one, learnt from two sets of different objects."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from pulsetrain.boosting._masks import filled

__all__ = ["Degradation"]

Floats = NDArray[np.float32]

_TAIL = 4  # widths at which the point spread ends


@dataclass(frozen=True)
class Degradation:
    """The physics between two conditions: low = Poisson(gain · PSF ∗ image) + read noise.

    Attributes
    ----------
    gain : float
        Photons in the poor condition for each in the good one.
    point_spread : float, px
        Standard deviation of the Gaussian by which the poor condition blurs beyond the good one.
    read_noise : float, photons of the poor condition
    gain_error, point_spread_error, read_noise_error : float
        One standard deviation, from the scatter between frames; NaN where the value was given.
    reduced_chi2 : float
        Of the radial spectra; beyond 2 where this physics does not make the one set of the other, usually below 1, as
        errors of neighbouring rings go together; NaN where nothing was fitted.

    Examples
    --------
    >>> import numpy as np
    >>> flat = np.full((1, 32, 32), 70.0, np.float32)
    >>> float(Degradation(gain=0.143, point_spread=1.2, read_noise=0.5).apply(flat).mean().round(2))
    10.01
    """

    gain: float
    point_spread: float
    read_noise: float
    gain_error: float = float("nan")
    point_spread_error: float = float("nan")
    read_noise_error: float = float("nan")
    reduced_chi2: float = float("nan")

    @classmethod
    def fit(cls, low: NDArray[np.floating], high: NDArray[np.floating], seed: int = 0) -> Self:
        """Learn the degradation from frames of both conditions, of different objects of the same kind.

        Radial power spectra give point spread and read noise, the mean after blurring and masking the gain.

        Parameters
        ----------
        low, high : shape (n, y, x), photons of either condition, NaN where masked
        seed : int

        Raises
        ------
        DataError
            If the frames share no live pixels or show no light.
        """
        from pulsetrain.boosting._spectra import fit_degradation

        return cls(**fit_degradation(low, high, seed))

    def blur(self, image: NDArray[np.floating]) -> Floats:
        """Return images (n, y, x) blurred by the point spread; light beside the frame mirrors that within."""
        return blurred(filled(np.asarray(image, np.float32)), self.point_spread)

    def apply(self, image: NDArray[np.floating], rng: np.random.Generator | None = None) -> Floats:
        """Return what the poor condition expects of images, or with `rng` what it reads.

        Parameters
        ----------
        image : shape (n, y, x), photons of the good condition, NaN where masked
        rng : numpy.random.Generator, optional
            Draws photons and read noise.

        Returns
        -------
        numpy.ndarray, shape (n, y, x), float32, photons of the poor condition
        """
        expected = np.float32(self.gain) * self.blur(image)
        if rng is not None:
            counts = rng.poisson(expected.clip(min=0))
            expected = counts + np.float32(self.read_noise) * rng.standard_normal(expected.shape, np.float32)
        return np.where(np.isfinite(image), expected, np.float32(np.nan)).astype(np.float32)

    def chi2(self, low: NDArray[np.floating], image: NDArray[np.floating]) -> float:
        """Return χ² per live pixel of boosted images against the frames they were made of; about 1 if they agree.

        Parameters
        ----------
        low : shape (n, y, x), photons of the poor condition
        image : shape (n, y, x), photons of the good condition
        """
        return float(np.nanmean(self.deviation(low, image)))

    def deviation(self, low: NDArray[np.floating], image: NDArray[np.floating]) -> Floats:
        """Return how far frames are from boosted images made poor again, squared, over the variance of that.

        Parameters
        ----------
        low : shape (n, y, x), photons of the poor condition
        image : shape (n, y, x), photons of the good condition

        Returns
        -------
        numpy.ndarray, shape (n, y, x), float32
            Its mean is χ² per pixel; NaN where either is masked.
        """
        expected = self.apply(image)
        variance = expected.clip(min=0) + np.float32(max(self.read_noise, 1e-2)) ** 2
        return np.asarray((low - expected) ** 2 / variance, np.float32)

    def facts(self) -> dict[str, Any]:
        """Return the attributes as JSON takes them."""
        return {name: None if np.isnan(value) else value for name, value in asdict(self).items()}

    @classmethod
    def of_facts(cls, facts: dict[str, Any]) -> Self:
        """Make a degradation again of its `facts`."""
        return cls(**{name: float("nan") if value is None else value for name, value in facts.items()})


def kernel(width: float) -> NDArray[np.float64]:
    """Return the Gaussian of `width` px along one axis, sampled at pixels, sum 1."""
    if width <= 0:
        return np.ones(1)
    reach = int(_TAIL * width + 0.5)
    weights = np.exp(-0.5 * (np.arange(-reach, reach + 1) / width) ** 2)
    return np.asarray(weights / weights.sum())


def blurred(frames: Floats, width: float) -> Floats:
    """Return frames (n, y, x) convolved with a Gaussian of `width` px, sampled at pixels."""
    if width <= 0:
        return frames
    return np.asarray(gaussian_filter(frames, (0, width, width), mode="reflect", truncate=_TAIL), np.float32)
