"""The boundary of a drifting series: right, equivariant, and honest about its error."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
from pulsetrain.simulate.spectra_families import DEVELOPMENT, KINDS
from pulsetrain.spectra.transition import TransitionEstimator

# Short series, so that the tests are quick; every kind of transition is in the benchmark.
SHORT = SeriesOptions(n_spectra=120, n_channels=800, boundary=0.55, drift=2.0, gap_before=0.3, gap_after=0.15)


@pytest.fixture(scope="module")
def series() -> xr.Dataset:
    return simulate_series(SHORT, seed=11)


@pytest.fixture(scope="module")
def found(series: xr.Dataset) -> xr.Dataset:
    return TransitionEstimator().estimate(series, series.labels)


def noise_free(switch: float, count: int = 90, drift: float = 3.0) -> np.ndarray:
    """Two peaks that drift by some widths; at the switch they give way to two others. By hand, not by the simulator."""
    t, x = np.arange(count)[:, None], np.arange(300.0)

    def pattern(*places: float) -> np.ndarray:
        return sum(np.exp(-0.5 * ((x - place - drift * 4 * t / count) / 4) ** 2) for place in places)

    new = t > switch
    return 100 * (1 - new) * pattern(60, 180) + 100 * new * pattern(75, 230) + 20.0


@pytest.mark.parametrize("switch", [30.5, 44.5, 60.5])
def test_a_sharp_switch_without_noise_is_found_to_half_a_spectrum(switch):
    labels = {0: 0, 5: 0, 10: 0, 80: 1, 89: 1}
    found = TransitionEstimator().estimate(noise_free(switch), labels)
    assert float(found.boundary) == pytest.approx(switch, abs=0.5)
    assert found.boundary_interval[0] <= switch <= found.boundary_interval[1]


def test_the_boundary_is_closer_to_the_truth_than_a_tenth_of_the_gap_middle_and_the_interval_holds_it(series, found):
    truth, labels = series.attrs["boundary"], series.labels.to_numpy()
    middle = (np.flatnonzero(labels == 0)[-1] + np.flatnonzero(labels == 1)[0]) / 2
    assert abs(float(found.boundary) - truth) < 0.1 * abs(middle - truth)
    assert found.boundary_interval[0] <= truth <= found.boundary_interval[1]


def test_the_share_of_the_new_phase_follows_the_truth(series, found):
    assert np.abs(found.fraction - series.fraction.to_numpy()).max() < 0.2
    assert np.abs(found.fraction - series.fraction.to_numpy()).mean() < 0.01


def test_the_series_read_backwards_has_the_mirrored_boundary(series, found):
    backwards = series.isel(spectrum=slice(None, None, -1))
    mirrored = TransitionEstimator().estimate(backwards, backwards.labels)
    tolerance = float(np.ptp(found.boundary_interval.to_numpy()))
    assert 119 - float(mirrored.boundary) == pytest.approx(float(found.boundary), abs=tolerance)
    assert mirrored.fraction[0] > 0.9
    assert mirrored.fraction[-1] < 0.1


def test_the_beam_intensity_of_each_spectrum_does_not_matter(series, found):
    beam = np.random.default_rng(0).uniform(0.5, 2.0, 120)
    scaled = TransitionEstimator().estimate(series.intensity * xr.DataArray(beam, dims="spectrum"), series.labels)
    assert float(scaled.boundary) == pytest.approx(float(found.boundary), abs=1e-6)


def test_a_monotone_change_of_the_intensity_unit_does_not_matter(series, found):
    scaled = TransitionEstimator().estimate(series.intensity * 1e-6, series.labels)
    assert float(scaled.boundary) == pytest.approx(float(found.boundary), abs=1e-3)


def test_on_truth_known_series_of_every_kind_errors_are_small_and_most_intervals_hold_the_truth():
    errors, held = [], []
    for kind in KINDS:
        options, seed = DEVELOPMENT.draw(kind, 700)
        truth = simulate_series(options, seed=seed)
        found = TransitionEstimator().estimate(truth, truth.labels)
        low, high = found.boundary_interval.to_numpy()
        errors.append(abs(float(found.boundary) - truth.attrs["boundary"]))
        held.append(low <= truth.attrs["boundary"] <= high)
    assert np.mean(errors) < 1.5
    assert sum(held) >= len(KINDS) - 1


def test_same_seed_same_result(series, found):
    again = TransitionEstimator().estimate(series, series.labels)
    xr.testing.assert_identical(again, found)
