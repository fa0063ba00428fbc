"""The camera length from indexed patterns: simulated spots at a known length, indexed at another."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from pulsetrain.data import DataError
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._index import KnownCellIndexer
from pulsetrain.tuning.clen import refine_clen

CELL = UnitCell(58.4, 67.9, 91.2)
TRUE, PIXEL = 0.1234, 1e-4  # metres
NOISE = 0.3  # pixels
NODES = np.stack(np.meshgrid(*[np.arange(-28, 29)] * 3, indexing="ij"), -1).reshape(-1, 3) / CELL.parameters[:3]
NODES = NODES[NODES.any(axis=1) & (np.linalg.norm(NODES, axis=1) < 0.3)]  # 1/Å


@pytest.fixture(scope="module")
def detector(panel):
    return panel(2000, 2000).with_clen(TRUE)


def spots_on_detector(rng, wavelength):
    """Return slow and fast scan of the spots of a crystal, by the Ewald construction."""
    turn, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    g = NODES @ turn
    out = g + np.array([0, 0, 1 / wavelength])
    on_sphere = np.abs(np.linalg.norm(out, axis=1) - 1 / wavelength) < 3e-4
    out = out[on_sphere]
    x, y = (out[:, :2] / out[:, 2:] * TRUE / PIXEL).T
    seen = rng.permutation(np.flatnonzero(np.hypot(x, y) < 950))[:60]
    return (
        y[seen] + 1000 + rng.normal(scale=NOISE, size=len(seen)),
        x[seen] + 1000 + rng.normal(scale=NOISE, size=len(seen)),
    )


def indexed_at(clen, detector, n_patterns=12, seed=0):
    """Return what an engine would say of crystals on the detector, at a camera length that may be wrong."""
    rng, wavelength = np.random.default_rng(seed), detector.wavelength
    rows, axes, of = [], [], []
    for number in range(n_patterns):
        slow, fast = spots_on_detector(rng, wavelength)
        place = np.c_[(fast - 1000) * PIXEL, (slow - 1000) * PIXEL, np.full(len(slow), clen)]
        q = (place / np.linalg.norm(place, axis=1)[:, None] - [0, 0, 1]) / wavelength
        for lattice in KnownCellIndexer(CELL).index(q):
            axes.append(lattice.axes)
            of.append(number)
        rows.append(np.c_[np.full(len(slow), number), np.floor(slow) * 2000 + np.floor(fast), slow, fast])
    table = np.concatenate(rows)
    return xr.Dataset(
        {
            "peak_pattern": ("peak", table[:, 0].astype(int)),
            "peak_pixel": ("peak", table[:, 1].astype(int)),
            "peak_slow_scan": ("peak", table[:, 2]),
            "peak_fast_scan": ("peak", table[:, 3]),
            "crystal_pattern": ("crystal", np.array(of, dtype=int)),
            "crystal_axes": (("crystal", "axis", "xyz"), np.reshape(axes, (-1, 3, 3))),
        },
        attrs={"options": json.dumps({"clen": clen})},
    )


@pytest.mark.parametrize("wrong", [0.99, 1.01, 1.02])
def test_a_wrong_clen_is_mended_to_a_thousandth_and_within_its_error(detector, wrong):
    result = indexed_at(TRUE * wrong, detector)
    assert result.sizes["crystal"] >= 10
    clen, error = refine_clen(result, detector, CELL)
    assert clen == pytest.approx(TRUE, rel=1e-3)
    assert abs(clen - TRUE) < 4 * error
    assert 0 < error < 1e-3 * TRUE


def test_the_error_falls_as_the_root_of_the_number_of_patterns(detector):
    _, few = refine_clen(indexed_at(TRUE, detector, 5), detector, CELL)
    _, many = refine_clen(indexed_at(TRUE, detector, 40), detector, CELL)
    assert 1.5 < few / many < 6  # 2.8, the error of few crystals being uncertain itself


def test_a_cell_one_percent_too_large_asks_for_a_longer_clen_by_as_much(detector):
    larger = UnitCell(*(1.01 * length for length in CELL.parameters[:3]))
    clen, _ = refine_clen(indexed_at(TRUE, detector), detector, larger)
    assert clen / TRUE == pytest.approx(1.01, abs=3e-3)  # at small angles; these reach 30°


def test_nothing_indexed_says_what_to_do(detector):
    result = indexed_at(TRUE * 1.2, detector, 2)
    with pytest.raises(DataError, match=r"got 0 crystals.*wider tolerance"):
        refine_clen(result, detector, CELL)
