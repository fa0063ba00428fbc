"""The options of a simulated pair of conditions."""

from __future__ import annotations

from typing import Literal

from pulsetrain.options import Options, option

__all__ = ["FamilyName", "ImageOptions"]

FamilyName = Literal["particles", "crystals", "phantoms"]


class ImageOptions(Options):
    """One instrument in a poor and in a good condition. Pixels and photons are the good one's unless said."""

    family: FamilyName = option("particles", "What is in the images.")
    size: int = option(64, "Side of a frame.", ge=16, le=4096, unit="px")
    n_low: int = option(2000, "Frames of the poor condition.", ge=1, le=10_000_000)
    n_high: int = option(2000, "Frames of the good condition, of other objects.", ge=1, le=10_000_000)

    photons: float | None = option(
        None, "Photons of a pixel in the good condition, mean of a frame; none: the family's own.", ge=1e-3, le=1e6
    )
    photons_spread: float = option(0.2, "Scatter of their logarithm from frame to frame.", ge=0, le=2)
    background: float = option(0.05, "Share of them that falls evenly over the frame.", ge=0, le=1)
    scale: float = option(1.0, "Size of the objects, in units of the family's own.", ge=0.2, le=5)
    shape: Literal["mixed", "sphere", "spheroid", "icosahedron"] = option("mixed", "Of particles.")
    several: float = option(0.2, "Share of the particle frames that show two.", ge=0, le=1)

    gain: float = option(0.143, "Photons in the poor condition for each in the good one.", ge=1e-4, le=10)
    point_spread: float = option(
        1.2, "Standard deviation of the Gaussian by which the poor condition blurs beyond the good.", ge=0, le=8
    )
    read_noise: float = option(0.5, "Read noise of the poor condition.", ge=0, le=100, unit="photons")
    read_noise_high: float = option(0.0, "Read noise of the good one; none if photons are counted.", ge=0, le=100)
    binning: int = option(
        1, "The poor condition reads squares of this side; each value is shared out over its square.", ge=1, le=16
    )
    gain_switch: float | None = option(
        None, "Photons from which a pixel reads in a second, eight times noisier gain stage.", ge=1, le=1e6
    )
    gain_step: float = option(0.02, "By how much that stage reads too high.", ge=-0.5, le=0.5)
    dead_pixels: float = option(0.005, "Share of dead pixels.", ge=0, le=0.5)
    hole: float | None = option(None, "Radius of the hole for the beam; none: the family's own.", ge=0, le=512)
