"""A bent cloud has the other's density, along axes that it was not bent along too; a cloud like the other stays."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree
from scipy.stats import ks_2samp

from pulsetrain.clustering._bending import Bend


@pytest.fixture
def clouds():
    """A round cloud and a skewed one of the same mean and covariance: no affine map makes them alike."""
    rng = np.random.default_rng(1)
    return [_whitened(rng.normal(size=(3000, 4))), _whitened(rng.exponential(size=(3000, 4)))]


def _whitened(points):
    off = points - points.mean(axis=0)
    values, axes = np.linalg.eigh(np.cov(off.T))
    return off @ (axes / np.sqrt(values)) @ axes.T


def _own_neighbours(one, other):
    """Return the share of the 20 nearest that are of a point's own cloud; a half where they lie alike."""
    points, of = np.concatenate([one, other]), np.repeat([0, 1], [len(one), len(other)])
    near = KDTree(points).query(points, 21)[1][:, 1:]
    return (of[near] == of[:, None]).mean()


def test_points_that_were_not_learnt_from_take_the_other_clouds_density(clouds):
    own, target = clouds
    bend = Bend.onto(target[:2000], np.ones(2000), own[:2000], np.ones(2000))
    moved = bend(own[2000:])
    before, after = (
        max(ks_2samp(each[:, k], target[2000:, k]).statistic for k in range(4)) for each in (own[2000:], moved)
    )
    assert before > 0.16
    assert after < 0.12
    assert _own_neighbours(own[2000:], target[2000:]) > 0.6
    assert _own_neighbours(moved, target[2000:]) < 0.55


def test_points_of_no_weight_do_not_pull(clouds):
    own, target = clouds
    weight = np.r_[np.ones(1500), np.zeros(1500)]
    far = np.where(weight[:, None] > 0, target, 100.0)
    assert np.abs(Bend.onto(far, weight, own, np.ones(3000))(own)).max() < 10


def test_a_cloud_onto_itself_stays_and_few_points_are_moved_less(clouds):
    own, target = clouds
    np.testing.assert_allclose(Bend.onto(own, np.ones(3000), own, np.ones(3000))(own), own, atol=1e-9)
    few, many = (Bend.onto(target, np.full(3000, w), own, np.full(3000, w)).moves[0] for w in (0.01, 1e6))
    np.testing.assert_allclose(few, many / 2, rtol=1e-6)


def test_arrays_make_the_same_bend_again(clouds):
    own, target = clouds
    bend = Bend.onto(target, np.ones(3000), own, np.ones(3000))
    np.testing.assert_array_equal(Bend.of_arrays(bend.arrays())(own[:9]), bend(own[:9]))
