"""The options of the boosting method; free of torch, so that forms and command lines open quickly."""

from __future__ import annotations

from typing import Literal

from pulsetrain.options import Options, option

__all__ = ["BoosterName", "BoostingOptions"]

BoosterName = Literal["degradation", "cut", "cyclegan"]


class BoostingOptions(Options):
    """How images of a poor condition are carried over to a good one."""

    method: BoosterName = option(
        "degradation", "Learn how good images become poor and turn that round, or an adversarial network."
    )
    content: Literal["diffraction", "imaging"] = option(
        "diffraction", "Diffraction is worked on in √intensity, over decades; images in intensity."
    )
    high: str = option("", "Run folder or file of frames of the good condition, of other objects; to learn from.")
    model: str = option("", "Folder of a booster: read if it is there, else what is learnt is saved in it.")
    test_low: str = option("", "File of a test sample in the poor condition, by which intervals are calibrated.")
    test_truth: str = option("", "File of what the good condition expects of that sample, frame by frame.")
    geometry: str = option("", "CrystFEL geometry file, for frames of several modules; empty: pictures as they are.")
    photon: float = option(
        1.0, "What one photon adds to a pixel of the poor images, in the detector's units.", ge=1e-6, le=1e9
    )
    photon_high: float = option(1.0, "The same of the good images.", ge=1e-6, le=1e9)
    patch: int = option(64, "Side of the squares that are learnt from.", ge=16, le=512, unit="px")
    steps: int = option(2500, "Optimiser steps of each network.", ge=1, le=1_000_000)
    batch: int | None = option(None, "Patches of a step; none: the method's own.", ge=1, le=1024)
    learning_rate: float | None = option(None, "Step size of Adam; none: the method's own.", ge=1e-6, le=1.0)
    members: int = option(3, "Networks of an ensemble; from two on, their spread is the epistemic part.", ge=1, le=50)
    level: float = option(0.9, "Share of the truth that intervals shall cover, once calibrated.", ge=0.5, le=0.999)
    tile: int = option(512, "Side of the overlapping tiles of large frames.", ge=64, le=4096, unit="px")
    seed: int = option(12345, "Same seed, same result.", ge=0, le=2**31 - 1)
    device: Literal["auto", "cpu", "cuda"] = option("auto", "Where to learn; auto takes a GPU if there is one.")
