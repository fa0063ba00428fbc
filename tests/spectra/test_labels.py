"""Labels are written as people think of them, and refused by name."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from pulsetrain.options import OptionError
from pulsetrain.spectra import SpectraOptions, as_labels, gap_middle, parse_labels

KELVIN = np.array([300.0, 550, 650, 700, 720, 730, 740, 750, 800, 880, 980, 1050, 1100, 1150])


@pytest.fixture
def series():
    order = ("spectrum", KELVIN, {"long_name": "temperature", "units": "K"})
    return xr.DataArray(np.zeros((14, 3)), dims=("spectrum", "channel"), coords={"order": order})


def test_labels_by_ordering_value_include_both_ends(series):
    labels = parse_labels("300..700 K:0; 750..1150 K:1", series)
    assert labels.tolist() == [0, 0, 0, 0, -1, -1, -1, 1, 1, 1, 1, 1, 1, 1]


def test_unit_may_be_left_out_but_not_wrong(series):
    assert (parse_labels("300..700:0, 750..1150:1", series) >= 0).sum() == 11
    with pytest.raises(OptionError, match=r"got unit '°C' .* allowed 'K'"):
        parse_labels("300..700 °C:0, 750..1150:1", series)


def test_labels_by_index_with_steps_are_the_papers():
    long = xr.DataArray(np.zeros((349, 2)), dims=("spectrum", "channel"))
    labels = parse_labels("0-150/10:0, 200-340/10:1", long)
    assert np.flatnonzero(labels == 0).tolist() == list(range(0, 151, 10))
    assert np.flatnonzero(labels == 1).tolist() == list(range(200, 341, 10))


def test_ends_labels_a_share_of_either_end(series):
    assert parse_labels("ends", series).tolist() == [0, 0] + [-1] * 10 + [1, 1]
    assert (parse_labels("ends 30 %", series) >= 0).sum() == 8


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "allowed are 'ends'"),
        ("0-3", "allowed are 'ends'"),
        ("0-3:2", "allowed are 'ends'"),
        ("0-3:0, 20-30:1", "got spectrum 30"),
        ("310..320:0, 750..1150:1", "holds no spectrum; the series has spectra 0 … 13, temperature 300 … 1150 K"),
        ("0-5:0, 5-9:1", "contradicts"),
        ("0-5:0", "no spectrum of class 1"),
        ("ends 60 %", "less than 50"),
    ],
)
def test_unreadable_or_impossible_labels_are_refused_with_the_reason(series, text, reason):
    with pytest.raises(OptionError, match=reason):
        parse_labels(text, series)


def test_the_option_model_refuses_unreadable_labels_by_name():
    with pytest.raises(OptionError, match="labels: got 'left'; allowed are 'ends'"):
        SpectraOptions(labels="left")


def test_labels_by_value_need_ordering_values():
    with pytest.raises(OptionError, match="no ordering values; use indices"):
        parse_labels("1..2:0, 3..4:1", xr.DataArray(np.zeros((9, 2)), dims=("spectrum", "channel")))


@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=4, max_size=40).filter(lambda x: 0 in x and 1 in x))
def test_arrays_mappings_and_text_say_the_same(classes):
    written = ", ".join(f"{index}:{label}" for index, label in enumerate(classes) if label >= 0)
    mapping = {index: label for index, label in enumerate(classes) if label >= 0}
    series = xr.DataArray(np.zeros((len(classes), 2)), dims=("spectrum", "channel"))
    for labels in (parse_labels(written, series), as_labels(mapping, len(classes)), as_labels(classes, len(classes))):
        assert labels.tolist() == classes


def test_labels_of_the_wrong_number_or_class_are_refused():
    with pytest.raises(OptionError, match=r"got shape \(3,\), allowed \(4,\)"):
        as_labels([0, 1, 1], 4)
    with pytest.raises(OptionError, match="got class 7"):
        as_labels([0, 1, 7], 3)
    with pytest.raises(OptionError, match="got spectrum 9, allowed whole numbers 0 … 2"):
        as_labels({0: 0, 9: 1}, 3)
    with pytest.raises(OptionError, match="got spectrum '300 K', allowed whole numbers"):
        as_labels({"300 K": 0, 1: 1}, 3)
    with pytest.raises(OptionError, match=r"got class 0\.7, allowed 0, 1"):
        as_labels({0: 0.7, 1: 1}, 3)


@pytest.mark.parametrize(("labels", "middle"), [({10: 0, 40: 1}, 25.0), ({40: 0, 10: 1}, 25.0), ({3: 0}, np.nan)])
def test_the_gap_middle_is_half_way_between_the_labels(labels, middle):
    values = np.full(60, -1)
    values[list(labels)] = list(labels.values())
    assert gap_middle(values) == pytest.approx(middle, nan_ok=True)
