"""Intervals stretched by pairs: they cover what they say on others."""

from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.boosting._conformal import Calibration
from pulsetrain.boosting._coverage import judge_intervals
from pulsetrain.data import DataError


def _made(seed, n=40_000):
    """Images whose std is wrong by a factor that depends on the intensity; the errors are no Gaussians."""
    rng = np.random.default_rng(seed)
    image = rng.gamma(2, 10, n).astype(np.float32)
    std = np.sqrt(image + 1)
    truth = image + std * (0.3 + 0.05 * image) * rng.laplace(size=n)
    return image, std, truth


def test_other_pairs_are_covered_in_each_quartile_of_the_predicted_intensity():
    calibration = Calibration.of(*_made(1), level=0.9)
    image, std, truth = _made(2)
    judged = judge_intervals(image, std * calibration(image), truth)
    np.testing.assert_allclose([judged.coverage, *judged.by_predicted], 0.9, atol=0.02)


def test_right_intervals_are_left_as_they_are():
    rng = np.random.default_rng(3)
    image = rng.gamma(2, 10, 100_000)
    calibration = Calibration.of(image, np.ones_like(image), image + rng.standard_normal(len(image)), level=0.8)
    np.testing.assert_allclose(calibration.scale, 1, atol=0.05)


def test_counting_noise_of_a_measured_truth_is_taken_out():
    rng = np.random.default_rng(4)
    image = rng.uniform(60, 90, 100_000)
    std = np.full_like(image, 6.0)
    counts = rng.poisson(image + 12 * rng.standard_normal(len(image)))
    assert np.median(Calibration.of(image, std, counts, 0.9, counted=True).scale) == pytest.approx(2, rel=0.05)
    assert np.median(Calibration.of(image, std, counts, 0.9).scale) > 2.3


def test_a_few_pixels_calibrate_nothing():
    with pytest.raises(DataError, match="pixels known in both"):
        Calibration.of(np.ones(50), np.ones(50), np.ones(50), 0.9)
