"""Both conditions on disk, and the families of experiments."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from pulsetrain import open_frames
from pulsetrain.simulate.images import ImageOptions, simulate_images, write_example
from pulsetrain.simulate.images_families import DEVELOPMENT, HELD_OUT, MISMATCHES

EVERY = (*DEVELOPMENT, *HELD_OUT)


def test_both_conditions_are_read_back_with_their_truth(tmp_path: Path):
    experiment = simulate_images(ImageOptions(n_low=70, n_high=3, size=32, shape="sphere"), seed=1)
    folder = experiment.write_hdf5(tmp_path / "images", n_pairs=2)
    pairs = experiment.pairs(2)
    sets = {"low": experiment.low, "high": experiment.high, "test_low": pairs.low, "test_truth": pairs.truth}
    for name, frames in sets.items():
        found = open_frames(folder / f"{name}.h5")
        np.testing.assert_array_equal(found.to_numpy(), frames.to_numpy())
        np.testing.assert_array_equal(found["pulseId"], frames["pulseId"])
        assert found.attrs["units"] == "photons"
    told = json.loads((folder / "truth.json").read_text())
    assert told["point_spread"] == experiment.degradation.point_spread == 1.2
    assert ImageOptions(**told["options"]) == ImageOptions(n_low=70, n_high=3, size=32, shape="sphere")


def test_nothing_is_overwritten(tmp_path: Path):
    (tmp_path / "mine").mkdir()
    with pytest.raises(FileExistsError, match="mine"):
        simulate_images(ImageOptions(n_low=1, n_high=1)).write_hdf5(tmp_path / "mine")
    assert list((tmp_path / "mine").iterdir()) == []


def test_the_workspaces_example_has_both_conditions_and_a_test_sample(tmp_path: Path):
    assert "images/" in write_example(tmp_path)
    low, high = (open_frames(tmp_path / "images" / f"{name}.h5") for name in ("low", "high"))
    assert low.shape == high.shape == (500, 64, 64)
    assert float(high.mean() / low.mean()) == pytest.approx(7, rel=0.1)
    assert open_frames(tmp_path / "images" / "test_truth.h5").shape == (100, 64, 64)


def test_experiments_held_out_share_neither_condition_nor_seeds_with_those_of_development():
    for name in ("photons", "background", "scale", "gain", "point_spread", "read_noise"):
        known = {getattr(planned.options, name) for planned in DEVELOPMENT}
        assert not known & {getattr(planned.options, name) for planned in HELD_OUT}, name
    seeds = sorted(planned.first_seed for planned in EVERY)
    assert min(np.diff(seeds)) >= 100_000
    assert {planned.options.family for planned in HELD_OUT} == {planned.options.family for planned in DEVELOPMENT}


@pytest.mark.parametrize("name", list(MISMATCHES))
def test_a_mismatch_changes_what_it_says_and_nothing_else(name: str):
    for planned in DEVELOPMENT:
        changed = planned.mismatched(name).options
        differ = {
            field for field in ImageOptions.model_fields if getattr(changed, field) != getattr(planned.options, field)
        }
        assert differ == set(MISMATCHES[name])
        for field in differ:
            assert getattr(changed, field) == pytest.approx(getattr(planned.options, field) * MISMATCHES[name][field])
