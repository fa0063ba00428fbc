"""The options of a simulated experiment."""

from __future__ import annotations

from pulsetrain.options import Options, option
from pulsetrain.simulate._crystals.detector import DetectorName

__all__ = ["CrystalOptions"]


class CrystalOptions(Options):
    """One simulated serial-crystallography experiment. Widths are standard deviations."""

    n_patterns: int = option(64, "Number of patterns.", ge=1, le=1_000_000)
    detector: DetectorName = option("agipd-1m", "Detector, where no geometry is given.")
    clen: float = option(0.12, "True camera length, where no geometry is given.", ge=0.02, le=20.0, unit="m")
    photon_energy: float = option(9300.0, "Photon energy, where no geometry is given.", ge=1000, le=50_000, unit="eV")
    clen_error: float = option(0.0, "How far the user's camera length is from the true one.", ge=-20, le=20, unit="%")
    cell_error: float = option(0.0, "How far the user's cell axes are from the true ones.", ge=-20, le=20, unit="%")

    hit_rate: float = option(0.5, "Share of patterns with a crystal.", ge=0, le=1)
    multiple: float = option(0.1, "Share of the hits with a second crystal.", ge=0, le=1)
    space_group: str = option("", "Space group, such as 'P 43 21 2'; none: only Friedel mates are alike.")
    brightness: float = option(
        150.0, "Photons of a mean reflection in exact Bragg condition, at low resolution.", ge=0, le=10_000
    )
    strength_spread: float = option(0.8, "Scatter of the logarithm of the crystals' volume.", ge=0, le=2)
    b_factor: float = option(20.0, "Fall of the intensities with resolution.", ge=0, le=200, unit="Å²")
    domain_size: float = option(0.2, "Size of a crystal's coherent domains.", ge=0.02, le=10, unit="µm")
    mosaicity: float = option(0.05, "Turns of the domains against each other.", ge=0, le=2, unit="deg")
    bandwidth: float = option(0.1, "Relative bandwidth of the beam.", ge=0, le=3, unit="%")
    divergence: float = option(0.1, "Divergence of the beam.", ge=0, le=5, unit="mrad")
    spot_size: float = option(0.6, "Width of a spot besides that of its reflection.", ge=0, le=5, unit="px")

    polarisation: float = option(0.99, "Share of the beam that is polarised along x.", ge=0, le=1)
    water: float = option(1.5, "Photons per pixel on the solvent ring, if it were at the beam.", ge=0, le=1000)
    air: float = option(1.0, "Photons per pixel scattered by air, at the beam.", ge=0, le=1000)
    jitter: float = option(0.2, "Scatter of the logarithm of the pulse energy.", ge=0, le=1)
    false_peaks: float = option(6.0, "Spots per pattern that belong to no crystal, on average.", ge=0, le=1000)

    adu_per_photon: float = option(10.0, "Gain, where no geometry is given.", ge=0.1, le=1000, unit="ADU")
    read_noise: float = option(6.0, "Read noise.", ge=0, le=1000, unit="ADU")
    hot_pixels: float = option(50.0, "Pixels of a million that are always bright.", ge=0, le=100_000)
    dead_pixels: float = option(100.0, "Pixels of a million that are always 0.", ge=0, le=100_000)

    clen_drift: float = option(0.0, "Span of the camera length over the run.", ge=0, le=20, unit="%")
    beam_drift: float = option(0.0, "Span of the beam's place over the run, in x and y.", ge=0, le=50, unit="px")
    jet_drift: float = option(0.0, "Most that the jet loses of hits and solvent ring.", ge=0, le=1)
    gain_drift: float = option(0.0, "Span of the gain over the run.", ge=0, le=50, unit="%")
