"""The figures by which boosted images are judged: by hand, in closed form, and beside scikit-image."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm
from skimage.metrics import normalized_root_mse, peak_signal_noise_ratio, structural_similarity

from pulsetrain.boosting.judging import (
    chi2,
    fourier_ring_correlation,
    judge,
    judge_intervals,
    power_ratio,
    psnr,
    resolution,
    scaled,
    ssim,
)
from pulsetrain.simulate.images import ImageOptions, simulate_images

RNG = np.random.default_rng(0)
TRUTH = RNG.gamma(2.0, 5.0, (3, 40, 40))
NOISY = TRUTH + RNG.normal(0, 3, TRUTH.shape)


def test_psnr_by_hand():
    truth = np.array([[[0.0, 10.0], [0.0, 10.0]]])
    assert psnr(truth + 1.0, truth) == pytest.approx(20.0)  # range 10, error 1
    assert np.isinf(psnr(truth, truth))
    truth[0, 0, 0] = np.nan
    assert psnr(truth + 1.0, truth) == pytest.approx(20.0)


def test_psnr_ssim_and_nrmse_are_those_of_scikit_image():
    for k, (image, truth) in enumerate(zip(NOISY, TRUTH, strict=True)):
        span = np.ptp(truth)
        assert psnr(NOISY, TRUTH)[k] == pytest.approx(peak_signal_noise_ratio(truth, image, data_range=span))
        _, similar = structural_similarity(
            truth, image, data_range=span, gaussian_weights=True, use_sample_covariance=False, full=True
        )
        assert ssim(NOISY, TRUTH)[k] == pytest.approx(similar.mean(), rel=1e-9)
    figures = judge(NOISY, TRUTH, "imaging")
    assert figures["nrmse"] == pytest.approx(normalized_root_mse(TRUTH, NOISY), rel=1e-9)
    assert figures["psnr"] == pytest.approx(psnr(NOISY, TRUTH).mean())


def test_diffraction_is_compared_in_the_root_of_the_intensity():
    assert scaled(np.array([-1.0, 4.0, np.nan]), "diffraction") == pytest.approx([0, 2, np.nan], nan_ok=True)
    assert judge(TRUTH**2, (TRUTH + 1) ** 2, "diffraction")["psnr"] == pytest.approx(
        psnr(TRUTH, TRUTH + 1).mean(), rel=1e-9
    )


def test_masked_pixels_count_nowhere_whatever_stands_in_them():
    mask = RNG.random(TRUTH.shape) < 0.1
    image, truth = NOISY.copy(), TRUTH.copy()
    truth[mask] = np.nan
    wild = image.copy()
    wild[mask] = 1e6
    image[mask] = np.nan
    assert judge(image, truth, "imaging") == judge(wild, truth, "imaging")
    unmasked, masked = judge(NOISY, TRUTH, "imaging"), judge(image, truth, "imaging")
    assert masked["ssim"] == pytest.approx(unmasked["ssim"], abs=0.03)
    assert masked["psnr"] == pytest.approx(unmasked["psnr"], abs=0.3)


def test_flux_is_the_error_of_the_sum():
    assert judge(1.07 * TRUTH, TRUTH, "diffraction")["flux"] == pytest.approx(0.07)


@pytest.mark.parametrize("noise", [0.5, 1.0, 2.0])
def test_ring_correlation_of_white_noise_is_that_of_its_share(noise: float):
    """A truth and the truth with noise of N/S correlate by √(S/(S + N)) in every ring."""
    truth = RNG.standard_normal((60, 64, 64))
    found = fourier_ring_correlation(truth + noise * RNG.standard_normal(truth.shape), truth)
    assert found[3:] == pytest.approx(np.full(29, 1 / np.sqrt(1 + noise**2)), abs=0.04)


def test_resolution_is_where_signal_falls_to_a_third_of_the_noise():
    """½ = √(S/(S + N)) at S = N/3: for power exp(−(f/f₀)²) and noise N, at f₀ √ln(3/N)."""
    side, start, noise = 64, 0.15, 0.3
    frequency = np.hypot(*np.meshgrid(np.fft.fftfreq(side), np.fft.fftfreq(side)))
    white = np.fft.fft2(RNG.standard_normal((100, side, side)))
    truth = np.fft.ifft2(white * np.exp(-((frequency / start) ** 2) / 2)).real
    image = truth + np.sqrt(noise) * RNG.standard_normal(truth.shape)
    found = resolution(fourier_ring_correlation(image, truth), side)
    assert 1 / found == pytest.approx(start * np.sqrt(np.log(3 / noise)), rel=0.05)


def test_a_mask_and_a_frame_that_images_share_do_not_correlate():
    steps = np.arange(64) - 31.5
    hole = np.hypot(steps, steps[:, None]) < 4
    bright = np.broadcast_to(50 * np.exp(-(steps**2 + steps[:, None] ** 2) / 400) + steps, (100, 64, 64))
    noisy = [np.where(hole, np.nan, bright + RNG.standard_normal(bright.shape)) for _ in range(2)]
    assert np.abs(fourier_ring_correlation(*noisy)[15:]).max() < 0.05


def test_resolution_has_its_ends():
    assert resolution(np.full(32, 0.9), 64) == 2.0
    assert resolution(np.full(32, 0.1), 64) == 64.0
    assert resolution(np.array([0.9, 0.7, 0.3, 0.1]), 8) == pytest.approx(8 / 2.5)
    assert resolution(fourier_ring_correlation(TRUTH, TRUTH), 40) == 2.0


def test_power_ratio_of_a_blur_is_its_squared_transfer():
    from scipy.ndimage import gaussian_filter

    truth = RNG.standard_normal((60, 64, 64))
    blurred = gaussian_filter(truth, (0, 1.0, 1.0), mode="wrap", truncate=8)
    frequency = np.arange(1, 33) / 64
    assert power_ratio(blurred, truth)[2:16] == pytest.approx(np.exp(-((2 * np.pi * frequency[2:16]) ** 2)), rel=0.1)
    assert power_ratio(3 * truth, truth) == pytest.approx(np.full(32, 9.0))


@pytest.mark.parametrize("family", ["particles", "phantoms"])
def test_the_truth_degraded_again_fits_the_poor_frames(family: str):
    o = ImageOptions(family=family)
    pairs = simulate_images(o, seed=11).pairs(40)
    low, truth = pairs.low.to_numpy(), pairs.truth.to_numpy()
    known = {"gain": o.gain, "point_spread": o.point_spread, "read_noise": o.read_noise}
    assert chi2(low, truth, **known) == pytest.approx(1, abs=0.02)
    # With half the read noise assumed, each pixel scatters by (µ + r²)/(µ + r²/4) more than it should.
    assert chi2(low, truth, **(known | {"read_noise": 0.25})) > 1.02
    if family == "phantoms":  # bright everywhere; where µ < r² a wrong gain hides behind the read noise
        assert chi2(low, 1.3 * truth, **known) > 1.03


def test_chi2_by_hand():
    low, image = np.full((1, 9, 9), 3.0), np.full((1, 9, 9), 10.0)
    assert chi2(low, image, gain=0.2, point_spread=0, read_noise=0.5) == pytest.approx(1 / 2.25)
    image[0, 4, 4] = np.nan
    assert chi2(low, image, gain=0.2, point_spread=0.8, read_noise=0.5) == pytest.approx(1 / 2.25)


def test_gaussian_errors_are_covered_as_the_level_says():
    sigma = RNG.uniform(0.5, 4.0, (10, 64, 64))
    truth = RNG.uniform(0, 100, sigma.shape)
    image = truth + sigma * RNG.standard_normal(sigma.shape)
    for level in (0.5, 0.9):
        found = judge_intervals(image, sigma, truth, level)
        assert found.coverage == pytest.approx(level, abs=0.01)
        assert found.by_predicted == pytest.approx(np.full(4, level), abs=0.02)
        assert found.by_true == pytest.approx(np.full(4, level), abs=0.02)
        assert found.width == pytest.approx(2 * norm.ppf((1 + level) / 2) * sigma.mean())


def test_a_std_that_ranks_errors_is_worth_more_than_one_that_does_not():
    sigma = RNG.uniform(0.1, 4.0, (4, 64, 64))
    truth = np.zeros(sigma.shape)
    image = sigma * RNG.standard_normal(sigma.shape)
    right, blind = judge_intervals(image, sigma, truth), judge_intervals(image, RNG.permuted(sigma), truth)
    perfect = judge_intervals(image, np.abs(image), truth)
    assert perfect.ause == pytest.approx(0)
    assert perfect.spearman == pytest.approx(1)
    assert 0 < right.ause < 0.5 * blind.ause
    assert right.spearman > 0.4
    assert right.spearman == pytest.approx(right.attainable, abs=0.03)
    assert blind.spearman == pytest.approx(0, abs=0.03)
    assert blind.sparsification == pytest.approx(np.ones(20), abs=0.15)


def test_sparsification_by_hand():
    """Errors 1 and 2, half of each: without the 50 % of the larger ones RMS falls from √2.5 to 1."""
    image = np.repeat([1.0, 2.0], 10).reshape(1, 4, 5)
    found = judge_intervals(image, image, np.zeros_like(image))
    assert found.oracle[10] == pytest.approx(1 / np.sqrt(2.5))
    assert found.oracle[0] == 1


def test_quartiles_of_the_true_intensity_show_what_those_of_the_predicted_hide():
    """What shrinks towards the mean covers too little where the truth is far from it."""
    truth = RNG.normal(50, 3, 200_000)
    seen = truth + RNG.normal(0, 3, truth.shape)
    image, std = (seen + 50) / 2, np.full(truth.shape, 3 / np.sqrt(2))  # posterior mean and standard deviation
    found = judge_intervals(image, std, truth)
    assert found.by_predicted == pytest.approx(np.full(4, 0.9), abs=0.01)
    assert found.by_true[0] < 0.85
    assert found.by_true[1] > 0.95
    assert np.isnan(found.spearman)


def test_a_quartile_that_equal_intensities_leave_empty_has_no_coverage():
    dark = np.zeros((1, 8, 8))
    np.testing.assert_array_equal(judge_intervals(dark, dark + 1, dark).by_predicted, [1, np.nan, np.nan, np.nan])


def test_pixels_without_interval_are_not_judged():
    truth, image = np.zeros((1, 8, 8)), np.ones((1, 8, 8))
    std = np.full((1, 8, 8), 2.0)
    std[0, :4], image[0, 4] = np.inf, np.nan
    assert judge_intervals(image, std, truth).coverage == 1
