"""The control of the boosting method, driven as its widgets would, without a browser."""

from __future__ import annotations

import base64
import re
from copy import copy

import ipywidgets
import numpy as np
import pytest
import xarray as xr

from pulsetrain.boosting import Booster
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.panels import BoostingPanel
from pulsetrain.panels._boosting_input import EXAMPLE_OPTIONS
from pulsetrain.panels._boosting_work import BoostingWork, remaining
from pulsetrain.panels.boosting_report import BoostingReport
from pulsetrain.simulate.images import ImageOptions, simulate_images

TINY = {"steps": 4, "members": 2, "patch": 16, "batch": 4, "device": "cpu"}


@pytest.fixture(scope="module")
def made():
    return simulate_images(ImageOptions(n_low=1, n_high=48, size=32), seed=1)


@pytest.fixture(scope="module")
def pairs(made):
    return made.pairs(32)


@pytest.fixture(scope="module")
def test_sample(made):
    low, truth, _ = made.pairs(16, repeat=1)
    return low, truth


@pytest.fixture(scope="module")
def booster(pairs, made):
    return Booster(**TINY).fit(pairs.low, made.high)


@pytest.fixture(scope="module")
def panel(pairs, made, test_sample, booster):
    panel = BoostingPanel(pairs.low, made.high, truth=pairs.truth, test=test_sample, booster=booster)
    panel.boost(wait=True)
    yield panel
    panel.close()


def test_training_is_followed_and_gives_what_the_library_gives(pairs, made, booster):
    panel = BoostingPanel(pairs.low, made.high, **TINY)
    panel.task.button.click()
    panel.wait()
    expected = booster.predict(pairs.low, return_std=True)
    np.testing.assert_allclose(panel.result["image"], expected["image"], rtol=1e-5, atol=1e-5)
    np.testing.assert_array_equal(panel.result["trainId"], pairs.low["trainId"])
    assert len(panel._losses) == 2 * TINY["steps"]
    assert panel.view.shown
    assert "<img" in panel._form.words.value
    assert re.search(r"32 frames boosted: χ² \d", panel.task.text)
    assert panel.image.mode == "swipe"
    panel.close()


def test_the_time_that_is_left_is_told_from_the_steps_done(monkeypatch):
    clock = iter((0.0, 2.0, 40.0))
    monkeypatch.setattr("pulsetrain.panels._boosting_work.time.monotonic", lambda: next(clock))
    told = []
    progress = remaining(lambda *args, **_: told.append(args[2]))
    progress(0, 500, "degradation")
    progress(1, 500, "network", loss=0.5)
    progress(11, 500, "network", loss=0.25)  # 10 steps in 2 s
    progress(201, 500, "network", loss=0.125)  # 200 in 40 s
    assert told == [
        "degradation",
        "network, loss 0.5",
        "network, loss 0.25, 2 min left",
        "network, loss 0.125, 60 s left",
    ]


def test_the_frame_of_the_slider_is_shown_beside_what_became_of_it(panel, pairs, booster):
    panel._form.frame.value = 5
    panel.wait()
    gain = np.float32(booster.degradation.gain)
    np.testing.assert_array_equal(panel.image.before, pairs.low[5].to_numpy() / gain)
    np.testing.assert_array_equal(panel.image.after, panel.result["image"][5])
    np.testing.assert_array_equal(panel.image.std, panel.result["std"][5])
    assert "Frame 5 of 32, trainId 1500000000, pulseId 20" in panel._form.seen.value
    panel._form.against.value = "truth"
    np.testing.assert_array_equal(panel.image.before, pairs.truth[5])
    assert panel.image.names == ("Truth", "Boosted")


def test_before_any_training_the_poor_frame_stands_alone(pairs, made):
    panel = BoostingPanel(pairs.low, made.high, **TINY)
    panel.frame = 3
    panel.wait()
    np.testing.assert_array_equal(panel.image.before, pairs.low[3])
    assert np.isnan(panel.image.after).all()
    assert panel.image.mode == "before"
    assert panel.result is None
    panel._form.calibrate.click()
    assert "nothing is learnt yet" in panel.task.text
    panel.close()


def test_sigma_says_whether_it_is_calibrated_beside_the_image_and_in_its_title(pairs, test_sample, booster):
    panel = BoostingPanel(pairs.low, truth=pairs.truth, test=test_sample, booster=copy(booster))
    panel.boost(wait=True)
    assert panel.result.attrs["calibrated"] == 0
    assert "uncalibrated" in panel._form.trust.value
    panel.wait()
    assert panel.image.title == "Frame 0, σ uncalibrated"
    before = panel.result["std"]
    panel._form.calibrate.click()
    panel.wait()
    assert panel.result.attrs["calibrated"] == 1
    assert not before.equals(panel.result["std"])
    assert "± 1.64 σ covers 90% of the truth" in panel._form.trust.value
    assert panel.image.title == "Frame 0, σ calibrated"
    panel._form.below.value = "Coverage"
    assert "(calibrated)" in panel.view.shown[0].title.text
    panel.close()


def test_a_calibration_that_is_cancelled_claims_nothing_of_the_images_shown(pairs, test_sample, booster, monkeypatch):
    panel = BoostingPanel(pairs.low, test=test_sample, booster=booster)
    panel.boost(wait=True)
    first, whole = panel.result, BoostingWork.boost

    def cancelled(work, calibrated, progress):
        panel.task._cancel.set()
        return whole(work, calibrated, progress)

    monkeypatch.setattr(BoostingWork, "boost", cancelled)
    panel._form.calibrate.click()
    panel.wait()
    assert panel.task.text == "Cancelled."
    assert panel.result is first
    assert panel.booster.calibration_ is None
    assert "σ uncalibrated" in panel._form.trust.value
    panel.close()


def test_without_a_test_sample_nothing_is_calibrated(pairs, booster):
    panel = BoostingPanel(pairs.low, booster=booster)
    panel.boost(wait=True)
    assert panel._form.calibrate.disabled
    panel.calibrate()
    with pytest.raises(OptionError, match="there is no test sample"):
        panel.wait()
    panel.close()


def test_frames_of_another_condition_are_warned_of_above_the_image(pairs, made, booster):
    strange = made.pairs(48, repeat=2).low
    noise = np.random.default_rng(0).normal(0, 4, strange.shape).astype(np.float32)
    panel = BoostingPanel(strange + noise, booster=booster)
    panel.boost(wait=True)
    found = {finding.what: finding.found for finding in panel.findings}
    assert found["read_noise"] == pytest.approx(4, abs=0.5)
    assert "do not trust what they become" in panel._form.warning.value
    assert "The read noise is " in panel._form.warning.value
    panel._form.below.value = "Condition"
    assert "point spread" in panel._form.words.value
    panel.close()
    panel = BoostingPanel(pairs.low[:5], booster=booster)
    panel.boost(wait=True)
    assert panel.findings is None
    assert not panel._form.warning.value
    assert "cannot be said" in panel.task.text
    panel.close()


@pytest.mark.parametrize("name", ["Training", "Residuals", "Power", "FRC", "Sparsification"])
def test_figures_are_shown_below(panel, name):
    panel._form.below.value = "Code"
    assert not panel.view.shown
    panel._form.below.value = name
    assert panel.view.shown


def test_the_table_puts_the_booster_beside_other_methods(panel):
    panel._form.below.value = "Quality"
    for name in ("input / gain", "boosted", "Richardson–Lucy", "NLM + RL", "PSNR"):
        assert name in panel._form.words.value


def test_without_truth_no_figure_asks_for_it(pairs, made):
    panel = BoostingPanel(pairs.low, made.high, **TINY)
    assert "Coverage" not in panel._form.below.options
    assert panel._form.against.layout.display == "none"
    panel.close()


def test_many_frames_are_boosted_when_they_are_looked_at(pairs, booster, monkeypatch, tmp_path):
    whole = booster.predict(pairs.low, return_std=True)
    monkeypatch.setattr("pulsetrain.panels._boosting_work._HELD", 8 * 32 * 32)
    lazy = BoostingPanel(pairs.low, booster=booster)
    lazy.boost(wait=True)
    assert lazy.result["image"].chunks[0] == (8, 8, 8, 8)
    lazy.frame = 30
    lazy.wait()
    np.testing.assert_allclose(lazy.image.after, whole["image"][30], rtol=1e-5, atol=1e-5)
    lazy._form.file.value = str(tmp_path / "all")
    lazy._form.keep.click()
    lazy.wait()
    saved = xr.load_dataset(tmp_path / "all.nc", engine="h5netcdf")
    for name in whole:
        np.testing.assert_allclose(saved[name], whole[name], rtol=1e-5, atol=1e-5)
    assert saved.attrs["fingerprint"] == whole.attrs["fingerprint"]
    lazy._form.keep.click()
    lazy.task.wait()
    assert "exists already" in lazy.task.text
    lazy.close()


def test_the_booster_is_saved_and_gives_the_same_again(pairs, booster, tmp_path):
    panel = BoostingPanel(pairs.low, booster=booster)
    panel._form.folder.value = str(tmp_path / "mine")
    panel._form.save.click()
    expected, again = booster.predict(pairs.low[:2]), Booster.load(tmp_path / "mine").predict(pairs.low[:2])
    np.testing.assert_allclose(again["image"], expected["image"], rtol=1e-5, atol=1e-5)
    panel._form.save.click()
    assert "exists already" in panel.task.text
    panel.close()


def test_paths_become_options_code_and_parameters_of_a_report(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    ready = simulate_images(ImageOptions(n_low=20, n_high=32, size=32), seed=2)
    ready.write_hdf5(tmp_path / "images", n_pairs=8)
    low, high, test_low, test_truth = (
        str(tmp_path / "images" / f"{name}.h5") for name in ("low", "high", "test_low", "test_truth")
    )
    panel = BoostingPanel(low, high, test=(test_low, test_truth), model=str(tmp_path / "m"), **TINY)
    assert panel.controls.fields["high"].value == high
    expected = {"path": low, "high": high, "test_low": test_low, "test_truth": test_truth, "model": str(tmp_path / "m")}
    assert panel._report_values() == {**expected, **TINY}
    BoostingReport(**panel._report_values())
    panel.fit(wait=True)
    panel.calibrate(wait=True)
    assert "open_frames('images/high.h5')" in panel.code
    saved = Booster.load(tmp_path / "m").predict(panel.low[:2])
    np.testing.assert_allclose(saved["image"], panel.result["image"][:2], rtol=1e-5, atol=1e-5)
    names = {"panel": panel}
    exec(panel.code.replace("booster.save('m')", ""), names)  # noqa: S102 - that it runs is what is tested
    np.testing.assert_allclose(names["result"]["std"], panel.result["std"], rtol=1e-4, atol=1e-4)
    with pytest.raises(OptionError, match="is there already"):
        panel.fit()
    panel.close()
    again = BoostingPanel(low, model=str(tmp_path / "m"))
    again.fit(wait=True)
    assert "Booster.load('m')" in again.code
    again.close()


def test_the_code_shown_gives_the_same_result(panel):
    names = {"panel": panel}
    exec(panel.code, names)  # noqa: S102 - that it runs is what is tested
    np.testing.assert_array_equal(names["result"]["image"], panel.result["image"])


def test_frames_given_as_arrays_hide_the_paths_and_cannot_become_a_report(panel):
    assert not {"high", "model", "test_low", "test_truth"} & set(panel.controls.fields)
    panel.report.task.button.click()
    assert "path: these frames have no file" in panel.report.task.text


def test_without_frames_an_example_is_simulated_and_says_so(monkeypatch):
    for name, fewer in {"_MADE": {"n_low": 1, "n_high": 20}, "_SHOWN": 5, "_TEST": 3}.items():
        monkeypatch.setattr(f"pulsetrain.panels._boosting_input.{name}", fewer)
    panel = BoostingPanel()
    assert "SIMULATED" in panel._form.widget.children[0].children[0].children[0].value
    assert panel.truth.shape == panel.low.shape
    assert panel._report_values() == EXAMPLE_OPTIONS
    assert "simulate_images" in panel.code
    names = {}
    exec("\n".join(panel.code.splitlines()[:-2]), names)  # noqa: S102 - that it runs is what is tested
    np.testing.assert_array_equal(names["low"], panel.low)
    panel.close()


def test_a_training_is_cancelled(pairs, made):
    panel = BoostingPanel(pairs.low, made.high, **{**TINY, "steps": 100_000})
    panel.fit()
    while not panel._losses:
        panel.task._thread.join(0.02)
    panel.task.stop.click()
    panel.task.wait()
    assert panel.task.text == "Cancelled."
    assert panel.booster is None
    panel.close()


def test_a_single_adversarial_network_has_no_sigma_and_says_so(pairs, made):
    panel = BoostingPanel(pairs.low, made.high, **{**TINY, "method": "cut", "members": 1, "steps": 2})
    panel.fit(wait=True)
    assert "std" not in panel.result
    assert "no σ" in panel._form.trust.value
    assert panel._form.calibrate.disabled
    assert "return_std" not in panel.code
    panel.close()


def test_wrong_input_is_refused_with_what_to_do(pairs, made):
    with pytest.raises(DataError, match="at least one pattern"):
        BoostingPanel(pairs.low[:0], made.high)
    with pytest.raises(DataError, match="the same objects in the same order"):
        BoostingPanel(pairs.low, made.high, truth=pairs.truth[:3])
    panel = BoostingPanel(pairs.low)
    panel.fit()
    with pytest.raises(OptionError, match="no frames of the good condition"):
        panel.wait()
    panel.close()


def test_a_picture_for_the_saved_notebook_follows(panel, monkeypatch):
    shown = []

    class Place:
        def update(self, data, **_options):
            shown.append(data)

    monkeypatch.setattr("pulsetrain.panels._picture.display", lambda *_args, **_options: Place())
    panel._picture.display()
    panel.frame = 7
    panel.wait()
    assert base64.b64decode(shown[-1]["image/png"]).startswith(b"\x89PNG")
    assert shown[-1]["text/plain"].startswith("Frame 7, σ uncalibrated.")


def test_options_are_set_and_a_change_asks_for_another_training(panel):
    panel.options = panel.options.replace(steps=7)
    assert panel.controls.fields["steps"].value == 7
    assert "train again" in panel.task.text
    assert isinstance(panel.options, BoostingOptions)


def test_closing_leaves_no_widget_behind(pairs, made):
    before = set(ipywidgets.widgets.widget._instances)
    panel = BoostingPanel(pairs.low, made.high, **TINY)
    panel.close()
    assert set(ipywidgets.widgets.widget._instances) == before
