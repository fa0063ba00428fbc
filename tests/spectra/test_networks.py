"""The networks are the published ones, to the last parameter, and take spectra of other lengths."""

from __future__ import annotations

import pytest
import torch

from pulsetrain.spectra import NETWORKS, SpectraOptions
from pulsetrain.spectra._networks import build, count_parameters
from pulsetrain.spectra._networks.attention import count_places, receptive_field
from pulsetrain.spectra._networks.residual import Residual

# Table 2 of Applied Sciences 11 (2021) 11520, and the binned network of the same authors.
PUBLISHED = {
    "fcnn": 1_204_335,
    "cnn": 23_307,
    "resnet": 2_354_535,
    "lstm": 6_273_391,
    "transformer": 1_830_511,
    "conv_sc": 659_525,
    "conv_sct": 1_953_353,
    "binned": 11_280,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameter_count_is_the_published_one(name):
    network = build(SpectraOptions(network=name, idle_layer=True), 4023)
    assert count_parameters(network) == PUBLISHED[name] == NETWORKS[name].published_parameters


def test_residual_network_works_with_the_parameters_that_spectra_pass_through():
    assert count_parameters(build(SpectraOptions(network="resnet"), 4023)) == 294_247


@pytest.mark.parametrize("formula", ["softmax", "rowmax"])
@pytest.mark.parametrize("positions", ["learned", "axis"])
def test_attention_variants_keep_the_published_count(formula, positions):
    options = SpectraOptions(network="conv_sct", channel_attention=formula, spatial_positions=positions)
    assert count_parameters(build(options, 4023)) == PUBLISHED["conv_sct"]


@pytest.mark.parametrize("channels", [600, 1000, 2001, 4023])
@pytest.mark.parametrize("name", PUBLISHED)
def test_each_network_gives_one_logit_a_spectrum_at_other_lengths(name, channels):
    network = build(SpectraOptions(network=name), channels)
    assert network(torch.randn(3, channels)).shape == (3,)


@pytest.mark.parametrize(("name", "least"), [("cnn", 71), ("resnet", 535), ("conv_sc", 27), ("conv_sct", 27)])
def test_spectra_too_short_for_the_pools_are_refused_and_one_point_more_is_not(name, least):
    with pytest.raises(ValueError, match=f"got spectra of {least - 1} points, allowed at least {least}"):
        build(SpectraOptions(network=name), least - 1)
    assert build(SpectraOptions(network=name), least)(torch.randn(2, least)).shape == (2,)


def test_residual_branches_meet_at_111_places():
    network = build(SpectraOptions(network="resnet"), 4023)
    assert isinstance(network, Residual)
    assert network.places == 111


def test_receptive_field_is_where_a_place_has_gradient():
    network = build(SpectraOptions(network="conv_sc"), 403).eval()
    spectrum = torch.randn(1, 1, 403, requires_grad=True)
    places = network.convolutions(spectrum)
    assert places.shape[-1] == count_places(403)
    first, last = receptive_field(places.shape[-1])
    seen = torch.zeros(403, dtype=torch.bool)
    for feature in range(8):
        for _ in range(20):  # maxima hide part of the field from any one spectrum
            probe = torch.randn(1, 1, 403, requires_grad=True)
            value = network.convolutions(probe)[0, feature, 7]
            seen |= torch.autograd.grad(value, probe)[0][0, 0] != 0
    touched = torch.where(seen)[0]
    assert (touched.min(), touched.max()) == (first[7], last[7])


def test_channel_attention_follows_the_published_formula_or_the_authors_code():
    features = torch.randn(2, 8, 256) / 16
    energy = features @ features.transpose(1, 2)
    for formula, wanted in (("softmax", energy), ("rowmax", energy.max(dim=-1, keepdim=True).values - energy)):
        network = build(SpectraOptions(network="conv_sc", channel_attention=formula), 200)
        torch.testing.assert_close(network._channel_map(features), torch.softmax(wanted, dim=-1))


def test_series_networks_give_a_batch_of_sequences_what_they_give_each():
    for name in ("lstm", "transformer", "conv_sct"):
        network = build(SpectraOptions(network=name), 100).eval()
        sequences = torch.randn(2, 5, 100)
        each = torch.stack([network(sequence) for sequence in sequences])
        torch.testing.assert_close(network(sequences), each, rtol=1e-4, atol=1e-5)
