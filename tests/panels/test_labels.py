"""Labels set by clicks, written so that people, options and reports read the same."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pulsetrain.panels._labels import written
from pulsetrain.spectra import parse_labels


@settings(deadline=None)  # the first example imports what the others use
@given(st.lists(st.sampled_from([-1, 0, 1]), min_size=2, max_size=60))
def test_written_labels_are_read_back_the_same(drawn):
    labels = np.array([0, *drawn, 1])  # both classes are there, as for any training
    series = xr.DataArray(np.zeros((len(labels), 3)), dims=("spectrum", "channel"))
    np.testing.assert_array_equal(parse_labels(written(labels), series), labels)


def test_the_labels_of_the_reference_series_are_two_ranges():
    labels = np.full(349, -1)
    labels[0:151:10], labels[200:341:10] = 0, 1
    assert written(labels) == "0-150/10:0, 200-340/10:1"


@pytest.mark.parametrize(
    ("labels", "text"), [([0, 0, 1], "0-1:0, 2:1"), ([0, -1, 0, 1], "0:0, 2:0, 3:1"), ([-1, -1], "")]
)
def test_short_runs_are_written_plainly(labels, text):
    assert written(np.array(labels)) == text
