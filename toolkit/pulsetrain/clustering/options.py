"""The options of the clustering method; free of torch, so that forms and command lines open quickly."""

from __future__ import annotations

from typing import Literal

from pulsetrain.options import Options, option

__all__ = ["Augmentations", "ClusteringOptions"]


class Augmentations(Options):
    """What may change in a frame without changing what it shows; the latent space is made blind to it."""

    thinning: float = option(
        0.5, "Least share of the photons that a thinned copy keeps, binomially; 1: all.", ge=0.05, le=1.0
    )
    noise: float = option(
        0.3, "Greatest Gaussian read noise added to a copy, in photons.", ge=0.0, le=100.0, unit="photons"
    )
    rotation: float = option(180.0, "Greatest rotation of a copy about the beam.", ge=0.0, le=180.0, unit="deg")
    shift: float = option(2.0, "Greatest shift of a copy's centre.", ge=0.0, le=32.0, unit="px")
    brightness: float = option(
        2.0, "Greatest factor by which a copy is brighter or darker, where photons allow.", ge=1.0, le=20.0
    )
    masking: float = option(0.1, "Greatest share of a copy's pixels that is masked besides.", ge=0.0, le=0.9)


class ClusteringOptions(Augmentations):
    """How frames are prepared, how their latent space is learnt and how it is divided."""

    geometry: str = option("", "CrystFEL geometry file, for frames of several modules; empty: pictures as they are.")
    photon: float = option(1.0, "What one photon adds to a pixel, in the detector's units.", ge=1e-6, le=1e9)
    centre_x: float | None = option(
        None, "Beam on the fast axis of the picture; none: of the geometry, or the middle.", ge=-1e5, le=1e5, unit="px"
    )
    centre_y: float | None = option(
        None, "Beam on the slow axis of the picture; none: of the geometry, or the middle.", ge=-1e5, le=1e5, unit="px"
    )
    side: int = option(
        128, "Pixels, after binning, of the square around the beam that is looked at.", ge=32, le=512, unit="px"
    )
    sample: int = option(4000, "Frames that are learnt from, spread over the input.", ge=100, le=1_000_000)
    epochs: int = option(8, "How often each of them is seen; 0: physics scores alone, nothing learnt.", ge=0, le=1000)
    neighbours: int = option(20, "Nearest neighbours that should be of one cluster.", ge=2, le=1000)
    clusters: int | None = option(None, "Number of clusters; none: found.", ge=2, le=100)
    confidence: float = option(0.8, "Frames whose hit is less probable than this are 'unsure'.", ge=0.34, le=0.999)
    seed: int = option(12345, "Same seed, same result.", ge=0, le=2**31 - 1)
    device: Literal["auto", "cpu", "cuda"] = option("auto", "Where to learn; auto takes a GPU if there is one.")
    scheduler: str = option(
        "",
        "Dask scheduler that the command shares frames out by: its address or file, or 'local' for a process per core "
        "of this machine; empty: this process alone.",
    )
