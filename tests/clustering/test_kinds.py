"""Kinds from the physics scores: drawn from the distributions that physics says, whatever the shares."""

from __future__ import annotations

import json
from dataclasses import asdict

import numpy as np
import pytest

from pulsetrain.clustering.kinds import PhysicsKinds

LAGS = 4000


def drawn(n: int, shares: tuple[float, float, float], seed: int = 1) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Draw scores: a normal hit score, the highest of exponentials, and the fringes of unequal pairs."""
    rng = np.random.default_rng(seed)
    kind = rng.choice(3, n, p=shares)
    photons = np.where(kind > 0, 10 ** rng.uniform(2.5, 4.5, n), 50.0)
    hit_score = np.where(kind > 0, photons / 10, 0) + rng.standard_normal(n)
    noise = rng.exponential(size=(n, LAGS)).max(axis=1)
    ratio = rng.uniform(0.2, 1, n)  # of the two particles' brightness
    visibility = 2 * np.sqrt(ratio) / (1 + ratio)
    fringes = np.where(kind == 2, np.maximum(photons * visibility**2 / 4, noise), noise * (1 + 1e-5 * photons))
    return kind, {
        "hit_score": hit_score,
        "fringe_score": fringes,
        "fringe_visibility": 2 * np.sqrt(fringes / photons),
    }


@pytest.mark.parametrize("hits", [0.05, 0.2, 0.6, 0.9])
def test_shares_from_5_to_90_percent_are_found_without_labels(hits: float) -> None:
    kind, scores = drawn(2000, (1 - hits, hits * 2 / 3, hits / 3))
    kinds = PhysicsKinds.fit(scores)
    found = kinds.probability(scores).argmax(axis=1)
    assert kinds.hits == pytest.approx(hits, abs=0.02)
    assert kinds.several == pytest.approx(1 / 3, abs=0.12)
    assert (found == kind).mean() > 0.98
    assert (kind[found == 1] == 1).mean() > 0.95


@pytest.mark.parametrize("only", [0, 1, 2])
def test_a_run_of_one_kind_alone_is_of_that_kind(only: int) -> None:
    _, scores = drawn(1000, (float(only == 0), float(only == 1), float(only == 2)))
    found = PhysicsKinds.fit(scores).probability(scores).argmax(axis=1)
    assert (found == only).mean() > 0.97


def test_probabilities_mean_what_they_say() -> None:
    kind, scores = drawn(4000, (0.4, 0.4, 0.2), seed=2)
    probability = PhysicsKinds.fit(scores).probability(scores)
    np.testing.assert_allclose(probability.sum(axis=1), 1)
    likeliest = probability.max(axis=1)
    right = probability.argmax(axis=1) == kind
    assert right[likeliest > 0.99].mean() > 0.99
    assert abs(likeliest.mean() - right.mean()) < 0.02


def test_kinds_come_back_from_json() -> None:
    _, scores = drawn(200, (0.4, 0.4, 0.2))
    kinds = PhysicsKinds.fit(scores)
    assert PhysicsKinds(**json.loads(json.dumps(asdict(kinds)))) == kinds


def test_a_few_frames_get_probabilities_too() -> None:
    _, scores = drawn(2, (0.0, 1.0, 0.0))
    assert np.isfinite(PhysicsKinds.fit(scores).probability(scores)).all()
