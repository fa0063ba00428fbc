"""Neighbours by faiss against scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

from pulsetrain.clustering import neighbours
from pulsetrain.clustering.neighbours import nearest


def _unit(n, size, seed):
    vectors = np.random.default_rng(seed).standard_normal((n, size)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_neighbours_are_those_that_scikit_learn_finds():
    latent = _unit(300, 8, seed=1)
    expected = NearestNeighbors(n_neighbors=6, metric="cosine").fit(latent).kneighbors(return_distance=False)
    assert (nearest(latent, 6) == expected).mean() > 0.999  # float32 may swap two that are equally near


def test_neighbours_in_another_set_may_be_the_frame_itself():
    latent = _unit(50, 8, seed=2)
    assert (nearest(latent, 3, among=latent)[:, 0] == np.arange(50)).all()


def test_a_frame_is_not_its_own_neighbour_even_among_its_twins():
    latent = np.repeat(_unit(4, 8, seed=3), 10, axis=0)
    found = nearest(latent, 5)
    assert found.shape == (40, 5)
    assert (found != np.arange(40)[:, None]).all()
    assert (found // 10 == np.arange(40)[:, None] // 10).all()


def test_there_are_no_more_neighbours_than_other_frames():
    assert nearest(_unit(4, 8, seed=4), 20).shape == (4, 3)


def test_an_inverted_file_finds_nine_tenths_of_the_true_neighbours(monkeypatch: pytest.MonkeyPatch):
    centres = _unit(40, 16, seed=5)
    latent = np.repeat(centres, 100, axis=0) + 0.1 * _unit(4000, 16, seed=6)
    latent /= np.linalg.norm(latent, axis=1, keepdims=True)
    exact = nearest(latent, 10)
    monkeypatch.setattr(neighbours, "_EXACT", 1000)
    found = nearest(latent, 10)
    shared = [len(np.intersect1d(a, b)) / 10 for a, b in zip(exact, found, strict=True)]
    assert np.mean(shared) > 0.9
