"""The SCAN loss against a hand computation, and what it divides."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import adjusted_rand_score

from pulsetrain.clustering._scan import divide, merge, scan_loss
from pulsetrain.clustering.neighbours import nearest


def test_scan_loss_is_what_a_hand_computation_gives():
    p = torch.tensor([[0.9, 0.1], [0.5, 0.5]], dtype=torch.float64)
    q = torch.tensor([[0.8, 0.2], [0.1, 0.9]], dtype=torch.float64)
    agreement = (math.log(0.9 * 0.8 + 0.1 * 0.2) + math.log(0.5)) / 2
    entropy = -(0.7 * math.log(0.7) + 0.3 * math.log(0.3))
    assert scan_loss(p, q, entropy=5.0).item() == pytest.approx(-agreement - 5 * entropy, rel=1e-12)


def test_scan_loss_is_least_for_sure_frames_in_clusters_of_equal_size():
    sure = torch.eye(4).repeat(3, 1)
    assert scan_loss(sure, sure, 5.0).item() == pytest.approx(-5 * math.log(4), rel=1e-6)


@pytest.fixture(scope="module")
def blobs():
    """Four groups on the sphere, of 400, 200, 100 and 50 frames, and two copies of each frame."""
    rng = np.random.default_rng(1)
    truth = np.repeat(np.arange(4), (400, 200, 100, 50))
    centres = np.linalg.qr(rng.standard_normal((16, 4)))[0].T
    latent, *copies = (centres[truth] + 0.08 * rng.standard_normal((len(truth), 16)) for _ in range(3))
    latent, copies = (np.float32(each / np.linalg.norm(each, axis=-1, keepdims=True)) for each in (latent, copies))
    return truth, latent, np.stack(copies)


def test_groups_of_unequal_size_are_found_by_dividing_finer_and_merging(blobs):
    truth, latent, copies = blobs
    near = nearest(latent, 20)
    fine = divide(latent, copies, near, clusters=12, seed=3).probability(latent).argmax(axis=1)
    merged = merge(fine, near, None, np.zeros(12, int))[fine]
    assert adjusted_rand_score(truth, merged) > 0.98
    assert merged.max() == 3
    assert (np.diff(np.bincount(merged)) <= 0).all()  # the largest first


def test_dividing_twice_with_one_seed_gives_the_same_division(blobs):
    _, latent, copies = blobs
    near = nearest(latent, 20)
    first, again, other = (divide(latent, copies, near, clusters=4, seed=seed).weight for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_clusters_are_merged_until_the_wanted_number_remains(blobs):
    truth, latent, _ = blobs
    for wanted in (2, 3):
        assert len(np.unique(merge(truth, nearest(latent, 20), wanted, np.zeros(4, int)))) == wanted


def test_clusters_of_two_kinds_are_merged_only_where_the_number_asks_for_it():
    latent = np.random.default_rng(4).standard_normal((200, 8)).astype(np.float32)
    half = np.arange(200) % 2  # two clusters in one and the same place
    near = nearest(latent / np.linalg.norm(latent, axis=1, keepdims=True), 20)
    assert len(np.unique(merge(half, near, None, np.array([0, 0])))) == 1
    assert len(np.unique(merge(half, near, None, np.array([0, 1])))) == 2
    assert len(np.unique(merge(half, near, 1, np.array([0, 1])))) == 1
