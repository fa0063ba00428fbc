"""What an indexer, which knows nothing of the simulator, makes of a simulated experiment."""

from __future__ import annotations

import gemmi
import numpy as np
import pytest
from scipy.linalg import polar

from pulsetrain.simulate.crystals import CrystalExperiment, CrystalOptions, simulate_crystals
from pulsetrain.tuning import NativeEngine
from pulsetrain.tuning.options import IndexingOptions


@pytest.fixture(scope="module")
def experiment() -> CrystalExperiment:
    found = simulate_crystals(CrystalOptions(n_patterns=20), seed=2)
    found.frames.load()
    return found


@pytest.fixture(scope="module")
def engine(experiment: CrystalExperiment) -> NativeEngine:
    return NativeEngine(experiment.geometry, experiment.cell, processes=1)


def test_most_hits_index_at_the_right_setting_and_in_their_true_orientation(experiment, engine):
    result = engine.evaluate(experiment.frames, IndexingOptions(min_snr=4))
    hits = experiment.truth["n_lattices"].to_numpy() > 0
    indexed = result["indexed"].to_numpy()
    assert indexed[hits].mean() > 0.8
    assert not indexed[~hits].any()
    # The cell is tetragonal: its eight rotations give the same lattice.
    rotations = [np.array(op.rot) // op.DEN for op in gemmi.SpaceGroup("P 4 2 2").operations().sym_ops]
    true, of_pattern = experiment.truth["crystal_axes"].to_numpy(), experiment.truth["crystal_pattern"].to_numpy()
    errors = []
    for pattern, axes in zip(result["crystal_pattern"].to_numpy(), result["crystal_axes"].to_numpy(), strict=True):
        turns = [polar(np.linalg.solve(R @ t, axes))[0] for t in true[of_pattern == pattern] for R in rotations]
        # |U − 1| = √8 sin(angle / 2)
        errors.append(min(np.degrees(2 * np.arcsin(np.linalg.norm(U - np.eye(3)) / np.sqrt(8))) for U in turns))
    assert np.median(errors) < 0.1
    assert max(errors) < 0.5


@pytest.mark.parametrize("wrong", [{"clen": 0.1248}, {"clen": 0.1152}, {"min_snr": 15.0}, {"min_pix_count": 8}])
def test_far_fewer_index_at_a_wrong_setting(experiment, engine, wrong):
    right = IndexingOptions(min_snr=4)
    best = engine.evaluate(experiment.frames, right)["indexing_rate"].item()
    assert engine.evaluate(experiment.frames, right.replace(**wrong))["indexing_rate"].item() < 0.7 * best
