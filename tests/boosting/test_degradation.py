"""The physics between two conditions: what it does to images, and whether it is found again."""

from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.boosting._masks import filled, without_sensor
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.data import DataError

TRUE = Degradation(gain=0.143, point_spread=1.2, read_noise=0.5)


@pytest.fixture(scope="module")
def fitted(sets):
    return Degradation.fit(*(each.to_numpy() for each in sets))


def test_fit_finds_point_spread_gain_and_read_noise_of_unpaired_sets(fitted):
    assert fitted.point_spread == pytest.approx(1.2, abs=0.1)
    assert fitted.gain == pytest.approx(0.143, rel=0.05)
    assert fitted.read_noise == pytest.approx(0.5, abs=0.02)


def test_fit_tells_how_sure_it_is(fitted):
    assert abs(fitted.point_spread - 1.2) < 4 * fitted.point_spread_error < 0.3
    assert abs(fitted.gain - 0.143) < 4 * fitted.gain_error < 0.02
    assert abs(fitted.read_noise - 0.5) < 4 * fitted.read_noise_error < 0.04
    assert fitted.reduced_chi2 < 2


def test_plain_ratio_of_means_is_no_gain_where_a_hole_swallows_light(sets):
    low, high = (float(np.nanmean(each)) for each in sets)
    assert abs(low / high / 0.143 - 1) > 0.05


def test_photons_that_all_arrive_unmoved_are_found_as_such():
    rng = np.random.default_rng(1)
    y, x = np.mgrid[:32, :32]
    shift = rng.uniform(0, 2 * np.pi, (400, 2, 1, 1))
    image = 20 * (2 + np.sin(0.9 * y + shift[:, 0]) + np.sin(0.7 * x + shift[:, 1]))
    found = Degradation.fit(rng.poisson(0.5 * image[:200]).astype(float), rng.poisson(image[200:]).astype(float))
    assert found.point_spread < 0.35  # of which a sampled Gaussian moves 0.4 % of the light
    assert found.gain == pytest.approx(0.5, rel=0.01)


def test_two_sets_without_light_teach_nothing():
    dark = np.zeros((20, 16, 16))
    with pytest.raises(DataError, match="no light"):
        Degradation.fit(dark, dark)


def test_a_point_becomes_the_gaussian_times_the_gain():
    point = np.zeros((1, 33, 33), np.float32)
    point[0, 16, 16] = 1000
    spread = TRUE.apply(point)[0]
    r2 = np.square(np.arange(33) - 16)[:, None] + np.square(np.arange(33) - 16)
    # Sampled at pixels, its sum is 2πσ² but for some parts in 10⁶.
    np.testing.assert_allclose(spread, 143 * np.exp(-r2 / 2.88) / (2 * np.pi * 1.44), atol=0.01)


def test_drawn_frames_have_the_variance_of_photons_and_read_noise():
    frame = TRUE.apply(np.full((1, 400, 400), 70, np.float32), np.random.default_rng(1))
    assert frame.var() == pytest.approx(0.143 * 70 + 0.25, rel=0.02)


def test_chi2_of_the_truth_is_one(pairs):
    assert TRUE.chi2(pairs.low.to_numpy(), pairs.truth.to_numpy()) == pytest.approx(1, abs=0.03)


def test_light_of_a_dead_pixel_is_blurred_but_that_of_a_hole_is_not():
    frames = np.ones((1, 16, 16), np.float32)
    frames[0, 3, 3] = frames[0, 8:12, 8:12] = np.nan
    np.testing.assert_array_equal(without_sensor(np.isfinite(frames))[0, 8:12, 8:12], True)
    whole = filled(frames)
    assert whole[0, 3, 3] == pytest.approx(1)
    assert (whole[0, 8:12, 8:12] == 0).all()


def test_masks_that_differ_between_frames_are_kept_apart():
    live = np.ones((2, 8, 8), bool)
    live[0, :3, :3] = live[1, 5, 5] = False
    hole = without_sensor(live)
    assert hole[0].sum() == 9
    assert not hole[1].any()


def test_masked_pixels_stay_masked():
    image = np.ones((1, 16, 16), np.float32)
    image[0, 5, 5] = np.nan
    assert np.isnan(TRUE.apply(image)).sum() == 1
