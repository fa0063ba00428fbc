"""Settings, the space they are searched in, and the interval of a rate."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pulsetrain.tuning.results import wilson_interval
from pulsetrain.tuning.search import SearchSpace, Setting
from pulsetrain.tuning.tuner import choose_patterns

SPACE = SearchSpace.around(0.12)


@given(st.integers(0, 400), st.integers(1, 400))
def test_wilsons_interval_is_that_of_scipy(k: int, extra: int):
    n = k + extra
    expected = binomtest(k, n).proportion_ci(0.9, method="wilson")
    assert wilson_interval(k, n) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_without_patterns_nothing_is_known_of_a_rate():
    assert wilson_interval(0, 0) == (0.0, 1.0)


def test_the_usual_space_is_that_of_the_method():
    assert SPACE.min_snr == (2.0, 15.0)
    assert SPACE.min_pix_count == (1, 8)
    assert SPACE.clen == pytest.approx((0.1164, 0.1236))


@given(st.floats(2, 15), st.integers(1, 8), st.floats(0.1164, 0.1236))
def test_a_setting_survives_the_way_into_the_cube_and_back(snr: float, pixels: int, clen: float):
    back = SPACE.from_cube(SPACE.to_cube(Setting(snr, pixels, clen)))
    assert back.min_pix_count == pixels
    assert (back.min_snr, back.clen) == pytest.approx((snr, clen))


@given(st.lists(st.floats(-9, 9), min_size=3, max_size=3))
def test_every_place_gives_a_setting_inside(place: list[float]):
    found = SPACE.from_cube(np.array(place))
    assert 2 - 1e-9 <= found.min_snr <= 15 + 1e-9
    assert 1 <= found.min_pix_count <= 8
    assert SPACE.clen[0] - 1e-12 <= found.clen <= SPACE.clen[1] + 1e-12


def test_ends_of_the_space_are_the_corners_of_the_cube():
    assert SPACE.to_cube(Setting(2, 1, SPACE.clen[0])) == pytest.approx([-1, -1, -1])
    assert SPACE.to_cube(Setting(15, 8, SPACE.clen[1])) == pytest.approx([1, 1, 1])


def test_a_fixed_camera_length_stays_fixed():
    fixed = SearchSpace.around(0.2, clen_range=0)
    assert fixed.from_cube(np.array([0.0, 0.0, 1.0])).clen == 0.2
    assert fixed.to_cube(Setting(5, 2, 0.2))[2] == 0


@given(st.integers(1, 5000), st.integers(8, 500), st.integers(0, 500))
def test_search_and_confirmation_never_see_the_same_pattern(n: int, tuned: int, fresh: int):
    chosen, kept = choose_patterns(n, tuned, fresh)
    assert not set(chosen) & set(kept)
    assert len(set(chosen)) == len(chosen) <= tuned
    assert len(kept) <= fresh
    assert len(chosen) >= min(tuned, n - n // 3)
    if n >= tuned + fresh:
        assert (len(chosen), len(kept)) == (tuned, fresh)


def test_patterns_are_spread_over_the_whole_run():
    chosen, kept = choose_patterns(1000, 100, 100)
    for positions in (chosen, kept):
        assert positions[0] < 20
        assert positions[-1] > 970
