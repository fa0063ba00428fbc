"""The published protocol is kept as it was, faults included; the mended one is without them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from pulsetrain.spectra import SpectraClassifier, SpectraOptions
from pulsetrain.spectra import _memory as memory
from pulsetrain.spectra._networks import build
from pulsetrain.spectra._prepare import noise_level
from pulsetrain.spectra._training import shift_axis, train


def test_published_training_set_has_fifty_noisy_copies_of_each_spectrum(monkeypatch):
    seen = []
    monkeypatch.setattr("pulsetrain.spectra._networks.dense.Dense.loss", _record(seen))
    values = np.zeros((31, 100), np.float32)
    train(values, np.repeat([0, 1], (16, 15)), SpectraOptions(protocol="published", steps=1), 0, lambda *_: None)
    (batch,) = seen
    assert batch.shape == (1581, 100)
    assert (batch == 0).all(dim=1).sum() == 31
    noisy = batch[(batch != 0).any(dim=1)]
    assert noisy.min() >= 0
    assert noisy.max() < 1 / 6
    assert noisy.mean() == pytest.approx(1 / 12, rel=0.01)  # a positive offset, as published


def test_published_prediction_of_a_spectrum_depends_on_the_others_and_the_mended_one_does_not(still):
    change = {}
    for protocol in ("published", "mended"):
        classifier = SpectraClassifier(network="cnn", protocol=protocol, members=1, augment=2, steps=5)
        classifier.fit(still.intensity, still.labels)
        whole = classifier.predict(still.intensity).probability
        part = classifier.predict(still.intensity[:20]).probability
        change[protocol] = float(np.abs(whole[:20] - part).max())
        again = classifier.predict(still.intensity).probability
        np.testing.assert_array_equal(whole, again)  # predicting leaves no trace
    assert change["published"] > 1e-3
    assert change["mended"] < 1e-6


def test_published_lstm_is_tested_at_length_one(still):
    classifier = SpectraClassifier(network="lstm", protocol="published", members=1, augment=0, steps=2)
    classifier.fit(still.intensity, still.labels)
    whole, part = classifier.predict(still.intensity), classifier.predict(still.intensity[40:45])
    np.testing.assert_allclose(whole.probability[40:45], part.probability, atol=1e-6)


def test_full_batch_that_does_not_fit_is_refused_before_it_is_taken(still, monkeypatch):
    monkeypatch.setattr(memory, "available_bytes", lambda _: 1e6)
    classifier = SpectraClassifier(network="cnn", protocol="published")
    with pytest.raises(MemoryError, match=r"needs about .* GiB, 0\.0 GiB are free on cpu; take protocol='mended'"):
        classifier.fit(still.intensity, still.labels)


def test_memory_of_a_step_is_at_least_what_its_activations_take():
    # First convolution, batch norm, ReLU and pool of the CNN: 64 features at 298 and 149 places, 4 bytes each.
    network = build(SpectraOptions(network="cnn"), 600)
    activations = 64 * 4 * (298 + 298 + 149)
    assert memory.training_bytes(network, 1000, 600) > 1000 * activations
    assert memory.training_bytes(network, 1000, 600) < 1000 * 6 * activations


def test_noise_level_is_that_of_the_data():
    rng = np.random.default_rng(1)
    axis = np.linspace(0, 20, 2000)
    values = 50 * np.exp(-((axis - 10) ** 2)) + rng.normal(0, 0.7, (30, 2000))
    np.testing.assert_allclose(noise_level(values.astype(np.float32)), 0.7, rtol=0.15)


def test_shifted_copies_keep_their_peak_and_move_no_further_than_asked():
    spectrum = torch.exp(-0.5 * ((torch.arange(1000.0) - 500) / 10) ** 2)
    copies = shift_axis(spectrum.repeat(200, 1), 0.03)
    moved = copies.argmax(dim=1) - 500
    torch.testing.assert_close(copies.amax(dim=1), torch.ones(200), rtol=0, atol=3e-3)
    assert moved.abs().max() <= 31  # 3 % of 1000 points, and rounding
    assert moved.min() < -20
    assert moved.max() > 20


def test_series_networks_learn_from_ordered_minibatches_that_switch_once_at_any_place(monkeypatch):
    seen = []
    monkeypatch.setattr("pulsetrain.spectra._networks.sequence.Transformer.loss", _record(seen, target=True))
    values = np.arange(20, dtype=np.float32)[:, None] * np.ones((1, 60), np.float32)
    options = SpectraOptions(network="transformer", steps=30, augment=0)
    train(values, np.repeat([0, 1], 10), options, 0, lambda *_: None)
    assert all((target.diff() >= 0).all() for target in seen)
    assert len({int(target.sum()) for target in seen}) > 10


def _record(seen, *, target=False):
    def loss(network, spectra, classes):
        seen.append(classes if target else spectra)
        return network(spectra).mean()

    return loss
