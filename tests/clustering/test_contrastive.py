"""The latent space's loss against a hand computation, and what learning does."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from pulsetrain.clustering._contrastive import nt_xent
from pulsetrain.clustering._network import LATENT, VIEW, FrameNetwork


def _at(*degrees: float) -> torch.Tensor:
    angle = torch.deg2rad(torch.tensor(degrees, dtype=torch.float64))
    return torch.stack([angle.cos(), angle.sin()], dim=1)


def test_nt_xent_is_what_a_hand_computation_gives():
    # Frame A at 0° and 60°, frame B at 90° and 180°: cosines 1/2, 0, −1; √3/2, −1/2; 0. Temperature 1/2 doubles them.
    loss = nt_xent(_at(0, 90), _at(60, 180), temperature=0.5)
    e = math.exp
    by_hand = [
        -math.log(e(1) / (e(1) + e(0) + e(-2))),  # A at 0°
        -math.log(e(0) / (e(0) + e(0) + e(math.sqrt(3)))),  # B at 90°
        -math.log(e(1) / (e(1) + e(math.sqrt(3)) + e(-1))),  # A at 60°
        -math.log(e(0) / (e(-2) + e(0) + e(-1))),  # B at 180°
    ]
    assert loss.item() == pytest.approx(np.mean(by_hand), rel=1e-12)


def test_frames_of_another_experiment_are_no_negatives():
    first, second = _at(0, 90, 10, 100), _at(60, 180, 50, 170)
    together = nt_xent(first, second, 0.5, torch.tensor([0, 0, 1, 1]))
    alone = [nt_xent(first[rows], second[rows], 0.5).item() for rows in (slice(0, 2), slice(2, 4))]
    assert together.item() == pytest.approx(np.mean(alone), rel=1e-12)


def test_a_frames_latent_vector_does_not_depend_on_which_others_it_is_computed_with():
    torch.manual_seed(1)
    network, views = FrameNetwork().eval(), torch.randn(7, 2, VIEW, VIEW)
    with torch.no_grad():
        whole, alone = network(views), network(views[3:4])
    assert whole.shape == (7, LATENT)
    torch.testing.assert_close(whole[3:4], alone, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(whole.norm(dim=1), torch.ones(7))


def test_two_frames_that_show_nothing_are_not_told_apart():
    first, second = _at(0, 90, 30), _at(60, 180, 10)
    alone = [nt_xent(first, second, 0.5, empty=torch.tensor(empty)).item() for empty in ([0.0] * 3, [1.0, 0.0, 0.0])]
    assert alone[0] == alone[1]  # a pair needs two
    # With A and B empty, only C's copies are left as negatives for them, up to the least weight of 1e-4.
    loss = nt_xent(first, second, 0.5, empty=torch.tensor([1.0, 1.0, 0.0], dtype=torch.float64)).item()
    angle = np.deg2rad([0, 90, 30, 60, 180, 10])
    odds = np.exp(2 * np.cos(angle[:, None] - angle))
    weight = np.ones((6, 6))
    weight[np.ix_([0, 1, 3, 4], [0, 1, 3, 4])] = 1e-4
    own = np.roll(np.arange(6), 3)
    weight[np.arange(6), own] = 1
    np.fill_diagonal(weight, 0)
    expected = -np.log(odds[np.arange(6), own] / (weight * odds).sum(axis=1)).mean()
    assert loss == pytest.approx(expected, rel=1e-9)
