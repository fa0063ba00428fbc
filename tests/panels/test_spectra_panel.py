"""The control of the spectra method, driven as its widgets would, without a browser."""

from __future__ import annotations

import base64
from types import SimpleNamespace

import h5py
import ipywidgets
import numpy as np
import pytest
import xarray as xr
from bokeh.models import ColumnDataSource

from pulsetrain.data import write_spectra
from pulsetrain.options import OptionError
from pulsetrain.panels import SpectraPanel
from pulsetrain.reports import find_template
from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
from pulsetrain.spectra import NETWORKS, SpectraOptions

QUICK = {"members": 1, "steps": 12, "augment": 4}


@pytest.fixture(scope="module")
def truth() -> xr.Dataset:
    return simulate_series(SeriesOptions(n_spectra=60, n_channels=300, label_every=4), seed=1)


@pytest.fixture
def panel(truth):
    panel = SpectraPanel(truth.intensity, truth.labels)
    panel.options = panel.options.replace(**QUICK)
    yield panel
    panel.close()


@pytest.fixture(scope="module")
def trained(truth):
    panel = SpectraPanel(truth.intensity, truth.labels)
    panel.options = panel.options.replace(**QUICK)
    panel.train(wait=True)
    yield panel
    panel.close()


def tap(panel, y):
    panel.view._on_tap(SimpleNamespace(x=10.0, y=y))


def test_training_gives_result_estimate_and_a_row(trained, truth):
    assert trained.result.probability.shape == (60,)
    assert abs(float(trained.estimate.boundary) - truth.attrs["boundary"]) < 3
    assert list(trained.table.index) == [
        "1D FCNN", "linear", "1-NN cosine", "change point", "gap middle", "transition",
    ]  # fmt: skip
    assert "boundary at" in trained.task.text


def test_curves_importance_and_loss_are_drawn(trained):
    [curves] = trained.view._middle.children
    assert curves.title.text.startswith("Boundary: network")
    assert trained._form.below.value == "Importance"
    trained._form.below.value = "Training"
    [plot] = trained.view.below
    [source] = plot.select({"type": ColumnDataSource})
    np.testing.assert_allclose(source.data["y"], trained.classifier.history_)
    trained._form.below.value = "Posterior"
    assert trained.view.below
    trained._form.below.value = "Attention"
    assert "no attention" in trained._form.words.value
    trained._form.below.value = "Table"
    assert "gap middle" in trained._form.words.value
    trained._form.below.value = "Importance"


def test_the_code_shown_gives_the_same_result(trained):
    names = {"panel": trained}
    exec(trained.code, names)  # noqa: S102 - that it runs is what is tested
    # In another thread PyTorch may sum in another order.
    xr.testing.assert_allclose(names["result"], trained.result, rtol=1e-5)
    xr.testing.assert_allclose(names["estimate"], trained.estimate, rtol=1e-5)


def test_the_code_of_a_series_from_files_needs_no_panel(truth, tmp_path):
    write_spectra(truth.intensity, tmp_path / "ramp")
    panel = SpectraPanel(tmp_path / "ramp", "0-20/4:0, 40-56/4:1")
    panel.options = panel.options.replace(network="cnn", **QUICK)
    panel.train(wait=True)
    names = {}
    exec(panel.code, names)  # noqa: S102 - that it runs is what is tested
    np.testing.assert_allclose(names["result"].probability, panel.result.probability, rtol=1e-5)
    assert "panel" not in panel.code
    panel.close()


def test_without_a_series_it_opens_a_simulated_example_with_labels():
    panel = SpectraPanel()
    assert set(panel.labels) == {-1, 0, 1}
    assert "simulate_series" in panel.code
    panel.close()


def test_clicks_label_and_unlabel_spectra(panel):
    panel._form.classes.value = 1
    tap(panel, 29.6)
    assert panel.labels[30] == 1
    assert panel.options.labels == panel._form.labels.value
    panel._form.classes.value = -1
    tap(panel, 30.0)
    assert panel.labels[30] == -1
    tap(panel, -3.0)  # beside the map: nothing happens


def test_labels_can_be_typed(panel):
    panel._form.labels.value = "0-10:0, 45-59/2:1"
    assert (panel.labels[:11] == 0).all()
    assert panel.labels[46] == -1
    assert panel.options.labels == "0-10:0, 45-59/2:1"


def test_unreadable_labels_are_said_in_the_panel_and_change_nothing(panel):
    before = panel.labels.copy()
    panel._form.labels.value = "0-999:0, 3:1"
    assert "999" in panel.task.text
    np.testing.assert_array_equal(panel.labels, before)


def test_a_refusal_of_labels_is_taken_back_with_the_next_readable_ones(panel):
    for good in ("0-10:0, 45-59/2:1", panel._form.labels.value):
        panel._form.labels.value = "nonsense"
        assert "nonsense" in panel.task.text
        panel._form.labels.value = good  # another text, and then the one that holds, typed back
        assert (
            panel.task.text
            == f"{(panel.labels == 0).sum()} spectra labelled 0, {(panel.labels == 1).sum()} labelled 1."
        )


def test_labels_typed_while_a_training_runs_are_put_back(panel):
    panel.options = panel.options.replace(steps=20_000)
    before = panel._form.labels.value
    panel.task.button.click()
    panel._form.labels.value = "0-10:0, 45-59/2:1"
    assert panel._form.labels.value == before
    panel.task.stop.click()
    panel.task.wait(60)


def test_new_labels_take_away_what_was_found_with_old_ones(truth):
    panel = SpectraPanel(truth.intensity, truth.labels)
    panel.options = panel.options.replace(**QUICK)
    panel.train(wait=True)
    tap(panel, 30)
    assert panel.result is None
    assert panel.estimate is None
    assert panel.table.empty
    panel.close()


def test_training_without_labels_of_both_classes_says_so(panel):
    panel._form.classes.value = -1
    for spectrum in np.flatnonzero(panel.labels == 1):
        tap(panel, float(spectrum))
    panel.task.button.click()
    assert "no spectrum of class 1" in panel.task.text
    panel._form.below.value = "Code"  # must not fail either


def test_cancel_ends_the_training_and_leaves_no_result(panel):
    panel.options = panel.options.replace(steps=20_000)
    panel.task.button.click()
    panel.task.stop.click()
    panel.task.wait(60)
    assert panel.task.text == "Cancelled."
    assert panel.result is None


def test_a_picture_is_displayed_after_training(truth, monkeypatch):
    shown = []

    class Place:
        def update(self, data, **_options):
            shown.append(data)

    monkeypatch.setattr("pulsetrain.panels._picture.display", lambda *_args, **_options: Place())
    panel = SpectraPanel(truth.intensity, truth.labels)
    panel._picture.display()
    panel.options = panel.options.replace(**QUICK)
    panel.train(wait=True)
    assert base64.b64decode(shown[-1]["image/png"]).startswith(b"\x89PNG")
    assert "boundary at" in shown[-1]["text/plain"]
    panel.close()


def test_a_report_gets_the_parameters_of_the_panel(truth, tmp_path):
    write_spectra(truth.intensity, tmp_path / "ramp")
    panel = SpectraPanel(tmp_path / "ramp", "0-20/4:0, 40-56/4:1")
    panel.options = panel.options.replace(network="cnn", members=2)
    values = panel._report_values()
    accepted = find_template("spectra").parameters(**values)
    assert accepted.path == str((tmp_path / "ramp").resolve())
    assert {name: getattr(accepted, name) for name in SpectraOptions.model_fields} == dict(panel.options)
    panel.close()


def test_source_and_key_are_carried_into_code_and_report(truth, tmp_path):
    with h5py.File(tmp_path / "two.h5", "w") as file:
        file["a"], file["b"] = truth.intensity.to_numpy(), truth.intensity.to_numpy()[:, ::2]
    panel = SpectraPanel(tmp_path / "two.h5", "ends", key="b")
    assert panel.series.sizes["channel"] == 150
    assert panel._report_values()["key"] == "b"
    assert "key='b'" in panel.code
    panel.close()
    with pytest.raises(OptionError, match="with a path"):
        SpectraPanel(truth.intensity, "ends", key="b")


def test_a_series_without_files_cannot_become_a_report(panel):
    with pytest.raises(OptionError, match="write_spectra"):
        panel._report_values()
    panel.report.task.button.click()
    assert "write_spectra" in panel.report.task.text
    assert panel.report.job is None


def test_a_series_changed_since_it_was_opened_is_not_passed_off_as_its_file(truth, tmp_path):
    import pulsetrain

    write_spectra(truth.intensity, tmp_path / "ramp")
    series = pulsetrain.open_spectra(tmp_path / "ramp")
    same, changed = SpectraPanel(series), SpectraPanel(series[:50])
    assert "open_spectra" in same.code
    assert "open_spectra" not in changed.code
    with pytest.raises(OptionError):
        changed._report_values()
    same.close()
    changed.close()


def test_closing_leaves_no_widget_behind(truth):
    before = set(ipywidgets.widgets.widget._instances)
    panel = SpectraPanel(truth.intensity, truth.labels)
    panel.close()
    assert set(ipywidgets.widgets.widget._instances) == before


def test_all_networks_fill_the_table_one_row_each(truth, monkeypatch):
    few = {name: NETWORKS[name] for name in ("fcnn", "cnn", "resnet")}  # all take minutes
    monkeypatch.setattr("pulsetrain.panels.spectra.NETWORKS", few)
    panel = SpectraPanel(truth.intensity, truth.labels)
    panel.options = panel.options.replace(members=1, augment=0)
    panel.train_all(wait=True)
    assert list(panel.table.index[:3]) == ["1D FCNN", "CNN", "ResNets"]
    assert panel.table.index[-1] == "transition"
    assert "at least 535" in panel.table.note["ResNets"]  # 300 points are too few for it; the others go on
    assert panel.table.boundary.drop("ResNets").notna().all()
    panel.close()
