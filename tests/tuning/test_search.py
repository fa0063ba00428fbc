"""Settings, the space they are searched in, and the interval of a rate."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.options import OptionError
from pulsetrain.tuning.options import IndexingOptions, TuningOptions
from pulsetrain.tuning.results import Crystals, Peaks, indexing_result, wilson_interval
from pulsetrain.tuning.search import Evaluation, SearchSpace, Setting, as_good_and_right
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


@pytest.mark.parametrize(("clen", "ends"), [(50.0, (48.5, 50.0)), (0.001, (0.001, 0.00103))])
def test_the_space_holds_no_setting_that_the_options_refuse(clen: float, ends: tuple[float, float]):
    space = SearchSpace.around(clen)
    assert space.clen == pytest.approx(ends)
    for place in (-1.0, 1.0):
        space.from_cube(np.full(3, place)).put_into(IndexingOptions())


@given(st.integers(3, 100), st.floats(0.001, 50))
def test_the_corners_of_any_space_are_settings_that_its_options_take(max_min_snr: int, clen: float):
    options = TuningOptions(max_min_snr=max_min_snr, min_snr=2.0)
    space = SearchSpace.around(clen, max_min_snr=max_min_snr)
    for place in (-1.0, 1.0):
        space.from_cube(np.full(3, place)).put_into(options)


@pytest.mark.parametrize(
    ("given_options", "words"),
    [
        ({"min_res": 500, "max_res": 400}, r"max_res: got 400, allowed min_res \(500 px\) or more"),
        ({"min_pix_count": 8, "max_pix_count": 7, "max_min_pix_count": 8}, "max_pix_count: got 7"),
        ({"min_snr": 10, "max_min_snr": 9}, "max_min_snr: got 9, allowed min_snr"),
        ({"min_pix_count": 6, "max_min_pix_count": 5}, "max_min_pix_count: got 5, allowed min_pix_count"),
        ({"max_pix_count": 5}, r"max_min_pix_count: got 8, allowed max_pix_count \(5 px\) or less"),
    ],
)
def test_ends_in_the_wrong_order_are_refused_before_a_search(given_options: dict[str, float], words: str):
    with pytest.raises(OptionError, match=words):
        TuningOptions(**given_options)


@given(st.floats(2, 15), st.integers(1, 8), st.floats(0.1164, 0.1236))
def test_a_setting_survives_the_way_into_the_cube_and_back(snr: float, pixels: int, clen: float):
    back = SPACE.from_cube(SPACE.to_cube(Setting(snr, pixels, clen)))
    assert back.min_pix_count == pixels
    assert (back.min_snr, back.clen) == pytest.approx((snr, clen))


@given(st.lists(st.floats(-9, 9), min_size=3, max_size=3))
def test_every_place_gives_a_setting_inside(place: list[float]):
    found = SPACE.from_cube(np.array(place))
    assert 2 <= found.min_snr <= 15
    assert 1 <= found.min_pix_count <= 8
    assert SPACE.clen[0] <= found.clen <= SPACE.clen[1]


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


def test_a_setting_is_put_into_options_and_taken_out_again():
    options = TuningOptions(threshold=12.0, seed=3)
    assert Setting.of(options, 0.2) == Setting(5.0, 2, 0.2)  # the geometry's clen, where the options give none
    changed = Setting(6.5, 3, 0.11).put_into(options)
    assert changed == TuningOptions(min_snr=6.5, min_pix_count=3, clen=0.11, threshold=12.0, seed=3)
    assert Setting.of(changed, 0.2) == Setting(6.5, 3, 0.11)


def result_of(n_peaks, lengths):
    """Return a result: peaks per pattern, of which 10 make a hit, and the axes of the crystals of pattern 0."""
    pattern = np.repeat(np.arange(len(n_peaks)), n_peaks)
    values = np.zeros(len(pattern))
    axes = np.array([np.diag(each) for each in lengths]).reshape(-1, 3, 3)
    return indexing_result(
        xr.DataArray(np.zeros((len(n_peaks), 2, 2)), dims=("pattern", "y", "x")),
        np.array(n_peaks) >= 10,
        Peaks(pattern, values.astype(int), values, values, values, values),
        Crystals(np.zeros(len(axes), dtype=int), axes, np.array([0.5, 1.5, 0.7])[: len(axes)], np.full(len(axes), 9)),
        options=IndexingOptions(),
        cell=UnitCell(50, 60, 70),
        engine="native",
        seconds=2.5,
    )


def test_an_evaluation_counts_patterns_and_averages_hits_and_crystals():
    """By hand: hits have 10, 12 and 30 peaks; the axes are 1 % and 3 % too long."""
    result = result_of([10, 3, 12, 30], [(50.5, 60.6, 70.7), (51.5, 61.8, 72.1)])
    found = Evaluation.of(Setting(5, 2, 0.1), result, UnitCell(50, 60, 70))
    assert (found.n_patterns, found.n_hits, found.n_indexed) == (4, 3, 1)
    assert (found.peaks_per_pattern, found.residual, found.seconds) == (12, 1.0, 2.5)
    assert found.cell_shift == pytest.approx(0.02)
    assert found.rate == 0.25
    assert result["n_crystals"].values.tolist() == [2, 0, 0, 0]


def test_an_evaluation_without_hits_and_crystals_says_so():
    found = Evaluation.of(Setting(5, 2, 0.1), result_of([1, 0], []), UnitCell(50, 60, 70))
    assert (found.n_hits, found.peaks_per_pattern, found.rate) == (0, 0.0, 0.0)
    assert np.isnan([found.cell_shift, found.residual]).all()


def _tried(indexed: int, shift: float, hits: int = 30) -> Evaluation:
    return Evaluation(Setting(5.0, 2, 0.12 * (1 + shift)), 64, hits, indexed, 40.0, shift, 0.3, 1.0)


def test_of_settings_that_index_as_many_the_one_with_the_right_cells_is_trusted():
    off, right = _tried(28, -0.016), _tried(27, 0.0003)
    assert as_good_and_right(off, [off, right]) == right


def test_right_cells_do_not_outweigh_fewer_patterns():
    # Half a standard deviation of 28 of 64 is 2 patterns.
    off, fewer = _tried(28, -0.016), _tried(25, 0.0)
    assert as_good_and_right(off, [off, fewer]) == off


def test_of_equals_the_one_with_fewer_blank_hits_is_trusted():
    flooded, clean = _tried(28, 0.0002, hits=64), _tried(28, 0.0004, hits=34)
    assert as_good_and_right(flooded, [flooded, clean]) == clean


def test_where_nothing_is_indexed_the_optimisers_choice_stands():
    nothing = _tried(0, float("nan"))
    assert as_good_and_right(nothing, [nothing, _tried(0, float("nan"))]) == nothing
