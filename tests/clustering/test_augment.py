"""Augmented copies keep the statistics of light and never look behind the mask."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import rotate

from pulsetrain.clustering.augment import augment
from pulsetrain.clustering.options import Augmentations

STILL = {"thinning": 1.0, "noise": 0.0, "rotation": 0.0, "shift": 0.0, "brightness": 1.0, "masking": 0.0}


def only(**changes):
    return Augmentations(**{**STILL, **changes})


def _flat(mean, n=200, side=32, seed=0):
    return np.random.default_rng(seed).poisson(mean, (n, side, side)).astype(np.float32)


def test_without_any_augmentation_a_copy_is_the_frame_and_not_its_memory():
    block = _flat(2)
    copy = augment(block, only(), np.random.default_rng(1))
    np.testing.assert_array_equal(copy, block)
    assert not np.shares_memory(copy, block)


def test_thinned_poisson_counts_are_poisson_counts():
    block = _flat(4.0)
    copy = augment(block, only(thinning=0.05), np.random.default_rng(1))
    mean, variance = copy.mean(axis=(1, 2)), copy.var(axis=(1, 2))
    assert (copy == np.rint(copy)).all()
    assert (copy <= block).all()
    assert (mean.min() < 0.5) & (mean.max() > 3.5)  # every share from 5 % to all
    # 1024 pixels: variance over mean is 1 ± √(2/1024) in each frame, ± 0.003 in the mean of 200
    assert (variance / mean).mean() == pytest.approx(1, abs=0.015)


def test_photons_of_a_brighter_copy_are_counted_anew():
    block = _flat(4.0)
    copy = augment(block, only(brightness=3.0), np.random.default_rng(1))
    factor = copy.mean(axis=(1, 2)) / block.mean(axis=(1, 2))
    brighter = factor > 1.5
    assert (factor.min() < 0.5) & (factor.max() > 2)
    ratio = (copy.var(axis=(1, 2)) / copy.mean(axis=(1, 2)))[brighter]
    # Multiplied counts would give the factor itself; the local mean of nine pixels leaves a third at most too much.
    assert ratio.mean() < 1.4 < factor[brighter].mean()


def test_read_noise_of_a_frame_is_left_and_noise_is_added_up_to_its_bound():
    rng = np.random.default_rng(2)
    block = rng.normal(0, 0.05, (300, 32, 32)).astype(np.float32)
    dark = augment(block, only(thinning=0.1), rng)
    np.testing.assert_array_equal(dark, block)
    spread = augment(np.zeros_like(block), only(noise=0.4), rng).std(axis=(1, 2))
    assert spread.max() < 0.43
    assert spread.mean() == pytest.approx(0.2, abs=0.03)


def test_a_rotation_is_that_of_scipy_to_the_nearest_pixel():
    y, x = np.mgrid[:65, :65] - 32
    frame = (np.exp(-((y - 10) ** 2 + (x + 5) ** 2) / 40) + 2 * np.exp(-((y + 12) ** 2 + x**2) / 60)).astype(np.float32)

    class Fixed(np.random.Generator):
        def uniform(self, low, high, size):
            return np.full(size, high if low else 0.0)

        def random(self, *_, **__):
            return np.ones(1)

    copy = augment(frame[None], only(rotation=30), Fixed(np.random.PCG64(1)))[0]
    expected = rotate(frame, -30, reshape=False, order=1)  # scipy's angle runs from x to y the other way round
    seen = np.isfinite(copy)
    assert np.abs(copy - expected)[seen].max() < 0.15
    assert 0.8 < seen.mean() < 1


def test_half_of_the_rotated_copies_are_mirrored():
    frame = np.zeros((1, 41, 41), np.float32)
    frame[0, 20, 30], frame[0, 12, 20] = 100, 50  # the second a quarter turn from the first
    copies = augment(frame.repeat(400, axis=0), only(rotation=180), np.random.default_rng(3))
    turned = []
    for copy in copies:
        lit = {int(copy[at]): np.array(at) - 20 for at in zip(*np.nonzero(np.nan_to_num(copy)), strict=True)}
        if len(lit) == 2:
            turned.append(np.sign(np.linalg.det([lit[100], lit[50]])))
    assert 0.4 < np.mean(np.array(turned) > 0) < 0.6


def test_a_shift_moves_by_at_most_its_bound_and_masks_what_comes_in():
    frame = np.zeros((300, 33, 33), np.float32)
    frame[:, 16, 16] = 1
    copies = augment(frame, only(shift=3.0), np.random.default_rng(4))
    _, y, x = np.nonzero(np.nan_to_num(copies))
    assert np.abs(y - 16).max() == np.abs(x - 16).max() == 3
    assert np.isnan(copies[:, 0]).any()


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rotation=st.floats(0, 180),
    shift=st.floats(0, 10),
    brightness=st.floats(1, 10),
    masking=st.floats(0, 0.9),
)
def test_nothing_behind_the_mask_reaches_a_copy(seed, rotation, shift, brightness, masking):
    rng = np.random.default_rng(seed)
    options = only(rotation=rotation, shift=shift, brightness=brightness, masking=masking, thinning=0.3)
    block = rng.poisson(1.0, (4, 24, 24)).astype(np.float32)
    block[rng.random(block.shape) < 0.3] = np.nan
    copy = augment(block, options, np.random.default_rng(seed))
    ones = augment(np.where(np.isnan(block), np.nan, 0).astype(np.float32), options, np.random.default_rng(seed))
    assert np.nanmax(np.nan_to_num(ones)) == 0  # where there is no light, none is made of the mask
    assert np.isnan(copy).mean() >= np.isnan(block).mean() - 0.15  # the turned mask is not filled up


def test_a_mask_keeps_its_size_when_it_is_moved():
    block = np.ones((200, 64, 64), np.float32)
    block[:, 28:36, 28:36] = np.nan
    copy = augment(block, only(rotation=180, shift=2), np.random.default_rng(5))
    middle = np.isnan(copy)[:, 16:48, 16:48].sum(axis=(1, 2))
    assert np.abs(middle / 64 - 1).max() < 0.1


def test_masking_masks_whole_patches_up_to_its_share():
    masked = np.isnan(augment(np.ones((400, 64, 64), np.float32), only(masking=0.5), np.random.default_rng(6)))
    assert masked.mean() == pytest.approx(0.25, abs=0.02)
    patches = masked.reshape(400, 8, 8, 8, 8).mean(axis=(2, 4))
    assert set(np.unique(patches)) == {0.0, 1.0}


def test_the_same_seed_gives_the_same_copies():
    block, options = _flat(1), Augmentations()
    first, again = (augment(block, options, np.random.default_rng(7)) for _ in range(2))
    np.testing.assert_array_equal(first, again)
