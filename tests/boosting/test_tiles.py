"""Large frames by tiles: as if they had been boosted whole."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import uniform_filter

from pulsetrain.boosting._learner import Boosted
from pulsetrain.boosting._tiles import in_tiles
from pulsetrain.boosting._unet import REACH, UNet
from pulsetrain.boosting._views import make_views
from pulsetrain.boosting.degradation import Degradation

BLOCK = np.random.default_rng(1).random((2, 150, 333), np.float32)


def _mean(block):
    """See 7 pixels far."""
    made = uniform_filter(block, (0, 15, 15), mode="constant")[None]
    return Boosted(made, 2 * made)


@pytest.mark.parametrize("tile", [64, 100, 512])
def test_tiles_give_what_the_whole_frame_gives(tile):
    whole, tiled = _mean(BLOCK), in_tiles(BLOCK, _mean, tile, reach=7)
    np.testing.assert_allclose(tiled.mean, whole.mean, rtol=1e-5)
    np.testing.assert_allclose(tiled.std, whole.std, rtol=1e-5)


def test_no_more_is_boosted_at_once_than_a_tile():
    sides = []

    def noted(block):
        sides.append(max(block.shape[1:]))
        return _mean(block)

    in_tiles(BLOCK, noted, 64, reach=7)
    assert max(sides) <= 70
    assert len(sides) > 6


def test_a_dead_row_that_runs_into_a_gap_is_the_same_in_every_tile():
    frames = np.random.default_rng(1).poisson(5, (1, 96, 400)).astype(np.float32)
    frames[:, :, :20] = frames[:, 48, 20:390] = np.nan

    def views(block):
        made = make_views(block, Degradation(0.143, 1.2, 0.5), "diffraction")
        return Boosted(np.stack([made.channels[:, 0], made.mean]), None)

    whole, tiled = views(frames).mean, in_tiles(frames, views, 128, REACH).mean
    np.testing.assert_allclose(tiled, whole, rtol=1e-5, atol=1e-5)


def test_an_unknown_std_stays_unknown():
    assert in_tiles(BLOCK, lambda block: Boosted(_mean(block).mean, None), 64, reach=7).std is None


def test_the_network_sees_no_farther_than_it_says():
    torch.manual_seed(1)
    network = UNet(4).eval()
    for parameter in network.parameters():
        torch.nn.init.uniform_(parameter, 0.01, 0.1)  # all positive: nothing is switched off or cancels
    views = torch.zeros(1, 4, 128, 128, requires_grad=True)
    for at in range(60, 64):
        network(views)[0][0, 0, at, at].backward()
    seen = views.grad.abs().sum(dim=(0, 1)).nonzero()
    assert 8 < (seen - 62).abs().max() <= REACH
