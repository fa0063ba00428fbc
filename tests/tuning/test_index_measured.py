"""The known-cell indexer on measured spots with their gold lattice, and on the peaks that CrystFEL found."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._index import KnownCellIndexer
from pulsetrain.tuning._native.detector import Detector

GOLD = np.array([
    (39.431335, 25.273994, 63.585350),
    (28.513729, 60.642746, -41.786659),
    (-29.096014, 20.499205, 9.895323),
])  # fmt: skip
_PEAK = re.compile(r"^ *([\d.]+) +([\d.]+) +[\d.]+ +([\d.]+) +p(\d+)a\d$", re.MULTILINE)
_TURNS = [np.diag(signs) for signs in ((1, 1, 1), (1, -1, -1), (-1, 1, -1), (-1, -1, 1))]


@pytest.mark.parametrize("finder", ["peakfinder8", "local", "radial"])
@pytest.mark.parametrize("image", range(5))
def test_the_gold_lattice_of_measured_lysozyme_is_found_whoever_found_the_spots(measured, image, finder):
    q = np.loadtxt(measured / f"sfx/reciprocal_spots/image{image}_{finder}.txt", skiprows=1)
    (lattice,) = KnownCellIndexer(UnitCell(36.9, 78.95, 78.95)).index(q)
    change = np.rint(GOLD @ np.linalg.inv(lattice.axes))
    assert round(abs(np.linalg.det(change))) == 1
    # Gold is given once for the five images, and approximately.
    assert np.linalg.norm(change @ lattice.axes - GOLD, axis=1).max() < np.deg2rad(1.2) * 79
    assert lattice.explained.mean() > 0.65


@pytest.fixture(scope="module")
def crystfel_peaks(crystfel_answers):
    """Return slow scan, fast scan, intensity and module of CrystFEL's peaks of its hits, by frame."""
    chunks = (crystfel_answers / "base.stream").read_text().split("----- Begin chunk -----")[1:]
    found = {}
    for chunk in chunks:
        frame = int(re.search(r"Event: //(\d+)", chunk)[1])
        peaks = np.array(_PEAK.findall(chunk.split("End of peak list")[0]), dtype=float).reshape(-1, 4)
        if len(peaks) >= 15:
            found[frame] = peaks[:, [1, 0, 2, 3]]
    return found


def off_truth(axes, cell, turns):
    """Return the angle in degrees to the nearest true lattice, the cell's rotations allowed for."""
    angles = []
    for true in turns:
        for turn in _TURNS:
            u, _, vt = np.linalg.svd(np.linalg.inv(turn @ cell.matrix @ np.array(true).T) @ axes)
            angles.append(np.degrees(np.arccos(np.clip((np.trace(u @ vt) - 1) / 2, -1, 1))))
    return min(angles)


@pytest.mark.parametrize(
    ("clen", "tolerance", "indexed"),
    [(0.135, 5, 18), (0.131, 5, 18), (0.133, 5, 18), (0.137, 5, 18), (0.139, 5, 18), (0.135, 1, 18), (0.133, 1, 0)],
)
def test_as_many_as_crystfel_are_indexed_and_all_are_right(crystfel_answers, crystfel_peaks, clen, tolerance, indexed):
    cell = UnitCell.read(crystfel_answers / "sample.cell")
    detector = Detector.of(CrystFELGeometry.read(crystfel_answers / "sample.geom").with_clen(0.135))
    truth = json.loads((crystfel_answers / "truth.json").read_text())["truth"]
    indexer, angles = KnownCellIndexer(cell, tolerance=tolerance), []
    for frame, (slow, fast, intensity, module) in ((frame, peaks.T) for frame, peaks in crystfel_peaks.items()):
        pixel = np.ravel_multi_index((module.astype(int), slow.astype(int), fast.astype(int)), detector.shape)
        q = detector.q_of(detector.places(pixel, slow, fast, clen))
        angles += [off_truth(lattice.axes, cell, truth[frame]["R"]) for lattice in indexer.index(q, intensity)]
    assert abs(len(angles) - indexed) <= 1
    if angles:
        assert np.median(angles) < 0.1
        assert max(angles) < 0.5
