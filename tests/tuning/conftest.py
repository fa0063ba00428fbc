"""Detectors and patterns that the tests of the tuning method share."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals


def one_panel(height: int, width: int, *, lines: str = "") -> CrystFELGeometry:
    """Return a flat detector of one panel, centred on the beam; `lines` are added at the end."""
    return CrystFELGeometry.parse(
        "photon_energy = 9300\nclen = 0.1\nres = 10000\nadu_per_photon = 1\n"
        f"p0/min_fs = 0\np0/max_fs = {width - 1}\np0/min_ss = 0\np0/max_ss = {height - 1}\n"
        f"p0/fs = +1.0x\np0/ss = +1.0y\np0/corner_x = {-width / 2}\np0/corner_y = {-height / 2}\n{lines}"
    )


@pytest.fixture(scope="session")
def panel():
    """Return the maker of one-panel detectors."""
    return one_panel


@pytest.fixture(scope="session")
def crystals():
    """Return a small simulated experiment, six patterns of AGIPD-1M, in memory; some blank, some with a crystal."""
    example = simulate_crystals(CrystalOptions(n_patterns=6, hit_rate=0.5, multiple=0.0, strength_spread=0.1), seed=6)
    example.frames.load()
    return example


@pytest.fixture(scope="session")
def crystfel_answers(measured) -> Path:
    """Return the folder of CrystFEL's own answers on 24 frames."""
    return measured / "crystfel"
