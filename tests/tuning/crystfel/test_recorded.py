"""What a real indexamajig said of 24 frames at 14 settings, said again; the real one is asked where there is one."""

from __future__ import annotations

import csv
import itertools
import json
import shutil

import numpy as np
import pytest

from pulsetrain.data import open_frames
from pulsetrain.tuning.crystfel import CrystFELEngine
from pulsetrain.tuning.options import IndexingOptions


@pytest.fixture(params=["stand-in", "real"])
def engine(request, measured, stand_in):
    folder = measured / "crystfel"
    program = stand_in.path if request.param == "stand-in" else shutil.which("indexamajig")
    if program is None:
        pytest.skip("no indexamajig on the PATH")
    stand_in.plan(record={"table": str(folder / "crystfel_per_frame.csv"), "stream": str(folder / "base.stream")})
    with CrystFELEngine(folder / "sample.geom", folder / "sample.cell", program, processes=2, poll=0.05) as engine:
        yield engine


@pytest.fixture
def table(measured):
    with (measured / "crystfel" / "crystfel_per_frame.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return {name: list(group) for name, group in itertools.groupby(rows, lambda row: row["setting"])}


@pytest.fixture
def frames(measured):
    return open_frames(measured / "crystfel" / "sample.h5")


def test_every_setting_gives_what_was_recorded(engine, table, frames):
    assert len(table) == 14
    for setting, rows in table.items():
        rows.sort(key=lambda row: int(row["event"]))
        options = IndexingOptions(
            **{name: rows[0][name] for name in ("min_snr", "min_pix_count", "clen", "threshold")},
            tolerance=1.0 if rows[0]["extra"] else 5.0,
        )
        result = engine.evaluate(frames, options)
        np.testing.assert_array_equal(result["n_peaks"], [int(row["num_peaks"]) for row in rows], setting)
        np.testing.assert_array_equal(result["hit"], [row["hit"] == "1" for row in rows], setting)
        expected = sum(int(row["n_crystals"]) > 0 for row in rows)
        assert abs(int(result["indexed"].sum()) - expected) <= 1, setting
        assert float(result["indexing_rate"]) == int(result["indexed"].sum()) / 24


def test_orientations_are_those_of_the_truth(engine, frames, measured):
    result = engine.evaluate(frames, IndexingOptions())
    truth = {
        entry["frame"]: entry["R"] for entry in json.loads((measured / "crystfel" / "truth.json").read_text())["truth"]
    }
    axes = result["crystal_axes"].values
    unit = axes / np.linalg.norm(axes, axis=2, keepdims=True)
    # Axes of an orthorhombic lattice may point either way.
    angles = [
        min(
            np.rad2deg(np.arccos(np.clip(np.abs(np.einsum("ij,ij->i", found, np.array(R).T)), 0, 1))).max()
            for R in truth[int(k)]
        )
        for k, found in zip(result["crystal_pattern"].values, unit, strict=True)
    ]
    assert len(angles) == 18
    assert max(angles) < 0.5
    assert np.median(angles) < 0.1


def test_lattices_explain_their_peaks_to_a_fraction_of_a_pixel(engine, frames):
    result = engine.evaluate(frames, IndexingOptions())
    assert float(result["crystal_residual"].max()) < 1.0
    share = result["crystal_n_indexed"].values / result["n_peaks"].values[result["crystal_pattern"].values]
    assert np.median(share) > 0.6
