"""The options of a simulated experiment."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from pulsetrain.options import Options, option
from pulsetrain.simulate._particles.materials import MaterialName

__all__ = ["ParticleOptions", "ShapeName"]

ShapeName = Literal["sphere", "spheroid", "icosahedron"]
Range = tuple[float, float]
# Bounds of ranges, which the fields themselves bound only as single numbers.
_RANGES: dict[str, Range] = {
    "separation": (1e-9, 1e-4),
    "photons": (1, 1e9),
    "artefact_photons": (1, 1e9),
}


class ParticleOptions(Options):
    """One simulated single-particle experiment. Widths are standard deviations; pixels are those of the frame."""

    n_patterns: int = option(1000, "Number of patterns.", ge=1, le=100_000_000)
    size: int = option(128, "Side of a frame.", ge=16, le=2048, unit="px")
    photon_energy: float = option(1200.0, "Photon energy.", ge=250, le=30_000, unit="eV")
    distance: float = option(0.8, "From the interaction point to the detector.", ge=0.01, le=20, unit="m")
    pixel_size: float = option(6e-4, "Side of a pixel, after binning.", ge=1e-6, le=1e-2, unit="m")
    pulse_energy: float = option(1e-3, "Energy of a pulse at the focus.", ge=1e-9, le=1e-1, unit="J")
    focus: float = option(1e-6, "Diameter of the focus; of a Gaussian one its FWHM.", ge=1e-8, le=1e-4, unit="m")
    profile: Literal["flat", "gaussian"] = option("gaussian", "Profile of the focus.")
    pulse_jitter: float = option(0.1, "Scatter of the logarithm of the pulse energy.", ge=0, le=1)

    shape: ShapeName = option("sphere", "Shape of the particles.")
    flattening: float = option(0.6, "Of spheroids: equatorial over polar diameter.", ge=0.1, le=10)
    material: MaterialName = option("water", "Material of the particles.")
    diameter: float = option(1e-7, "Diameter of the sphere of the same volume.", ge=1e-9, le=1e-5, unit="m")
    diameter_spread: float = option(0.05, "Scatter of the logarithm of the diameter.", ge=0, le=1)

    hit_rate: float = option(0.6, "Share of the patterns with a particle.", ge=0, le=1)
    multiple_share: float = option(1 / 3, "Share of the hits with several particles.", ge=0, le=1)
    separation: Range = option(
        (1.5e-7, 1e-6), "Shortest and longest distance between neighbours across the beam, log-uniform.", unit="m"
    )
    photons: Range | None = option(
        (316.0, 31_600.0),
        "Fewest and most photons of a hit expected on live pixels, log-uniform; None: as the fluence gives them.",
    )

    other_share: float = option(0.0, "Share of the single hits that are of another species.", ge=0, le=1)
    other_shape: ShapeName = option("spheroid", "Shape of the other species.")
    other_material: MaterialName = option("water", "Material of the other species.")
    other_diameter: float = option(2.5e-7, "Diameter of the other species.", ge=1e-9, le=1e-5, unit="m")
    other_flattening: float = option(0.4, "Flattening of the other species' spheroids.", ge=0.1, le=10)
    streaks: float = option(0.0, "Share of the patterns without hit that show a streak of the jet.", ge=0, le=1)
    ice_rings: float = option(0.0, "Share of the patterns without hit that show an arc of ice.", ge=0, le=1)
    artefact_photons: Range = option((300.0, 10_000.0), "Fewest and most photons of a streak or ring, log-uniform.")

    background: float = option(400.0, "Photons per frame that belong to no particle.", ge=0, le=1e8)
    background_jitter: float = option(0.15, "Scatter of the logarithm of the background.", ge=0, le=2)
    halo: float = option(0.5, "Share of the background that falls off from the beam.", ge=0, le=1)
    halo_width: float = option(0.12, "How far the halo reaches, in sides of the frame.", ge=0.01, le=2)

    read_noise: float = option(0.1, "Read noise.", ge=0, le=100, unit="photons")
    saturation: float = option(1e4, "Most photons that a pixel counts.", ge=1, le=1e9, unit="photons")
    gain_spread: float = option(0.01, "Scatter of the pixels' gain, the same in all frames.", ge=0, le=0.5)
    hole: float = option(4.0, "Radius of the hole for the beam.", ge=0, le=512, unit="px")
    module_rows: int = option(2, "Modules above each other.", ge=1, le=16)
    module_columns: int = option(1, "Modules side by side.", ge=1, le=16)
    gap: int = option(4, "Gap between modules.", ge=0, le=256, unit="px")
    bad_pixels: float = option(0.005, "Share of bad pixels.", ge=0, le=0.5)
    beam_x: float = option(0.0, "Place of the beam right of the frame's middle.", ge=-1024, le=1024, unit="px")
    beam_y: float = option(0.0, "Place of the beam below the frame's middle.", ge=-1024, le=1024, unit="px")
    beam_jitter: float = option(0.3, "Scatter of the beam's place, in x and y.", ge=0, le=50, unit="px")

    @model_validator(mode="after")
    def _ranges_fit(self) -> Self:
        faults = [fault for name, limits in _RANGES.items() for fault in _faults(name, getattr(self, name), limits)]
        # Four in a row, three separations long, must not leave the light; particles that touch are a diameter apart.
        apart = max(self.separation[1], 2 * self.diameter)
        if self.profile == "flat" and self.multiple_share and apart > self.focus / 3:
            got = f"particles up to {apart:g} m apart in a flat focus of {self.focus:g} m"
            faults.append(f"separation: got {got}, allowed up to a third of it; widen the focus")
        if faults:
            raise PydanticCustomError("range", "{faults}", {"faults": "\n".join(faults)})
        return self


def _faults(name: str, ends: Range | None, limits: Range) -> Iterator[str]:
    if ends is not None and not limits[0] <= ends[0] <= ends[1] <= limits[1]:
        yield f"{name}: got {ends}, allowed {limits[0]:g} … {limits[1]:g}, the smaller number first"
