"""Pairs made of good frames alone: physics says what their means, variances and correlation are."""

from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.boosting._targets import Thinning
from pulsetrain.boosting.degradation import Degradation

GAIN, LIGHT = 0.2, 30.0
DEGRADATION = Degradation(gain=GAIN, point_spread=1.5, read_noise=0.6)


@pytest.fixture(scope="module")
def flat():
    high = np.random.default_rng(1).poisson(LIGHT, (50, 32, 32)).astype(np.float32)
    pairs = Thinning(high, high, DEGRADATION, 32, seed=1)
    return pairs.draw(400, np.random.default_rng(2))


def test_both_of_a_pair_show_the_image_in_photons_of_the_poor_condition(flat):
    low, target = flat
    assert low.mean() == pytest.approx(GAIN * LIGHT, rel=0.01)
    assert target.mean() == pytest.approx(GAIN * LIGHT, rel=0.01)


def test_poor_frames_are_as_noisy_as_measured_ones(flat):
    assert flat[0].var() == pytest.approx(GAIN * LIGHT + 0.36, rel=0.02)


def test_targets_have_the_noise_that_the_loss_counts_with(flat):
    assert flat[1].var() == pytest.approx(GAIN / (1 - GAIN) * GAIN * LIGHT, rel=0.02)


def test_noise_of_a_target_tells_nothing_of_that_of_its_frame(flat):
    low, target = (each - each.mean() for each in flat)
    assert abs((low * target).mean() / (low.std() * target.std())) < 0.005


def test_photons_move_by_the_point_spread():
    point = np.zeros((1, 33, 33), np.float32)
    point[0, 16, 16] = 1e5
    low, _ = Thinning(point, np.ones_like(point), DEGRADATION, 33, seed=1).draw(20, np.random.default_rng(1))
    weight = low.sum(axis=(0, 1))
    centre = (weight * np.arange(33)).sum() / weight.sum()
    assert centre == pytest.approx(16, abs=0.05)
    assert (weight * (np.arange(33) - centre) ** 2).sum() / weight.sum() == pytest.approx(1.5**2, rel=0.05)


def test_masks_of_either_set_are_carried_over():
    high, low = np.full((2, 16, 16), 5, np.float32), np.ones((2, 16, 16), np.float32)
    high[:, 8, 3], low[:, 2, 2] = np.nan, np.nan
    seen, target = Thinning(high, low, DEGRADATION, 16, seed=1).draw(8, np.random.default_rng(1))
    assert (np.isnan(seen).sum(axis=(1, 2)) == 1).all()
    assert (np.isnan(target).sum(axis=(1, 2)) == 1).all()
    assert not (np.isnan(seen) & np.isnan(target)).any()


def test_many_photons_are_moved_as_few_are():
    """Ten thousand photons of a pixel: their places have the Gaussian's mean and variance along both axes."""
    high = np.zeros((1, 32, 32), np.float32)
    high[0, 12, 20] = 1e6
    pairs = Thinning(high, high, Degradation(0.4, 1.5, 0.0), 32, 1)
    low, _ = pairs.draw(1, np.random.default_rng(1))
    y, x = np.mgrid[:32, :32]
    total = low.sum()
    assert total == pytest.approx(4e5, rel=0.01)
    means = [(low[0] * axis).sum() / total for axis in (y, x)]
    for axis, mean in zip((y, x), means, strict=True):
        assert (low[0] * (axis - mean) ** 2).sum() / total == pytest.approx(2.25, rel=0.02)
    assert sorted(round(min(mean, 31 - mean)) for mean in means) == [11, 12]  # turned or not


def test_a_point_spread_as_wide_as_the_square_loses_no_photon():
    high = np.full((1, 16, 16), 50, np.float32)
    low, _ = Thinning(high, high, Degradation(0.3, 9.0, 0.0), 16, 1).draw(4, np.random.default_rng(1))
    assert low.mean() == pytest.approx(15, rel=0.03)
    assert low.min() >= 0
