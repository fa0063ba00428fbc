"""What boosting is put beside: each does what it is known for, and none is crippled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from skimage.restoration import richardson_lucy as skimage_richardson_lucy

from pulsetrain.boosting._classical import non_local_means, richardson_lucy, wiener
from pulsetrain.boosting._noise2void import _replaced, noise2void
from pulsetrain.boosting.baselines import BASELINES, Case
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.judging import judge
from pulsetrain.simulate.images_families import DEVELOPMENT

RNG = np.random.default_rng(0)
KNOWN = Degradation(gain=0.143, point_spread=1.2, read_noise=0.5)


@pytest.fixture(scope="module", autouse=True)
def _one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=DEVELOPMENT, ids=lambda planned: planned.name)
def simulated(request):
    experiment = request.param.replace(n_low=60, n_high=1).simulate()
    pairs = experiment.pairs(12, repeat=90)
    training = experiment.low.compute(scheduler="synchronous").to_numpy()
    case = Case(pairs.low.to_numpy(), training, KNOWN, request.param.content)
    return case, pairs.truth.to_numpy()


def test_denoising_and_sharpening_beat_the_frames_as_they_are(simulated):
    case, truth = simulated
    plain = judge(BASELINES["bicubic"](case), truth, case.content)
    for name in ("Richardson–Lucy", "NLM", "NLM + RL"):
        assert judge(BASELINES[name](case), truth, case.content)["psnr"] > plain["psnr"] + 2, name
    if case.content == "imaging":  # a stationary spectrum is what Wiener's filter is made for
        assert judge(BASELINES["Wiener"](case), truth, case.content)["psnr"] > plain["psnr"] + 8


def test_masked_pixels_come_out_masked_and_no_others(simulated):
    case, _ = simulated
    for name in ("bicubic", "Wiener", "Richardson–Lucy", "NLM", "NLM + RL"):
        np.testing.assert_array_equal(np.isfinite(BASELINES[name](case)), np.isfinite(case.low), err_msg=name)


def test_flux_is_that_of_the_good_condition():
    flat = RNG.poisson(10.0, (4, 64, 64)).astype(np.float32)
    case = Case(flat, flat, Degradation(gain=0.2, point_spread=1.2, read_noise=0.0), "imaging")
    for name in ("bicubic", "Wiener", "Richardson–Lucy", "NLM", "NLM + RL"):
        assert BASELINES[name](case).mean() == pytest.approx(flat.mean() / 0.2, rel=5e-3), name


def test_wiener_is_the_best_linear_filter_of_a_known_spectrum():
    """Against the closed form for power exp(−(f/f₀)²), a Gaussian blur and white noise."""
    side, start, level, width, gain = 64, 0.06, 100.0, 1.0, 0.5
    step = np.fft.fftfreq(side)
    frequency = np.hypot(step, step[:, None])
    power = np.exp(-((frequency / start) ** 2))
    white = np.fft.fft2(RNG.standard_normal((150, side, side)))
    good = np.fft.ifft2(white * np.sqrt(power * 4000)).real + 1000
    transfer = np.exp(-2 * (np.pi * width * frequency) ** 2)
    poor = gain * np.fft.ifft2(np.fft.fft2(good) * transfer).real
    low = (poor + np.sqrt(level + 500) * RNG.standard_normal(poor.shape)).astype(np.float32)
    found = wiener(low[:40], low, Degradation(gain=gain, point_spread=width, read_noise=np.sqrt(level)))
    seen, noise = (gain * transfer) ** 2 * power * 4000, level + 500
    best = np.fft.ifft2(np.fft.fft2(low - low.mean()) * seen / (seen + noise) / (gain * transfer)).real + 1000
    inner = (slice(None), slice(8, -8), slice(8, -8))
    error, least = (np.sqrt(np.mean((each[:40] - good[:40])[inner] ** 2)) for each in (found, best))
    assert least < error < 1.15 * least


def test_wiener_keeps_fringes_whose_mean_is_that_of_their_mirrored_frame():
    y = np.mgrid[:64, :64][0] + 0.5
    fringes = 20 + 8 * np.cos(2 * np.pi * y * np.array([2, 4, 6])[:, None, None] / 64)
    low = RNG.poisson(fringes.repeat(10, axis=0)).astype(np.float32)
    found = wiener(low, low, Degradation(gain=1.0, point_spread=0.5, read_noise=0.0))
    assert found.std() == pytest.approx(8 / np.sqrt(2), rel=0.1)


def test_richardson_lucy_is_that_of_scikit_image_where_there_is_no_read_noise():
    truth = gaussian_filter(RNG.gamma(1.0, 50.0, (40, 40)), 1.0)
    steps = np.arange(-5, 6)
    kernel = np.exp(-0.5 * (steps / 1.2) ** 2)
    kernel = np.outer(kernel, kernel) / kernel.sum() ** 2
    blurred = RNG.poisson(gaussian_filter(truth, 1.2, truncate=4)).astype(np.float32)
    mine = richardson_lucy(blurred[None], Degradation(gain=1.0, point_spread=1.2, read_noise=0.0), 200)[0]
    theirs = skimage_richardson_lucy(blurred.astype(float), kernel, num_iter=200, clip=False)
    inner = (slice(12, -12), slice(12, -12))  # beside the frame one mirrors, the other sees nothing
    assert np.corrcoef(mine[inner].ravel(), theirs[inner].ravel())[0, 1] > 0.99
    assert mine[inner].sum() == pytest.approx(theirs[inner].sum(), rel=0.01)


def test_richardson_lucy_finds_a_point_again_and_leaves_dead_pixels_out():
    truth = np.full((1, 33, 33), 5.0, np.float32)
    truth[0, 16, 16] = 2000
    low = gaussian_filter(truth, (0, 1.2, 1.2), truncate=4)
    low[0, 16, 18] = np.nan
    found = richardson_lucy(low, Degradation(gain=1.0, point_spread=1.2, read_noise=0.0), 500)
    assert found[0, 16, 16] > 0.7 * 2000 > 2 * low[0, 16, 16]
    assert np.isnan(found[0, 16, 18])


def test_non_local_means_keeps_the_mean_of_few_photons():
    for photons in (1.0, 4.0, 30.0):
        frames = RNG.poisson(photons, (3, 64, 64)) + 0.5 * RNG.standard_normal((3, 64, 64))
        found = non_local_means(frames.astype(np.float32), 0.5, patch=5, strength=0.7)
        assert found.mean() == pytest.approx(frames.mean(), rel=1e-3)
        assert found.std() < 0.45 * frames.std()


def test_a_hidden_pixel_is_replaced_by_a_neighbour_and_never_by_itself():
    frames = np.arange(4 * 16 * 16, dtype=np.float32).reshape(4, 16, 16)
    hidden = RNG.random(frames.shape) < 0.3
    replaced = _replaced(frames, hidden, RNG)
    assert (replaced[hidden] != frames[hidden]).all()
    np.testing.assert_array_equal(replaced[~hidden], frames[~hidden])
    step = np.abs(replaced - frames)[hidden]
    dy = np.rint(step / 16)
    assert dy.max() <= 2
    assert np.abs(step - 16 * dy).max() <= 2


def test_noise2void_denoises_without_having_seen_anything_clean():
    clean = 4 + 30 * np.clip(gaussian_filter(RNG.standard_normal((60, 32, 32)), (0, 3, 3)), -0.1, 0.3).astype(
        np.float32
    )
    noisy = (RNG.poisson(clean) + 0.3 * RNG.standard_normal(clean.shape)).astype(np.float32)
    noisy[:, 5, 7] = np.nan
    found = noise2void(noisy, noisy[:20], 0.3, steps=80, seed=0)
    before, after = (np.nanmean((each - clean[:20]) ** 2) for each in (noisy[:20], found))
    assert after < 0.3 * before
    assert np.nanmean(found) == pytest.approx(np.nanmean(noisy[:20]), rel=0.05)
    np.testing.assert_array_equal(np.isnan(found), np.isnan(noisy[:20]))


def test_noise2void_takes_frames_of_any_side():
    noisy = RNG.poisson(5.0, (4, 30, 21)).astype(np.float32)
    assert noise2void(noisy, noisy, 0.3, steps=2, seed=0).shape == (4, 30, 21)


def test_binned_frames_are_interpolated():
    y, x = np.mgrid[:64, :64] + 0.5
    smooth = 10 + 4 * np.sin(x / 9) * np.cos(y / 11)
    binned = smooth.reshape(16, 4, 16, 4).mean(axis=(1, 3)).repeat(4, 0).repeat(4, 1)[None].astype(np.float32)
    case = Case(binned, binned, Degradation(gain=1.0, point_spread=0.0, read_noise=0.0), "imaging", binning=4)
    found = BASELINES["bicubic"](case)[0, 8:-8, 8:-8]
    assert np.abs(found - smooth[8:-8, 8:-8]).max() < 0.25
    low = binned.copy()
    low[0, 20, 20] = np.nan  # the others of its square know the value
    dead = BASELINES["bicubic"](replace(case, low=low))[0, 8:-8, 8:-8]
    np.testing.assert_array_equal(np.delete(dead.ravel(), 12 * 48 + 12), np.delete(found.ravel(), 12 * 48 + 12))
    assert np.abs(binned[0] - smooth)[8:-8, 8:-8].max() > 0.6
