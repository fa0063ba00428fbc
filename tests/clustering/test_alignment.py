"""Moments are NumPy's, and aligned experiments share them."""

from __future__ import annotations

import numpy as np
import pytest

from pulsetrain.clustering._alignment import Alignment, Moments, ViewScale
from pulsetrain.clustering._network import LATENT

VIEWS = ViewScale(np.zeros(2, np.float32), np.ones(2, np.float32))


def _experiment(rng, turn, shift, counts):
    kind = np.repeat(np.arange(3), counts)
    middle = 3 * np.eye(3, LATENT)[kind]
    return (middle + 0.3 * rng.standard_normal((len(kind), LATENT))) @ turn + shift, np.eye(3)[kind]


@pytest.fixture(scope="module")
def two():
    """The same three kinds seen in two experiments, the second sheared and moved, with other shares of kinds."""
    rng = np.random.default_rng(1)
    shear = np.eye(LATENT) + 0.3 * rng.standard_normal((LATENT, LATENT)) / np.sqrt(LATENT)
    first = _experiment(rng, np.eye(LATENT), 0, (2000, 2000, 2000))
    return first, _experiment(rng, shear, rng.standard_normal(LATENT), (5000, 2000, 1000))


def test_moments_of_kinds_are_those_that_numpy_gives(two):
    latent, probability = two[0]
    moments = Moments.of(latent, probability)
    of = probability[:, 1] == 1
    np.testing.assert_allclose(moments.mean[1], latent[of].mean(axis=0), rtol=1e-10)
    # The kinds are spheres here, so that what is assumed of few frames is true.
    np.testing.assert_allclose(moments.covariance[1], np.cov(latent[of].T), atol=0.01)


def test_an_aligned_experiment_lies_where_the_reference_does_whatever_its_share_of_hits(two):
    (first, kinds), (second, others) = two
    reference, own = Moments.of(first, kinds), Moments.of(second, others)
    alignment = Alignment.onto(reference, own, VIEWS)
    moved = np.zeros_like(second)
    for kind in range(3):
        moved += others[:, kind : kind + 1] * (second @ alignment.turn[kind] + alignment.shift[kind])
    after = Moments.of(moved, others)
    np.testing.assert_allclose(after.mean, reference.mean, atol=0.02)
    np.testing.assert_allclose(after.covariance, reference.covariance, atol=0.03)
    before = np.abs(own.mean - reference.mean).max()
    assert before > 1
    np.testing.assert_allclose(np.linalg.norm(alignment(second, others), axis=1), 1, rtol=1e-5)


def test_an_experiment_aligned_onto_itself_stays_where_it_is(two):
    latent, probability = two[1]
    moments = Moments.of(latent, probability)
    aligned = Alignment.onto(moments, moments, VIEWS)(latent, probability)
    np.testing.assert_allclose(aligned, latent / np.linalg.norm(latent, axis=1, keepdims=True), atol=1e-4)


def test_a_kind_that_an_experiment_lacks_is_left_where_it_is(two):
    (latent, probability), _ = two
    none = probability[:, 0] == 1
    own = Moments.of(latent[none] + 1, probability[none])
    alignment = Alignment.onto(Moments.of(latent, probability), own, VIEWS)
    np.testing.assert_array_equal(alignment.turn[1:], np.eye(LATENT)[None].repeat(2, axis=0))
    assert np.isfinite(alignment.shift).all()


def test_views_are_scaled_by_kinds_that_count_alike():
    views = np.concatenate([np.full((90, 2, 4, 4), 1.0), np.full((10, 2, 4, 4), 3.0)]).astype(np.float32)
    scale = ViewScale.of(views, np.repeat([[1.0, 0, 0], [0, 1.0, 0]], (90, 10), axis=0))
    np.testing.assert_allclose(scale.mean, 2)
    np.testing.assert_allclose(scale(views)[[0, -1], 0, 0, 0], [-1, 1])
