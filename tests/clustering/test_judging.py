"""The figures by which sorted frames are judged, by hand."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pulsetrain.clustering.judging import accuracy, judge, strata

TRUTH = np.array(["none", "none", "single", "single", "single", "multiple"])


def test_precision_and_recall_of_single_hits_by_hand() -> None:
    hit = np.array(["none", "single", "single", "single", "unsure", "single"])
    figures = judge(hit, TRUTH)
    assert figures["precision"] == pytest.approx(2 / 4)
    assert figures["recall"] == pytest.approx(2 / 3)
    assert figures["f1"] == pytest.approx(4 / 7)
    assert figures["unsure"] == pytest.approx(1 / 6)


def test_accuracy_names_each_cluster_once() -> None:
    assert accuracy(np.array([2, 2, 0, 0, 0, 1]), TRUTH) == 1
    assert accuracy(np.zeros(6), TRUTH) == pytest.approx(3 / 6)
    assert accuracy(np.arange(6), TRUTH) == pytest.approx(3 / 6)  # three of six clusters get a name


def test_clusters_that_say_nothing_have_no_information() -> None:
    figures = judge(np.full(6, "single"), TRUTH)
    assert figures["nmi"] == pytest.approx(0, abs=1e-9)
    assert figures["ari"] == pytest.approx(0, abs=1e-9)
    assert judge(TRUTH, TRUTH)["nmi"] == pytest.approx(1)


def test_nothing_called_single_is_no_division_by_zero() -> None:
    assert judge(np.full(6, "unsure"), TRUTH)["precision"] == 0


def test_strata_count_within_photons_and_separation() -> None:
    truth = xr.Dataset(
        {
            "hit": ("pattern", TRUTH),
            "photons": ("pattern", [0.0, 0.0, 400.0, 500.0, 5e3, 5e3]),
            "separation": ("pattern", [np.nan] * 5 + [2e-7]),
        }
    )
    hit = np.array(["none", "none", "single", "multiple", "single", "multiple"])
    found = strata(hit, truth)
    assert found["single, 0 to 600 photons"] == 0.5
    assert found["single, 2000 to 10000 photons"] == 1
    assert np.isnan(found["single, 600 to 2000 photons"])
    assert found["multiple, 150 to 300 nm"] == 1
