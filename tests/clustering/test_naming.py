"""Names of clusters follow from the physics of their frames."""

from __future__ import annotations

import numpy as np

from pulsetrain.clustering.naming import describe_clusters

CLUSTER = np.array([0, 0, 0, 1, 1, 2, 3, 3, -1])
PROBABILITY = np.array([[1, 0, 0]] * 3 + [[0, 0.9, 0.1]] * 2 + [[0, 1, 0]] + [[0.5, 0.5, 0]] * 2 + [[0, 0, 1]])


def test_a_cluster_has_the_name_of_its_frames_kind_and_a_number_if_it_is_not_the_largest():
    clusters = describe_clusters(CLUSTER, PROBABILITY, {}, 5)
    assert clusters["name"].values.tolist() == ["no hit", "single hits", "single hits 2", "mixed", "empty"]
    assert clusters["size"].values.tolist() == [3, 2, 1, 2, 0]


def test_medians_are_those_of_the_clusters_own_frames():
    clusters = describe_clusters(CLUSTER, PROBABILITY, {"photons": np.array([1, 2, 9, 5, 7, 4, 3, np.nan, 1e9])}, 5)
    np.testing.assert_array_equal(clusters["photons"], [2, 6, 4, 3, np.nan])
    np.testing.assert_allclose(clusters["probability"].sel(kind="single"), [0, 0.9, 1, 0.5, np.nan])
