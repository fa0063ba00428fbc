"""The method on the command line, end to end on files."""

from __future__ import annotations

import subprocess
import sys

import h5py
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from click.testing import CliRunner

import pulsetrain
from pulsetrain.cli import main
from pulsetrain.data import write_run, write_spectra
from pulsetrain.options import OptionError
from pulsetrain.spectra import METHOD, SpectraClassifier, SpectraOptions, compare, order_name, parse_labels
from pulsetrain.spectra.bench import bench
from pulsetrain.spectra.command import run

OPTIONS = SpectraOptions(network="fcnn", members=4, steps=60, labels="0-18/2:0, 44-58/2:1")
FLAGS = ("--members", "4", "--steps", "2", "--labels", OPTIONS.labels)


def test_a_folder_of_spectra_becomes_a_folder_of_results(still, tmp_path):
    write_spectra(still.intensity, tmp_path / "series")
    text = run(str(tmp_path / "series"), OPTIONS, tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "model", "result.nc", "table.csv", "transition.nc",
    ]  # fmt: skip
    assert "60 spectra of 600 points, 10 labelled 0, 8 labelled 1; network: 1D FCNN" in text
    table = pd.read_csv(tmp_path / "out" / "table.csv", index_col="model")
    assert list(table.index) == ["network", "transition", "linear", "1-NN cosine", "change point", "gap middle"]
    assert table.loc["network", "boundary"] == pytest.approx(still.attrs["boundary"], abs=3)
    series = pulsetrain.open_spectra(tmp_path / "series")
    with xr.open_dataset(tmp_path / "out" / "result.nc", engine="h5netcdf") as result:
        again = SpectraClassifier.load(tmp_path / "out" / "model").predict(series)
        np.testing.assert_allclose(again.probability, result.probability, atol=1e-6)
        assert result.attrs["fingerprint"] == series.attrs["fingerprint"]


def test_source_and_key_say_which_part_of_a_run_or_a_file_is_meant(still, tmp_path):
    device = "FXE_SCAN/GOTTHARD/1:daqOutput"
    spectra = still.intensity.to_numpy()
    write_run(tmp_path / "run", instruments={device: {"data.adc": spectra, "data.other": spectra[:, ::2]}})
    text = run(str(tmp_path / "run"), OPTIONS, tmp_path / "first", source=device, key="data.adc")
    assert "60 spectra of 600 points" in text
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["a"], file["b"] = spectra, spectra[:, ::2]
    shown = CliRunner().invoke(
        main, ["spectra", str(tmp_path / "two.h5"), "--key", "b", *FLAGS, "-o", str(tmp_path / "second")]
    )
    assert shown.exit_code == 0, shown.output
    assert "60 spectra of 300 points" in shown.output


def test_boundaries_are_also_said_in_the_ordering_variable(still, tmp_path):
    kelvin = ("spectrum", 300.0 + 5 * np.arange(60), {"long_name": "temperature", "units": "K"})
    write_spectra(still.intensity.assign_coords(order=kelvin), tmp_path / "series")
    assert "at temperature (K)" in run(str(tmp_path / "series"), OPTIONS.replace(steps=2), tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "table.csv", index_col="model")
    np.testing.assert_allclose(table["at temperature (K)"], 300 + 5 * table["boundary"])


def test_a_series_that_is_only_numbered_has_no_ordering_variable(still):
    assert order_name(still.intensity.drop_vars("order", errors="ignore")) == ""
    assert order_name(still.intensity.assign_coords(order=("spectrum", np.arange(60)))) == ""


def test_what_the_estimate_warns_of_is_printed(still, tmp_path):
    noise = still.intensity.copy(data=np.random.default_rng(0).normal(100, 1, still.intensity.shape))
    write_spectra(noise, tmp_path / "series")
    text = run(str(tmp_path / "series"), OPTIONS.replace(steps=2), tmp_path / "out")
    with xr.open_dataset(tmp_path / "out" / "transition.nc", engine="h5netcdf") as estimate:
        flags = estimate.attrs["flags"].splitlines()
    assert flags
    assert text.splitlines()[-len(flags) :] == [f"note: transition: {flag}" for flag in flags]


def test_an_existing_output_is_refused_before_anything_is_read(tmp_path):
    with pytest.raises(FileExistsError, match="give a new folder"):
        run(str(tmp_path / "missing"), OPTIONS, tmp_path)


def test_a_failure_leaves_nothing_behind(still, tmp_path):
    write_spectra(still.intensity, tmp_path / "series")
    with pytest.raises(OptionError, match="got spectrum 99"):
        run(str(tmp_path / "series"), OPTIONS.replace(labels="0-9:0, 50-99:1"), tmp_path / "out")
    assert [path.name for path in tmp_path.iterdir()] == ["series"]


def test_the_table_has_a_row_a_model_and_references_at_the_bottom(still):
    table = compare(
        still.intensity, still.labels, ["fcnn", "binned"], truth=still.attrs["boundary"], members=1, steps=20
    )
    assert list(table.index) == [
        "1D FCNN", "Binned FCNN", "transition", "linear", "1-NN cosine", "change point", "gap middle",
    ]  # fmt: skip
    assert table.loc["gap middle", "from_middle"] == 0
    assert table["parameters"].notna().tolist() == [True, True] + [False] * 5
    assert (table["error"] == (table["boundary"] - still.attrs["boundary"]).abs()).all()


def test_a_network_that_cannot_take_the_series_is_a_row_that_says_why(still):
    table = compare(still.intensity[:, :500], still.labels, ["resnet"], members=1)
    assert table.loc["ResNets", "note"].startswith("refused: ResNets: got spectra of 500 points")


def test_benchmarks_are_listed_and_the_quick_one_runs():
    listed = CliRunner().invoke(bench, ["--help"]).output
    assert all(name in listed for name in ("attribution", "boundary", "table"))
    result = CliRunner().invoke(bench, ["attribution", "--series", "1", "--members", "1", "--network", "fcnn"])
    assert result.exit_code == 0, result.output
    assert "integrated_gradients" in result.output


def test_options_labels_and_the_record_need_no_torch():
    script = (
        "import sys, pulsetrain.spectra as s; s.SpectraOptions(); s.as_labels([0, 1], 2); s.METHOD; "
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
    assert METHOD.load(METHOD.options) is SpectraOptions


def test_measured_series_is_learnt_from_both_ends(measured):
    series = pulsetrain.open_spectra(measured / "spectra" / "LaMnO3_pdf")
    labels = parse_labels("300..650 K:0, 800..1150 K:1", series)
    result = SpectraClassifier(network="fcnn", members=4, steps=100).fit(series, labels).predict(series)
    kelvin = np.interp(float(result.boundary), np.arange(14), series.order)
    # The Jahn–Teller transition of LaMnO3 is near 740 K; the labels leave 650 … 800 K open.
    assert 690 < kelvin < 770
    low, high = result.boundary_interval.to_numpy()
    assert low <= float(result.boundary) <= high
