"""The control of the tuning method, driven as its widgets would, without a browser."""

from __future__ import annotations

import base64
import importlib
import re

import ipywidgets
import numpy as np
import pytest
from bokeh.models import ColumnDataSource

from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.panels import TuningPanel
from pulsetrain.reports import find_template
from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals
from pulsetrain.tuning import NativeEngine, Setting, TuningOptions
from pulsetrain.tuning.crystfel import IndexamajigError

SMALL = {"patterns": 18, "fresh_patterns": 9, "optimiser": "scan", "evaluations": 4}


@pytest.fixture(scope="module")
def example():
    options = CrystalOptions(n_patterns=27, detector="agipd-mini", brightness=60, hit_rate=0.8, clen_error=2)
    return simulate_crystals(options, seed=1)


@pytest.fixture(scope="module")
def frames(example):
    return example.frames.compute()


@pytest.fixture(scope="module")
def engine(example):
    return NativeEngine(example.geometry, example.cell, processes=1)


@pytest.fixture
def panel(example, frames, engine):
    panel = TuningPanel(frames, example.geometry, example.cell, engine=engine)
    panel.options = panel.options.replace(**SMALL)
    yield panel
    panel.close()


@pytest.fixture(scope="module")
def searched(example, frames, engine):
    panel = TuningPanel(frames, example.geometry, example.cell, engine=engine)
    panel.options = panel.options.replace(**SMALL)
    panel.evaluate(wait=True)
    panel.run(wait=True)
    yield panel
    panel.close()


@pytest.fixture(scope="module")
def written(example, tmp_path_factory):
    """The example as files, as a user has them."""
    path = tmp_path_factory.mktemp("input") / "small.h5"
    example.write_hdf5(path)
    return path


def source(panel, name):
    return panel.view.rates.select_one({"name": name, "type": ColumnDataSource}).data


def test_an_evaluation_gives_the_engines_own_rate_and_shows_it(panel, frames, engine):
    evaluation = panel.evaluate(wait=True)
    expected = engine.evaluate(frames.isel(pattern=panel._work.chosen(panel.options)), panel.options)
    assert evaluation.rate == float(expected.indexing_rate)
    assert f"{evaluation.n_indexed} of 18 patterns indexed" in panel._form.rate.value
    assert panel.evaluations == [evaluation]
    np.testing.assert_allclose(source(panel, "own")["rate"], [evaluation.rate])
    np.testing.assert_array_equal(panel.result.hit, expected.hit)


def test_a_moved_slider_is_followed_by_rate_peaks_and_spots(panel):
    panel.evaluate(wait=True)
    before, peaks = panel._form.rate.value, len(panel.image.peaks)
    panel.controls.fields["min_snr"].value = 3.0
    panel._follower.wait()
    assert panel._form.rate.value != before
    assert len(panel.image.peaks) > peaks
    assert len(panel.image.spots) > 20
    assert [each.setting.min_snr for each in panel.evaluations] == [5.0, 3.0]
    assert "peaks, a hit, 1 crystal" in panel._form.seen.value


def test_only_the_last_of_many_slider_values_is_evaluated(panel):
    panel.evaluate(wait=True)
    for value in np.arange(3.0, 9.0, 0.1):
        panel.controls.fields["min_snr"].value = value
    panel._follower.wait()
    tried = [each.setting.min_snr for each in panel.evaluations]
    assert tried[-1] == pytest.approx(8.9)
    assert len(tried) < 20


def test_the_tolerance_begins_new_curves_because_rates_do_not_compare(panel):
    panel.evaluate(wait=True)
    panel.controls.fields["tolerance"].value = 1.0
    panel._follower.wait()
    [only] = panel.evaluations
    assert only.n_indexed == 0  # the camera length is 2 % off: the cells do not fit within 1 %
    assert len(source(panel, "own")["rate"]) == 1


def test_the_quick_figure_comes_before_the_whole_one(panel):
    seen = []
    panel._form.rate.observe(lambda change: seen.append(change["new"]), "value")
    panel.options = panel.options.replace(patterns=27, fresh_patterns=0)
    panel.evaluate(wait=True)
    quick = next(k for k, text in enumerate(seen) if "of 12 patterns" in text)
    assert "≈" in seen[quick]
    assert "of 27 patterns" in seen[-1]


def test_a_search_tries_its_budget_and_confirms_on_fresh_patterns(searched):
    assert len(searched.path.evaluation) == 5  # four, and the camera length that the cells ask for
    assert len(searched.evaluations) == 6  # and the one by hand
    assert searched.confirmed.n_patterns == 9
    assert searched.best.n_indexed >= max(each.n_indexed for each in searched._search.evaluations) - 1
    assert "Best of 5" in searched.task.text
    assert "On fresh patterns" in searched.task.text
    assert list(source(searched, "path")["number"]) == [1, 2, 3, 4, 5]
    assert int(searched.result.indexed.sum()) == searched.best.n_indexed


def test_the_best_setting_is_carried_to_the_sliders(example, frames, engine):
    panel = TuningPanel(frames, example.geometry, example.cell, engine=engine)
    panel.options = panel.options.replace(**SMALL, min_snr=9.0)
    panel.run(wait=True)
    best = panel.best.setting
    assert best.min_snr < 9
    panel._form.use.click()
    panel.wait()
    slider = panel.controls.fields["min_snr"].slider
    slider.value = round(slider.value, 1)  # what the browser answers, whose slider has but these steps
    assert Setting.of(panel.options, example.geometry.clen) == best
    assert panel.controls.fields["clen"].box.value == pytest.approx(1e3 * best.clen, abs=1e-3)
    panel.close()


def test_the_camera_length_is_refined_from_the_indexed_cells(panel, example):
    panel._form.refine.click()
    panel.wait()
    assert panel.options.clen == pytest.approx(example.truth.attrs["clen"], rel=2e-3)  # it was 2 % off
    assert "Refined from the indexed cells: clen 122.400 → 1" in panel.task.text
    assert panel.evaluations[-1].setting.clen == panel.options.clen


def test_after_refining_and_confirming_every_button_that_can_do_something_is_on(panel):
    panel.evaluate(wait=True)
    form = panel._form
    for button in (form.refine, form.confirm):
        button.click()
        panel.wait()
        assert panel.task.text.startswith(("Refined", "On fresh patterns"))
        on = {
            each.description
            for each in (form.pause, form.step, form.use, form.refine, form.confirm)
            if not each.disabled
        }
        assert on == {"Step", "Use best setting", "Refine clen", "Confirm"}


def test_pause_is_offered_while_a_search_runs_and_not_while_clen_is_refined(panel):
    offered = {"search": [], "refine": []}
    form, doing = panel._form, ["refine"]
    panel.task.stop.observe(
        lambda change: offered[doing[0]].append(not form.pause.disabled) if not change["new"] else None, "disabled"
    )
    panel.refine(wait=True)
    doing[0] = "search"
    panel.step(wait=True)
    assert offered == {"refine": [False], "search": [True]}


def test_what_is_drawn_says_for_which_setting_while_the_sliders_stand_elsewhere(panel):
    panel.evaluate(wait=True)
    panel.options = panel.options.replace(optimiser="random", evaluations=3)
    seen, rates = [], []
    panel._form.seen.observe(lambda change: seen.append(change["new"]), "value")
    panel._form.rate.observe(lambda change: rates.append(change["new"]), "value")
    panel.run(wait=True)
    pattern = panel._form.pattern.value
    for each in panel._search.evaluations:
        at = f"min-snr {each.setting.min_snr:.3g}, min-pix-count {each.setting.min_pix_count}, clen "
        assert any(f"Pattern {pattern}:" in said and at in said and "the search" in said for said in seen)
        assert any(f"{each.n_indexed} of 18" in said and at in said and "the search" in said for said in rates)
    assert "at min-snr 5, min-pix-count 2, clen 122.400 mm" in seen[-1]  # the sliders' again
    assert "the search" not in seen[-1]


def test_a_search_is_stepped_paused_and_goes_on(panel):
    panel._form.step.click()
    panel.wait()
    assert "Paused after 1 of 4" in panel.task.text
    panel.step(wait=True)
    first = panel._search.tuner
    panel.run(wait=True)
    assert panel._search.tuner is first
    assert len(panel.path.evaluation) == 5


def test_a_paused_search_ends_after_the_setting_under_way(panel):
    panel.options = panel.options.replace(evaluations=200, optimiser="random")
    panel.task.button.click()
    while not panel._search.evaluations:
        panel.task._thread.join(0.01)
    panel._form.pause.click()
    panel.wait()
    made = len(panel._search.evaluations)
    assert 0 < made < 200
    panel.step(wait=True)
    assert len(panel._search.evaluations) == made + 1


def test_a_stopped_search_keeps_what_was_tried_and_the_next_begins_anew(panel):
    panel.options = panel.options.replace(evaluations=200, optimiser="random")
    panel.task.button.click()
    while not panel._search.evaluations:
        panel.task._thread.join(0.01)
    panel.task.stop.click()
    panel.task.wait()
    tried = len(panel.evaluations)
    made = len(panel._search.evaluations)
    best = panel.best
    assert panel.task.text.startswith(f"Stopped after {made} of 200 evaluations. Best of {made}: ")
    assert f"{best.n_indexed} of 18" in panel.task.text
    assert f"{best.n_indexed} of 18 patterns indexed" in panel._form.rate.value
    assert not panel._form.step.disabled
    panel.options = panel.options.replace(evaluations=2)
    panel.run(wait=True)
    assert len(panel._search.evaluations) in (2, 3)
    assert len(panel.evaluations) == tried + len(panel._search.evaluations)


def test_hits_are_gone_through_one_after_the_other(searched):
    hits = searched._known.hits
    searched._form.pattern.value = hits[0]
    searched._form.on.click()
    assert searched._form.pattern.value == hits[1]
    searched._form.back.click()
    assert searched._form.pattern.value == hits[0]
    searched._form.back.click()
    assert searched.task.text == "No hit there."
    searched._follower.wait()
    assert f"Pattern {hits[0]}:" in searched._form.seen.value


@pytest.mark.parametrize("name", ["Search", "Cell", "Orientations"])
def test_figures_are_shown_below(searched, name):
    searched._form.below.value = "Code"
    assert not searched.view.below
    searched._form.below.value = name
    assert searched.view.below
    at = searched.best.setting
    said = "" if name == "Search" else f"{searched.result.sizes['crystal']} crystals, at min-snr {at.min_snr:.3g}, "
    assert said in searched._form.words.value


def test_the_table_lists_every_setting_tried(searched):
    searched._form.below.value = "Table"
    assert searched._form.words.value.count("<tr") == 1 + len(searched.evaluations)


def test_the_code_shown_finds_the_same_best_setting(searched):
    names = {"panel": searched}
    exec(searched.code, names)  # noqa: S102 - that it runs is what is tested
    assert names["tuner"].best.setting == searched.best.setting
    assert names["tuner"].confirmed.rate == searched.confirmed.rate


def test_the_export_holds_the_best_setting_and_is_saved_once(searched, tmp_path):
    texts = searched.exports
    at = searched.best.setting
    assert f"--min-snr={at.min_snr:g}" in texts["indexamajig.sh"]
    assert "tuned.geom" in texts["xwiz.toml"]
    assert "-p sample.cell" in texts["indexamajig.sh"]
    assert texts["sample.cell"] == searched.cell.text
    searched._form.below.value = "Export"
    assert "Download tuned.geom" in searched._form.words.value
    searched._form.folder.value = str(tmp_path / "tuned")
    searched._form.save.click()
    from pulsetrain.data.crystfel_geometry import CrystFELGeometry

    assert CrystFELGeometry.read(tmp_path / "tuned" / "tuned.geom").clen == pytest.approx(at.clen)
    searched._form.save.click()
    assert "exists already" in searched.task.text


def test_a_picture_for_the_saved_notebook_follows(panel, monkeypatch):
    shown = []

    class Place:
        def update(self, data, **_options):
            shown.append(data)

    monkeypatch.setattr("pulsetrain.panels._picture.display", lambda *_args, **_options: Place())
    panel._picture.display()
    panel.evaluate(wait=True)
    assert base64.b64decode(shown[-1]["image/png"]).startswith(b"\x89PNG")
    assert "min-snr 5" in shown[-1]["text/plain"]


def test_an_engine_that_is_missing_is_said_in_the_panel(example, frames, monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.delenv("PULSETRAIN_INDEXAMAJIG", raising=False)
    panel = TuningPanel(frames, example.geometry, example.cell)
    panel.controls.fields["engine"].value = "crystfel"
    panel._follower.wait()
    assert "indexamajig" in panel._form.rate.value
    assert 'role="alert"' in panel._form.rate.value
    with pytest.raises(IndexamajigError, match="take the native engine"):
        panel.evaluate(wait=True)
    panel.task.button.click()
    panel.task.wait()
    assert "indexamajig" in panel.task.text
    panel.close()


def test_wrong_input_is_refused_with_what_to_do(example, frames):
    with pytest.raises(OptionError, match=r"geometry: missing; give a CrystFEL \.geom file"):
        TuningPanel(frames)
    with pytest.raises(OptionError, match="cell: missing"):
        TuningPanel(frames, example.geometry)
    with pytest.raises(DataError, match="frames of the geometry's detector"):
        TuningPanel(frames.isel(module=[0]), example.geometry, example.cell)
    with pytest.raises(DataError, match="check the path"):
        TuningPanel(frames, "missing.geom", example.cell)


def test_a_report_gets_the_parameters_of_the_panel(written):
    files = [written, written.with_suffix(".geom"), written.with_suffix(".cell")]
    panel = TuningPanel(*files)
    panel.options = panel.options.replace(min_snr=4.0, optimiser="scan")
    values = panel._report_values()
    accepted = find_template("tuning").parameters(**values)
    assert (accepted.path, accepted.geometry, accepted.cell) == tuple(map(str, files))
    assert {name: getattr(accepted, name) for name in TuningOptions.model_fields} == dict(panel.options)
    panel.close()


def test_code_reads_files_by_public_names_and_by_their_place_in_the_notebooks_folder(written, monkeypatch, tmp_path):
    monkeypatch.chdir(written.parent)
    panel = TuningPanel(*(written.with_suffix(suffix) for suffix in (".h5", ".geom", ".cell")))
    panel.controls.fields["tolerance"].value = 4.5
    code = panel.code
    panel.close()
    assert "engine = NativeEngine('small.geom', 'small.cell')" in code
    assert "tolerance=4.5" in code
    assert str(written.parent) not in code
    assert "panel" not in code
    for package, names in re.findall("^from (.*) import (.*)$", code, re.MULTILINE):
        public = importlib.import_module(package).__all__
        assert set(names.split(", ")) <= set(public)
    names = {}
    exec(code.replace("path = tuner.run()\ntuner.best, tuner.confirmed", ""), names)  # noqa: S102 - that it runs is what is tested
    assert names["frames"].identical(panel.frames)
    assert names["engine"].geometry.text == panel.geometry.text
    monkeypatch.chdir(tmp_path)
    elsewhere = TuningPanel(*(written.with_suffix(suffix) for suffix in (".h5", ".geom", ".cell")))
    assert repr(str(written)) in elsewhere.code
    elsewhere.close()


def test_patterns_without_files_cannot_become_a_report(panel):
    panel.report.task.button.click()
    assert "path: this one has no file" in panel.report.task.text
    assert panel.report.job is None


def test_closing_leaves_no_widget_behind(example, frames, engine):
    before = set(ipywidgets.widgets.widget._instances)
    panel = TuningPanel(frames, example.geometry, example.cell, engine=engine)
    panel.evaluate()
    panel.close()
    assert set(ipywidgets.widgets.widget._instances) == before
