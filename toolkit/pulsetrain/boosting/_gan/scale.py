"""From photons to what the networks see, and back."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pulsetrain.data import DataError

__all__ = ["Batch", "Scale", "scales"]

Floats = NDArray[np.float32]

_SAMPLE = 512  # frames of which the spread is taken


class Batch(NamedTuple):
    """Images as the networks see them.

    Attributes
    ----------
    image : Tensor, shape (n, 1, y, x), float32
        Scaled; 0 where masked.
    live : Tensor, shape (n, 1, y, x), float32
        1, or 0 where masked.
    """

    image: Tensor
    live: Tensor


class Scale(NamedTuple):
    """√photons of one condition, in units in which a clean image is the same in both.

    Attributes
    ----------
    unit : float, photons
        The mean of a pixel.
    soft : float, units
        Below about this the root becomes a straight line through 0: read noise has either sign. Infinite for
        intensities as they are.
    centre, spread : float
        Mean and standard deviation of what comes out, taken off.
    """

    unit: float
    soft: float
    centre: float = 0.0
    spread: float = 1.0

    def inward(self, photons: Tensor) -> Tensor:
        """Return what the networks see of photons."""
        values = photons / self.unit
        if np.isfinite(self.soft):
            values = values.sign() * ((values.abs() + self.soft).sqrt() - self.soft**0.5)
        return (values - self.centre) / self.spread

    def outward(self, values: Tensor) -> Tensor:
        """Return the photons of what the networks give."""
        root = values * self.spread + self.centre
        if np.isfinite(self.soft):
            root = root.sign() * (root.abs() * (root.abs() + 2 * self.soft**0.5))
        return root * self.unit

    def batch(self, photons: Tensor) -> Batch:
        """Return photons (n, y, x), NaN where masked, as the networks see them."""
        live = torch.isfinite(photons)
        image = torch.where(live, self.inward(torch.where(live, photons, 0.0)), 0.0)
        return Batch(image[:, None], live[:, None].to(image.dtype))

    def counted(self, values: Tensor, rng: torch.Generator, read_noise: float = 0.0) -> Tensor:
        """Return what a detector reads where `values` are expected; its gradient is that of `values`."""
        with torch.no_grad():
            drawn = torch.poisson(self.outward(values.float()).clamp(min=0), generator=rng)
            if read_noise:
                drawn += read_noise * torch.randn(drawn.shape, generator=rng, device=drawn.device)
            noise = self.inward(drawn) - values
        return values + noise


def scales(low: Floats, high: Floats, gain: float, *, root: bool) -> tuple[Scale, Scale]:
    """Return the scales of the poor and of the good set.

    Parameters
    ----------
    low, high : float32, shape (n, y, x), photons of either condition, NaN where masked
    gain : float
        Photons in the poor condition for each in the good one.
    root : bool
        Work in √photons, for what spans decades.

    Raises
    ------
    DataError
        If there is no light in the poor set.
    """
    mean = float(np.nanmean(low, dtype=np.float64)) if np.isfinite(low).any() else 0.0
    if mean <= 0:
        got = f"{mean:.3g} photons in the mean"
        raise DataError("frames (low)", got, "more than 0", "check the masks, the dark frames and `photon`")
    raw = Scale(mean / gain, 1 / mean if root else float("inf"))
    seen = raw.inward(torch.from_numpy(high[:_SAMPLE]))
    seen = seen[torch.isfinite(seen)].double()
    good = raw._replace(centre=float(seen.mean()), spread=float(seen.std()) or 1.0)
    return good._replace(unit=mean), good
