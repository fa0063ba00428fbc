"""Importance lies where the spectra truly change."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
from pulsetrain.spectra import SpectraClassifier, attention, attribution_share, importance
from pulsetrain.spectra._importance import METHODS


@pytest.fixture(scope="module")
def drifting():
    return simulate_series(SeriesOptions(n_spectra=120, n_channels=1500, label_every=4), seed=11)


@pytest.fixture(scope="module")
def trained(drifting):
    return SpectraClassifier(network="fcnn", members=2).fit(drifting.intensity, drifting.labels)


def test_integrated_gradients_see_the_changing_axis_better_than_class_means(drifting, trained):
    shares = {m: attribution_share(importance(trained, drifting.intensity, m), drifting.changing) for m in METHODS}
    assert shares["integrated_gradients"] >= shares["class_mean_difference"] > float(drifting.changing.mean())
    assert shares["integrated_gradients"] > shares["published"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("network", ["cnn", "conv_sct", "binned"])
def test_importance_sums_to_one_and_leaves_the_edges_out(still, network, method):
    classifier = SpectraClassifier(network=network, members=2, steps=3).fit(still.intensity, still.labels)
    found = importance(classifier, still.intensity, method, edge=0.02)
    assert found.dims == ("class", "channel")
    assert found.shape == (2, 600)
    assert float(found.sum()) == pytest.approx(1)
    assert float(found.min()) >= 0
    assert not found[:, :12].any()
    assert not found[:, -12:].any()


def test_another_series_of_the_same_length_is_attributed_by_its_own_classes(still):
    classifier = SpectraClassifier(members=1, steps=60).fit(still.intensity, still.labels)
    backwards = still.intensity[::-1].drop_vars("order", errors="ignore")
    found = importance(classifier, backwards)
    predicted = importance(classifier, backwards, labels=classifier.predict(backwards).prediction)
    xr.testing.assert_equal(found, predicted)


def test_attribution_share_of_an_even_spread_is_the_share_of_the_axis():
    even = xr.DataArray(np.ones((2, 10)), dims=("class", "channel"))
    assert attribution_share(even, np.arange(10) < 3) == pytest.approx(0.3)


def test_attention_maps_of_the_published_network(still):
    classifier = SpectraClassifier(network="conv_sct", members=2, steps=2).fit(still.intensity, still.labels)
    maps = attention(classifier, still.intensity)
    assert {name: each.shape for name, each in maps.data_vars.items()} == {
        "channel": (8, 8), "spatial": (256, 256), "temporal": (60, 60),
    }  # fmt: skip
    for each in maps.data_vars.values():
        np.testing.assert_allclose(each.sum(axis=1), 1, rtol=1e-4)
    assert "axis" not in maps.coords


def test_attention_over_places_is_readable_on_the_axis(still):
    classifier = SpectraClassifier(network="conv_sc", members=1, steps=2, spatial_positions="axis")
    maps = attention(classifier.fit(still.intensity, still.labels), still.intensity)
    assert maps.spatial.shape == (72, 72)
    assert "temporal" not in maps
    axis = still.axis.values
    np.testing.assert_allclose(maps.axis[[0, -1]], [axis[:27].mean(), axis[71 * 8 : 71 * 8 + 27].mean()], rtol=1e-6)
    assert bool(((maps.axis_low < maps.axis) & (maps.axis < maps.axis_high)).all())


def test_networks_without_attention_have_no_maps(trained, drifting):
    assert not attention(trained, drifting.intensity).data_vars
