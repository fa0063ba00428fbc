"""The compiled kernels of the indexer beside plain NumPy that says the same."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import polar
from scipy.spatial.transform import Rotation

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning._index._chance import log_false_alarms
from pulsetrain.tuning._index._fit import assigned, count_near, fit_lattice, lattice_score, turned
from pulsetrain.tuning._index._search import best_apart, polish
from pulsetrain.tuning._index._small import across, determinant, inverse, nearest_turn, product, shift, transposed, unit

KNOWN = UnitCell(30, 41, 53, 75, 82, 97).matrix


@pytest.fixture
def rng():
    return np.random.default_rng(5)


@pytest.fixture
def spots(rng):
    """A lattice of the known cell, strained by 0.3 %, 60 of its nodes with a little noise, and 20 false spots."""
    axes = KNOWN @ Rotation.random(random_state=2).as_matrix() @ (np.eye(3) + rng.normal(0, 3e-3, (3, 3)))
    q = np.r_[rng.integers(-7, 8, (60, 3)) @ np.linalg.inv(axes).T + rng.normal(0, 2e-4, (60, 3)),
              rng.normal(0, 0.1, (20, 3))]  # fmt: skip
    return np.ascontiguousarray(q[np.argsort(np.linalg.norm(q, axis=1))]), axes


def test_small_matrices_are_those_of_linear_algebra(rng):
    for matrix in rng.normal(size=(50, 3, 3)):
        right_handed = matrix if np.linalg.det(matrix) > 0 else -matrix
        assert determinant(right_handed) == pytest.approx(np.linalg.det(right_handed))
        np.testing.assert_allclose(inverse(right_handed), np.linalg.inv(right_handed), rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(nearest_turn(right_handed), polar(right_handed)[0], atol=1e-7)
        np.testing.assert_allclose(product(matrix, right_handed), matrix @ right_handed, atol=1e-12)
        np.testing.assert_array_equal(transposed(matrix), matrix.T)


def test_vectors_are_those_of_linear_algebra(rng):
    matrix, (v, w) = rng.normal(size=(3, 3)), rng.normal(size=(2, 3))
    np.testing.assert_allclose(across(v, w), np.cross(v, w), atol=1e-12)
    np.testing.assert_allclose(unit(v), v / np.linalg.norm(v), atol=1e-12)
    expected = v + matrix @ w
    shift(v, matrix, w)
    np.testing.assert_allclose(v, expected, atol=1e-12)


def test_nearest_nodes_and_the_score_of_a_lattice(spots):
    q, axes = spots
    phase = q @ axes.T
    away = phase - np.rint(phase)
    hkl, off, distance = assigned(q, axes)
    np.testing.assert_array_equal(hkl, np.rint(phase))
    np.testing.assert_allclose(off, np.abs(away).max(axis=1), atol=1e-12)
    np.testing.assert_allclose(distance, np.linalg.norm(away @ np.linalg.inv(axes).T, axis=1), atol=1e-12)
    expected = np.clip(1 - 9 * away**2, 0, None).prod(axis=1).mean()
    assert lattice_score(q, axes) == pytest.approx(expected)


def test_a_known_cell_is_turned_onto_a_lattice_as_procrustes_does_it(spots):
    _, axes = spots
    own, target = np.linalg.inv(KNOWN).T, np.linalg.inv(axes).T
    turn, _ = polar(own.T @ target)
    scale = np.sum((own @ turn) * target) / np.sum(own**2)
    np.testing.assert_allclose(turned(KNOWN, np.linalg.inv(axes)), own @ turn * scale, atol=1e-9)


def test_a_fit_ends_at_the_least_squares_of_its_spots_held_by_the_known_cell(spots, rng):
    q, axes = spots
    found = axes @ (np.eye(3) + rng.normal(0, 1e-3, (3, 3)))
    rms = fit_lattice(q, found, np.array([len(q)]), 0.3, KNOWN)
    hkl, off, distance = assigned(q, found)
    near = off < 0.3
    near &= distance <= 3.5 * np.median(distance[near])
    assert rms == pytest.approx(np.sqrt(np.mean(distance[near] ** 2)), rel=1e-6)
    # The tie to the known cell as one further spot an axis, weighted: an ordinary least-squares problem.
    own = turned(KNOWN, np.linalg.inv(found))
    ties = rms / (0.02 * np.linalg.norm(own, axis=1))
    left = np.r_[hkl[near], np.diag(ties)]
    right = np.r_[q[near], ties[:, None] * own]
    expected = np.linalg.lstsq(left, right, rcond=None)[0]
    np.testing.assert_allclose(np.linalg.inv(found).T, expected, atol=2e-8)


def test_spots_near_nodes_are_counted_beside_those_of_turned_patterns(spots):
    q, axes = spots
    widths, turns = np.array([0.05, 0.1, 0.25]), np.deg2rad([37.0, 111.0, 230.0])

    def near(vectors):
        phase = vectors @ axes.T
        whole = np.rint(phase)
        counts = whole.any(axis=1)
        return counts.sum(), [(counts & (np.abs(phase - whole).max(axis=1) <= width)).sum() for width in widths]

    spots_counted, counted, chance = count_near(q, axes, widths, turns)
    expected = near(q)
    assert (spots_counted, list(counted)) == expected
    rotated = [near(q @ Rotation.from_rotvec([0, 0, turn]).as_matrix().T) for turn in turns]
    shares = np.sum([found for _, found in rotated], axis=0) / sum(n for n, _ in rotated)
    np.testing.assert_allclose(chance, shares)


def test_a_true_lattice_is_no_false_alarm_and_a_turned_one_is(spots):
    q, axes = spots
    spans = (0.05, np.deg2rad(1.5))
    assert log_false_alarms(q, axes, KNOWN, spans) < -12
    assert log_false_alarms(q, axes @ Rotation.from_rotvec([0.4, 1.1, 0.2]).as_matrix(), KNOWN, spans) > -6


def test_vectors_that_are_near_a_better_one_or_its_opposite_are_left_out(rng):
    vectors, factor = rng.normal(size=(3, 80)), rng.uniform(0.9, 1.1, 80)
    order = rng.permutation(80)
    expected = []
    for j in order:
        v = vectors[:, j] * factor[j]
        if all(min(np.linalg.norm(v - w), np.linalg.norm(v + w)) >= 0.8 for w in expected) and len(expected) < 9:
            expected.append(v)
    np.testing.assert_allclose(best_apart(order, vectors, factor, 0.8, 9), expected)


def test_a_trial_vector_is_polished_onto_the_axis_beside_it(spots, rng):
    q, axes = spots
    v = axes[0] + rng.normal(0, 0.2, 3)
    score = polish(q, v, np.array([30, 80]))
    assert np.linalg.norm(v - axes[0]) < 0.1

    def above_chance(n):
        off = q[:n] @ v - np.rint(q[:n] @ v)
        return (np.clip(1 - 16 * off**2, 0, None).sum() - n / 3) / np.sqrt(n * (4 / 15 - 1 / 9))

    assert score >= above_chance(80) - 1e-9
    assert score == pytest.approx(max(above_chance(30), above_chance(80)), rel=0.2)
