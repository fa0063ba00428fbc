"""The response model: what follows from its physics, whatever the latents."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulsetrain.tuning._particles import Particles
from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.response import LATENTS, ResponseModel
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting

MODEL = ResponseModel(0.1)
SPACE = SearchSpace.around(0.1)
LATENT = list(LATENTS)


def _drawn(seed: int, n: int = 20) -> np.ndarray:
    return ResponsePrior.load().draw(n, np.random.default_rng(seed))


@given(st.integers(0, 99))
def test_no_more_patterns_are_indexed_than_are_hits(seed: int):
    predicted = MODEL.predict(_drawn(seed), np.array([2.0, 5, 15]), np.array([1.0, 2, 8]), np.full(3, 0.1))
    assert (predicted.rate <= predicted.hits + 1e-12).all()
    assert ((predicted.rate >= 0) & (predicted.hits <= 1)).all()


@given(st.integers(0, 99))
def test_higher_thresholds_leave_fewer_hits_and_peaks_to_find(seed: int):
    _, hits, _ = MODEL.peaks(_drawn(seed), np.geomspace(2, 15, 8), np.full(8, 2.0))
    assert (np.diff(hits, axis=1) <= 1e-9).all()
    _, hits, _ = MODEL.peaks(_drawn(seed), np.full(8, 5.0), np.arange(1.0, 9.0))
    assert (np.diff(hits, axis=1) <= 1e-9).all()


def test_cells_grow_with_the_camera_length_and_half_is_lost_at_the_half_width():
    latents = _drawn(0, 1)
    latents[0, LATENT.index("clen_offset")] = 1.0
    half_width = np.exp(latents[0, LATENT.index("log_window")])
    window, shift = MODEL.window(latents, 0.1 * (1 + np.array([1.0, 1.0 + half_width, 1.0 - half_width]) / 100))
    assert window[0] == pytest.approx([1.0, 0.5, 0.5])
    assert shift[0] == pytest.approx([0.0, half_width, -half_width], abs=1e-9)


def test_hot_pixels_drown_single_pixel_peaks_only():
    latents = np.repeat(_drawn(1, 1), 2, axis=0)
    latents[:, LATENT.index("log_hot")] = np.log([1.0, 400.0])
    rate, _, _ = MODEL.peaks(latents, np.array([6.0, 6.0]), np.array([1.0, 4.0]))
    assert rate[1, 0] < 0.3 * rate[0, 0]
    assert rate[1, 1] == pytest.approx(rate[0, 1], rel=0.02)


def test_particles_find_the_camera_length_that_the_cells_shift_tells():
    particles = Particles(SPACE, seed=0)
    for k, clen in enumerate((0.1, 0.101, 0.0995)):
        setting = Setting(4.0 + k, 2, clen)
        particles.ingest(Evaluation(setting, 200, 110, 80, 40.0, clen / 0.1015 - 1, 1.0, 0.1))
    offset = particles.weights @ particles.latents[:, 0]
    assert offset == pytest.approx(1.5, abs=0.15)


def test_particles_grow_surer_with_evaluations_and_a_repeated_setting_adds_nothing():
    evaluation = Evaluation(Setting(5.0, 2, 0.1), 200, 110, 80, 40.0, 0.0, 1.0, 0.1)
    once, twice = Particles(SPACE, seed=0), Particles(SPACE, seed=0)
    before = _spread(once)
    once.ingest(evaluation)
    for _ in range(2):
        twice.ingest(evaluation)
    assert _spread(once) < 0.7 * before
    assert _spread(twice) == pytest.approx(_spread(once), rel=0.25)


def test_the_shipped_prior_says_what_it_was_fitted_to():
    prior = ResponsePrior.load()
    assert "NativeEngine" in prior.origin
    assert np.linalg.eigvalsh(prior.covariance).min() > 0


def _spread(particles: Particles) -> float:
    rate = particles.predict(np.array([5.0]), np.array([2.0]), np.array([0.1])).rate[:, 0]
    mean = particles.weights @ rate
    return float(np.sqrt(particles.weights @ (rate - mean) ** 2))
