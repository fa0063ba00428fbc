"""The parts of the boundary estimator against closed forms and plain computations."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import multivariate_normal

from pulsetrain.spectra._transition import _evidence
from pulsetrain.spectra._transition._align import Binned, align
from pulsetrain.spectra._transition._evidence import basis, log_evidence
from pulsetrain.spectra._transition._scale import by_bystanders
from pulsetrain.spectra._transition._shapes import SHAPES, share


def test_the_evidence_equals_that_of_the_dense_gaussian_with_the_noise_integrated_numerically(monkeypatch):
    rng = np.random.default_rng(0)
    design, values = rng.normal(size=(12, 5)), rng.normal(size=(12, 3)) * [1.0, 2.0, 0.5]
    monkeypatch.setattr(_evidence, "_STRENGTHS", (7.0,))
    ours = log_evidence(design, values)
    covariance = np.eye(12) + 7.0 * design @ design.T
    log_noise = np.linspace(-4, 6, 501)
    brute = []
    for y in values.T:
        each = [multivariate_normal(cov=np.exp(2 * s) * covariance).logpdf(y) for s in log_noise]
        brute.append(np.log(np.trapezoid(np.exp(each), log_noise)))
    assert np.ptp(ours - brute) == pytest.approx(0.0, abs=1e-6)  # equal up to one constant


def test_evidence_with_many_functions_equals_the_dense_form_too(monkeypatch):
    rng = np.random.default_rng(1)
    progress = np.linspace(0, 1, 30)
    values = rng.normal(size=(30, 2))
    monkeypatch.setattr(_evidence, "_STRENGTHS", (10.0,))
    scores = []
    for contrast in (np.ones(30), np.sign(progress - 0.4)):
        g = basis(progress, 0.3)
        design = np.concatenate([g, contrast[:, None] * g], axis=1)
        dense = np.eye(30) + 10.0 * design @ design.T
        rest = np.einsum("ij,ik,kj->j", values, np.linalg.inv(dense), values)
        exact = -0.5 * np.linalg.slogdet(dense)[1] - 15 * np.log(rest)
        scores.append(log_evidence(design, values) - exact)
    assert np.allclose(scores, 0.0, atol=1e-6)


@pytest.mark.parametrize("shape", SHAPES)
def test_every_shape_is_a_rising_share_that_is_half_at_nought_and_one_wide(shape):
    z = np.linspace(-6, 6, 2001)
    values = share(shape, z)
    assert np.all(np.diff(values) >= 0)
    assert values[0] < 1e-3
    assert values[-1] > 1 - 1e-3
    assert share(shape, 0.0) == pytest.approx(0.5)
    places = np.interp([0.1, 0.9], values, z)
    assert np.diff(places)[0] == pytest.approx(1.0, abs=0.01)


def test_binning_along_a_moved_path_loses_no_intensity():
    rng = np.random.default_rng(0)
    fine = np.zeros((4, 600))
    fine[:, 200:400] = rng.uniform(size=(4, 200))
    path = np.arange(120.0) + np.array([0.0, 3.3, -7.1, 10.0])[:, None]
    moved, inside = Binned(fine, 120).along(path)
    assert np.allclose(moved.sum(axis=1) * 5, fine.sum(axis=1))
    assert 100 <= inside.sum() < 120


def test_a_drifting_peak_stands_still_after_alignment():
    t, x = np.arange(100)[:, None], np.arange(800.0)
    peaks = sum(np.exp(-0.5 * ((x - c - 40 * t / 100) / 8) ** 2) for c in (150, 400, 650)) + 0.2
    aligned = align(peaks, np.linspace(0, 1, 100), reference=50, channels=200)
    assert np.ptp(np.argmax(peaks, axis=1)) > 30
    assert np.ptp(np.argmax(aligned[:, :80], axis=1)) <= 1


def test_what_does_not_switch_is_made_continuous_again():
    t = np.arange(200)
    f = share("logistic", (t - 100) / 20)[:, None]
    background = np.full((1, 50), 10.0)
    old, new = np.zeros((1, 50)), np.zeros((1, 50))
    old[0, 10:14], new[0, 30:34] = 100.0, 25.0  # the new phase scatters less
    spectra = background + (1 - f) * old + f * new
    divided = spectra / spectra.sum(axis=1, keepdims=True)
    assert np.ptp(divided[:, 0]) > 0.2 * divided[:, 0].mean()
    mended = by_bystanders(divided, centre=100.0, width=20.0)
    assert np.ptp(mended[:, 0]) < 0.02 * mended[:, 0].mean()
