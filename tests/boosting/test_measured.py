"""A measured AGIPD powder frame, of which the booster has learnt nothing: what must hold all the same."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import pulsetrain
from pulsetrain.boosting import Booster
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.data import DataError, assemble
from pulsetrain.simulate.images import ImageOptions, simulate_images

PHOTON = 40.0  # ADU: slope of the variance of neighbours over their mean
WINDOW = {"y": slice(560, 1160), "x": slice(500, 1000)}  # gaps, dead readout blocks and two strong rings


def bad_pixels(modules):
    """Return what does not count photons: blocks of a readout chain whose noise is none or wild, and single pixels."""
    blocks = modules.reshape(16, 8, 64, 8, 16)
    median = np.median(blocks, axis=(2, 4), keepdims=True)
    scatter = 1.4826 * np.median(np.abs(blocks - median), axis=(2, 4), keepdims=True)
    dead = np.broadcast_to((scatter < 20) | (scatter > 1000), blocks.shape).reshape(modules.shape)
    return dead | (modules == 0) | (modules < -250) | (modules > 20_000)


@pytest.fixture(scope="module")
def frame(measured):
    images = measured / "images"
    read = pulsetrain.open_frames(images / "data_agipd.npz", geometry=images / "test.geom").astype(np.float32)
    modules = read.values[0]
    return assemble(read.copy(data=np.where(bad_pixels(modules), np.float32(np.nan), modules)[None])).compute()


@pytest.fixture(scope="module")
def booster(tmp_path_factory):
    """Learn a little from crystals, then take photons of this detector, on one core."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    folder = tmp_path_factory.mktemp("measured") / "booster"
    made = simulate_images(ImageOptions(family="crystals", size=32, n_low=60, n_high=60), seed=1)
    learner = Booster(patch=32, steps=30, members=2, batch=4, seed=3, device="cpu")
    learner.fit(made.low, made.high, degradation=Degradation(0.143, 1.2, 0.5)).save(folder)
    yield lambda tile: Booster.load(folder, device="cpu", photon=PHOTON, tile=tile)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def part(frame):
    return frame.isel(WINDOW)


@pytest.fixture(scope="module")
def whole(booster, part):
    return booster(4096).predict(part, return_std=True)


def test_tiles_leave_no_seam(booster, part, whole):
    tiled = booster(256).predict(part, return_std=True)
    live = np.isfinite(part.values)
    off = np.abs(tiled["image"] - whole["image"]).values[live] / whole["std"].values[live]
    assert off.max() < 0.25  # σ; rounding of bfloat16, where the processor has it
    assert off.mean() < 0.01


def test_bad_pixels_and_gaps_stay_unknown_and_all_else_is_known(part, whole):
    masked = np.isnan(part.values)
    assert 0.05 < masked.mean() < 0.5
    for name in ("image", "std", "std_epistemic", "std_aleatoric"):
        np.testing.assert_array_equal(np.isfinite(whole[name]), ~masked)
    assert (whole["image"].values[~masked] >= 0).all()


def test_what_is_masked_changes_its_neighbourhood_only(booster, part, whole):
    more = part.copy(deep=True)
    more[:, 100:120, 300:320] = np.nan
    off = np.abs(booster(4096).predict(more)["image"] - whole["image"]).values / whole["std"].values
    y, x = np.ogrid[: part.sizes["y"], : part.sizes["x"]]
    far = np.maximum(np.maximum(100 - y, y - 119), np.maximum(300 - x, x - 319))[None]
    assert np.nanmax(off[far > 32]) < 0.25
    assert np.nanmax(off[far > 120], initial=0) == 0


def test_rings_stay_where_they_are_and_what_is_live_has_a_deviation(booster, part, whole):
    radius = np.hypot(part.y, part.x).transpose("y", "x").values.astype(int)

    def profile(image):
        known = np.isfinite(image[0])
        within = [known & (radius == r) for r in range(160, 460)]
        return np.array([np.median(image[0][ring]) for ring in within])

    before, after = profile(part.values), profile(whole["image"].values)
    for start, stop in ((315, 350), (405, 445)):  # about the two strongest rings that are whole
        ring = slice(start - 160, stop - 160)
        assert abs(int(before[ring].argmax()) - int(after[ring].argmax())) <= 2
    low = part.values / np.float32(PHOTON)
    deviation = booster(512).degradation.deviation(low, whole["image"].values)
    np.testing.assert_array_equal(np.isfinite(deviation), np.isfinite(low))


def test_one_frame_tells_no_condition_and_that_is_said(booster, part):
    with pytest.raises(DataError, match=r"1 frames.*16 or more"):
        booster(512).check(part)


def test_a_frame_without_live_pixels_stays_so(booster, part):
    nothing = booster(256).predict(part.isel(y=slice(0, 70), x=slice(0, 70)) * np.nan, return_std=True)
    assert np.isnan(nothing["image"]).all()
    assert np.isnan(nothing["std"]).all()
