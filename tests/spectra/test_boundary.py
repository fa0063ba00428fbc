"""P_conf and the boundary, by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulsetrain.spectra import boundary_interval, find_boundary, p_conf


@pytest.mark.parametrize(
    ("prediction", "confidence"),
    [
        ([0, 0, 0, 1, 1], 1.0),
        ([0, 0, 1, 0, 1], 0.6),  # c0 = 1, c1 = 4
        ([0, 1, 0, 1, 0, 1, 1, 1, 1, 1], 1 - 4 / 10),  # c0 = 0, c1 = 5
        ([0, 0, 0], 0.5),
        ([1, 1, 1], 0.5),
        ([1, 1, 0, 0], 0.0),
        ([0, 1, 1, 0], 0.0),
        ([1, 0, 0, 1], 0.0),
    ],
)
def test_p_conf_of_a_hand_computed_sequence(prediction, confidence):
    assert p_conf(prediction) == pytest.approx(confidence)


@given(st.integers(1, 50), st.integers(1, 50))
def test_one_switch_has_full_confidence_and_its_boundary_between_the_two_spectra(old, new):
    prediction = [0] * old + [1] * new
    assert p_conf(prediction) == 1.0
    assert find_boundary(prediction) == old - 0.5


@given(st.floats(2, 37), st.floats(0.3, 5))
@example(2.0000000000000004, 1.0)
def test_boundary_of_a_smooth_probability_is_where_it_crosses_one_half(centre, width):
    probability = 1 / (1 + np.exp(-(np.arange(40) - centre) / width))
    assert find_boundary(probability) == pytest.approx(centre, abs=0.15)


def test_a_stray_spectrum_far_away_does_not_move_the_boundary():
    prediction = np.repeat([0.0, 1.0], 20)
    prediction[3] = 1.0
    assert find_boundary(prediction) == 19.5


@pytest.mark.parametrize("probability", [np.zeros(9), np.ones(9), np.repeat([1.0, 0.0], 5), np.full(9, 0.2)])
def test_no_switch_has_no_boundary(probability):
    assert np.isnan(find_boundary(probability))


def test_interval_is_the_scatter_of_members_that_do_not_follow_the_labels():
    # The members that lost labels (middles 40 and 60) find the same switch.
    interval = boundary_interval([47.0, 47.5, 47.5, 48.0], (30, 70), [50, 40, 60, 50])
    np.testing.assert_allclose(interval, np.quantile([47.0, 48.0], [0.05, 0.95]))


def test_interval_is_nearly_the_whole_gap_for_members_that_only_halve_it():
    low, high = boundary_interval([50.0, 40.0, 60.0, 50.0], (30, 70), [50, 40, 60, 50])
    assert (low, high) == (50 - 0.45 * 40, 50 + 0.45 * 40)


def test_interval_widened_for_the_labels_stays_within_the_gap():
    low, high = boundary_interval([68.0, 58.0, 78.0, 68.0], (30, 70), [50, 40, 60, 50])
    assert (low, high) == (50, 70)


def test_interval_of_too_few_members_is_not_known():
    assert np.isnan(boundary_interval([50.0, 40.0, 60.0], (30, 70), [50, 40, 60])).all()
