"""What goes in and what comes out of the boundary estimator, sane or not."""

from __future__ import annotations

import json

import numpy as np
import pytest
import xarray as xr

from pulsetrain import open_spectra
from pulsetrain.options import OptionError
from pulsetrain.panels._labels import written
from pulsetrain.progress import Cancelled
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
from pulsetrain.spectra import SpectraClassifier
from pulsetrain.spectra.ordering import check_order
from pulsetrain.spectra.transition import TransitionEstimator, TransitionOptions

QUICK = SeriesOptions(n_spectra=60, n_channels=300, boundary=0.5, drift=1.0, gap_before=0.2, gap_after=0.2, width=2)


@pytest.fixture(scope="module")
def series() -> xr.Dataset:
    return simulate_series(QUICK, seed=4)


@pytest.fixture(scope="module")
def found(series: xr.Dataset) -> xr.Dataset:
    return TransitionEstimator().estimate(series, series.labels)


def test_the_result_has_the_promised_names_and_dimensions(found):
    dims = {name: found[name].dims for name in found.data_vars}
    assert dims["boundary"] == dims["width"] == ()
    assert dims["boundary_interval"] == ("bound",)
    assert dims["fraction"] == ("spectrum",)
    assert dims["fraction_interval"] == ("bound", "spectrum")
    assert dims["posterior"] == ("position",)
    assert (
        found.attrs["flags"]
        == "fewer than 100 spectra: the interval was calibrated on longer series and may be too narrow"
    )
    assert json.loads(found.attrs["options"]) == json.loads(TransitionOptions().model_dump_json())


def test_the_posterior_is_a_density_over_the_gap_with_the_interval_inside(found):
    assert float(found.posterior.sum() * np.diff(found.position)[0]) == pytest.approx(1.0)
    share = np.cumsum(found.posterior) / found.posterior.sum()
    low, high = np.interp(found.boundary_interval, found.position, share)
    assert high - low == pytest.approx(0.9, abs=0.1)


@pytest.mark.parametrize("engine", ["h5netcdf", "scipy"])
def test_the_result_survives_netcdf_with_its_flags(found, tmp_path, engine):
    found.to_netcdf(tmp_path / "boundary.nc", engine=engine)
    with xr.open_dataset(tmp_path / "boundary.nc", engine=engine) as back:
        assert float(back.boundary) == float(found.boundary)
        assert back.attrs["flags"] == found.attrs["flags"]


def test_the_boundary_is_also_said_in_the_ordering_variable(series):
    kelvin = 300 + 2.0 * np.arange(60)
    ramp = series.intensity.assign_coords(order=("spectrum", kelvin, {"long_name": "temperature", "units": "K"}))
    found = TransitionEstimator().estimate(ramp, series.labels)
    assert float(found.boundary_order) == pytest.approx(300 + 2 * float(found.boundary))
    assert found.boundary_order.attrs["units"] == "K"
    assert np.allclose(found.boundary_order_interval, 300 + 2 * found.boundary_interval)


@pytest.mark.parametrize("form", ["dataset", "array", "numpy", "transposed", "mapping", "text", "other names"])
def test_all_forms_of_the_same_series_give_the_same_boundary(series, found, form):
    labels = series.labels.to_numpy()
    given = {
        "dataset": series,
        "array": series.intensity,
        "numpy": series.intensity.to_numpy(),
        "transposed": series.intensity.transpose(),
        "mapping": series,
        "text": series,
        "other names": series.intensity.drop_vars("axis").rename(spectrum="time", channel="q"),
    }[form]
    if form == "text":
        labels = written(labels)
    if form == "mapping":
        labels = {int(i): int(labels[i]) for i in np.flatnonzero(labels >= 0)}
    result = TransitionEstimator().estimate(given, labels)
    assert float(result.boundary) == pytest.approx(float(found.boundary), abs=1e-9)


def test_nan_channels_constant_channels_and_an_empty_spectrum_do_little_harm(series, found):
    spoilt = series.intensity.copy()
    spoilt[:, 100:103] = np.nan
    spoilt[:, :5] = 0.0
    spoilt[7] = np.nan
    spoilt[20, 150] = np.nan
    result = TransitionEstimator().estimate(spoilt, series.labels)
    assert float(result.boundary) == pytest.approx(float(found.boundary), abs=1.0)
    assert any("empty" in flag for flag in result.attrs["flags"].splitlines())


def test_signed_data_are_taken(series, found):
    signed = series.intensity - series.intensity.mean("spectrum")
    result = TransitionEstimator().estimate(signed, series.labels)
    assert float(result.boundary) == pytest.approx(float(found.boundary), abs=2.0)


def test_two_labels_at_each_end_of_fourteen_spectra_are_enough():
    x, t = np.arange(200.0), np.arange(14)[:, None]
    new = t >= 9
    clean = np.exp(-0.5 * ((x - 60 - t / 3 - 25 * new) / 5) ** 2) + np.exp(-0.5 * ((x - 150 - t / 4) / 5) ** 2)
    counts = np.random.default_rng(2).poisson(200 * clean + 50).astype(float)
    found = TransitionEstimator().estimate(counts, {0: 0, 1: 0, 12: 1, 13: 1})
    assert float(found.boundary) == pytest.approx(8.5, abs=0.75)


def test_a_gap_without_unlabelled_spectra_gives_its_only_place_and_says_so(series):
    labels = (np.arange(60) > 29.5).astype(int)
    found = TransitionEstimator().estimate(series, labels)
    assert 29 <= float(found.boundary) <= 30
    assert any("labels alone" in flag for flag in found.attrs["flags"].splitlines())


def test_a_series_without_a_switch_is_flagged_and_its_interval_is_the_gap():
    steady = simulate_series(QUICK.replace(boundary=1.0, drift=2.0, n_spectra=100), seed=8)
    found = TransitionEstimator().estimate(steady, {0: 0, 8: 0, 80: 1, 99: 1})
    assert any("no clear transition" in flag for flag in found.attrs["flags"].splitlines())
    assert found.boundary_interval[0] < 20
    assert found.boundary_interval[1] > 68


def test_identical_spectra_are_flagged_not_refused():
    found = TransitionEstimator().estimate(np.ones((20, 30)), {0: 0, 19: 1})
    assert any("no clear transition" in flag for flag in found.attrs["flags"].splitlines())


@pytest.mark.parametrize("last_called_old", [29, 34])
def test_labels_that_reach_up_to_the_switch_or_beyond_it_are_flagged(series, last_called_old):
    labels = series.labels.to_numpy().copy()
    labels[28 : last_called_old + 1] = 0
    found = TransitionEstimator().estimate(series, labels)
    assert any("edge" in flag or "no clear transition" in flag for flag in found.attrs["flags"].splitlines())


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({0: 0}, "no spectrum of class 1"),
        ({0: 0, 59: 2}, "class 2"),
        ({0: 0, 60: 1}, "allowed whole numbers 0 … 59"),
        (np.zeros(59, dtype=int), "shape"),
        ({0: 0, 30: 1, 40: 0, 59: 1}, "out of turn"),
    ],
)
def test_labels_that_cannot_be_used_are_refused_with_the_reason(series, labels, message):
    with pytest.raises(ValueError, match=message):
        TransitionEstimator().estimate(series, labels)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (np.ones(20), "needed \\(spectrum, channel\\)"),
        (np.ones((3, 100)), "at least 6 spectra"),
        (np.full((20, 100), np.nan), "NaN"),
        (xr.Dataset({"counts": ("spectrum", np.ones(20))}), "intensity"),
    ],
)
def test_series_that_cannot_be_used_are_refused_with_the_reason(values, message):
    with pytest.raises(ValueError, match=message):
        TransitionEstimator().estimate(values, {0: 0, 2: 1})


def test_unknown_options_are_refused_with_the_nearest_known_one():
    with pytest.raises(OptionError, match="confidence"):
        TransitionEstimator(confidense=0.8)


def test_a_lower_confidence_gives_a_narrower_interval(series, found):
    narrow = TransitionEstimator(confidence=0.5).estimate(series, series.labels)
    assert np.ptp(narrow.boundary_interval.to_numpy()) < np.ptp(found.boundary_interval.to_numpy())


def test_progress_rises_to_the_total_and_can_cancel(series):
    told: list[tuple[int, int]] = []
    TransitionEstimator().estimate(series, series.labels, lambda done, total, _message: told.append((done, total)))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1][0] == told[-1][1]

    def cancel(*_: object) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        TransitionEstimator().estimate(series, series.labels, cancel)


def test_a_measured_series_of_fourteen_pair_distribution_functions_gets_an_answer_and_a_warning(measured):
    series = open_spectra(measured / "spectra" / "LaMnO3_pdf")
    found = TransitionEstimator().estimate(series, {0: 0, 1: 0, 2: 0, 11: 1, 12: 1, 13: 1})
    assert 650 < float(found.boundary_order) < 1050  # between the labels; its accuracy is not known
    assert found.boundary_order.attrs["units"] == "K"
    assert any("fewer than 100 spectra" in flag for flag in found.attrs["flags"].splitlines())


@pytest.mark.parametrize("order", ["shuffled", "up and down"])
def test_a_series_whose_ordering_variable_turns_back_is_refused_with_the_place(series, order):
    kelvin = 300.0 + np.arange(60)
    kelvin = np.random.default_rng(1).permutation(kelvin) if order == "shuffled" else 330 - np.abs(kelvin - 330)
    ramp = series.intensity.assign_coords(order=("spectrum", kelvin, {"long_name": "temperature", "units": "K"}))
    for fit in (TransitionEstimator().estimate, SpectraClassifier(members=1, steps=1).fit):
        with pytest.raises(ValueError, match=r"temperature \(K\) turns back, from .* K?.*sortby"):
            fit(ramp, series.labels)


@pytest.mark.parametrize("order", ["falling", "plateaus", "jitter", "some missing"])
def test_a_ramp_that_falls_rests_or_trembles_is_in_order(series, order):
    kelvin = {
        "falling": 600.0 - np.arange(60),
        "plateaus": 300.0 + 10 * (np.arange(60) // 5),
        "jitter": 300.0 + 10 * np.arange(60) + np.random.default_rng(1).normal(0, 5, 60),
        "some missing": np.where(np.arange(60) % 7 == 3, np.nan, 300.0 + np.arange(60)),
    }[order]
    check_order(series.intensity.assign_coords(order=("spectrum", kelvin)))
