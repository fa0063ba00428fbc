"""The report template of the boosting method: its parameters are the method's, its pages light, whole and honest."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pytest
import xarray as xr

from pulsetrain.boosting import Booster
from pulsetrain.panels.boosting_report import BoostingReport
from pulsetrain.reports import find_template, read_parameters, shipped_folder, submit
from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals
from pulsetrain.simulate.images import ImageOptions, simulate_images

TEMPLATE = shipped_folder("reports") / "boosting.ipynb"
QUICK = {"steps": 15, "members": 2, "patch": 32}
ALARM = '<div class="stopped" role="alert">These frames are not of the condition that was learnt'


def test_the_form_asks_first_for_what_a_user_has_to_give():
    first = ["path", "high", "model", "test_low", "test_truth", "geometry", "source", "key"]
    assert list(read_parameters(TEMPLATE).model_fields)[:8] == first


def test_the_form_says_that_an_empty_path_means_simulated_particles():
    assert "empty: SIMULATED particles" in read_parameters(TEMPLATE).model_fields["path"].description
    assert BoostingReport().path == ""


def test_the_template_says_what_it_does():
    template = find_template("boosting")
    assert template.title == "Boosting: what would a good condition have shown?"
    assert template.summary.startswith("Learns from frames of a poor and of a good condition, of different objects")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Frames of both conditions with a test sample, of a third condition, and what users give by mistake."""
    folder = tmp_path_factory.mktemp("given")
    options = ImageOptions(n_low=60, n_high=60, size=32)
    simulate_images(options, seed=2).write_hdf5(folder / "learnt", n_pairs=24)
    simulate_images(options.replace(read_noise=2.0, n_high=1), seed=3).write_hdf5(folder / "noisy")
    simulate_crystals(CrystalOptions(n_patterns=2, detector="agipd-mini"), seed=1).write_hdf5(folder / "modules.h5")
    (folder / "notes.h5").write_text("no HDF5 at all")
    (folder / "empty.h5").touch()
    return folder


GIVEN = {
    "path": "learnt/low.h5",
    "high": "learnt/high.h5",
    "test_low": "learnt/test_low.h5",
    "test_truth": "learnt/test_truth.h5",
}


@pytest.fixture(scope="module")
def learnt(files, tmp_path_factory):
    """The job that learns from files and leaves its booster in ``booster``."""
    job = submit("boosting", GIVEN | QUICK | {"model": "booster"}, tmp_path_factory.mktemp("jobs"), cwd=files)
    assert job.wait(280).state == "done", job.log()[-2000:]
    return job


def printed(job):
    cells = nbformat.read(job.folder / "notebook.ipynb", 4).cells
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def check_page(job):
    html = job.report.read_text(encoding="utf-8")
    assert len(html.encode()) < 5e6
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']https?:""", html)
    # The page's security policy forbids code made of text, without which such figures stay empty.
    assert '"name":"CustomJS' not in html.replace(" ", "")
    headings = ("The frames", "Learning", "The condition", "Boosted frames", "Consistent with the input?")
    more = ("Against the truth", "How sure, and is that true?", "To go on with", "Measures")
    places = [html.index(f">{heading}<") for heading in (*headings, *more)]
    assert places == sorted(places)
    return html


def metrics_of(job):
    return json.loads((job.folder / "metrics.json").read_text())


def test_files_make_a_whole_offline_report_judged_by_pairs_that_calibrated_nothing(learnt):
    html = check_page(learnt)
    assert "<strong>Simulated particles" not in html
    assert ALARM not in html
    said = printed(learnt)
    assert "60 frames of 2 trains, 32 × 32 pixels; values in photons" in said
    assert "2 networks of 15 steps, method degradation" in said
    assert "Intervals are calibrated for 90% of the truth, by 24 pairs." in said
    assert "Judged by 12 frames: every other pair of the test sample" in said
    assert html.count("data:image/png;base64") >= 7  # six frames, and strips of the training
    metrics = metrics_of(learnt)
    assert (metrics["simulated"], metrics["frames"], metrics["findings"]) == (False, 60, 0)
    assert metrics["gain"] == pytest.approx(0.143, rel=0.1)
    assert 0.8 < metrics["coverage"] < 0.98  # of 12 small frames
    assert np.isfinite([metrics[name] for name in ("chi2", "psnr", "ssim", "resolution", "ause", "spearman")]).all()
    assert re.fullmatch(r"[0-9a-f]{64}", metrics["provenance"]["fingerprint of the input"])


def test_the_report_hands_over_images_and_booster_and_the_code_that_reads_them(learnt, files, monkeypatch):
    monkeypatch.chdir(files)
    blocks = r"^import xarray$.*?(?=^To boost)|^import pulsetrain$.*?(?=^The same)"
    reading, boosting = re.findall(blocks, printed(learnt), re.MULTILINE | re.DOTALL)
    said: dict[str, object] = {}
    exec(reading, said)  # noqa: S102 - what the report tells users to type
    stored = said["result"]
    assert isinstance(stored, xr.Dataset)
    assert stored["image"].shape == (60, 32, 32)
    assert stored.attrs["complete"] == 1
    exec(boosting.replace("another run", "learnt/low.h5"), said)  # noqa: S102
    np.testing.assert_allclose(said["result"]["std"], stored["std"], rtol=1e-5)


@pytest.mark.usefixtures("learnt")
def test_a_booster_that_has_learnt_boosts_other_frames_and_warns_on_top_of_another_condition(files, tmp_path):
    assert Booster.load(files / "booster").calibration_ is not None
    job = submit("boosting", {"path": "noisy/low.h5", "model": "booster"}, tmp_path, cwd=files)
    assert job.wait(280).state == "done", job.log()[-2000:]
    html = check_page(job)
    assert html.index(ALARM) < html.index("the read noise is 2") < html.index(">The frames<")
    said = printed(job)
    assert "Good condition: none was read; the booster in booster has learnt already." in said
    assert "Nothing was learnt here: 2 networks of 15 steps" in said
    assert "these pictures are not saved with a booster" in said
    assert "by the test sample that the booster was saved with" in said
    for why in ("Neither good frames nor the truth", "The truth of no frame is known", "What intervals cover cannot"):
        assert why in said
    assert metrics_of(job)["findings"] >= 1


def test_the_simulated_example_says_so_and_a_single_adversarial_network_that_it_has_no_std(tmp_path):
    values = {"method": "cut", "steps": 1, "members": 1, "patch": 32, "batch": 1}
    job = submit("boosting", values, tmp_path)
    assert job.wait(280).state == "done", job.log()[-2000:]
    html = check_page(job)
    assert html.index("<strong>Simulated particles, not your data:</strong>") < html.index(">The frames<")
    said = printed(job)
    assert "No σ: a single adversarial network does not know how far it may be off." in said
    assert "Judged by 100 frames: these frames, whose truth is known." in said
    assert "What intervals cover cannot be shown: there is no σ." in said
    metrics = metrics_of(job)
    assert metrics["simulated"] is True
    assert metrics["point_spread"] == {"value": pytest.approx(1.2, abs=0.2), "unit": "pixels"}
    assert "coverage" not in metrics


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"high": "", "test_low": "", "test_truth": ""}, "high: got none, and no model; allowed one of them"),
        ({"high": "nowhere.h5"}, "high: nowhere.h5: got"),
        ({"test_truth": ""}, "test_truth: got none beside test_low; allowed both or neither"),
        ({"model": "nowhere", "high": ""}, "model: got 'nowhere', where there is nothing"),
        ({"path": ""}, "path: missing; give the frames of the poor condition, or for an example no high, test_low"),
        ({"path": "notes.h5"}, "notes.h5: got a file that HDF5 cannot open"),
        ({"path": "modules.h5"}, "geometry: got none for frames of 4 × 512 × 128 pixels"),
        ({"geometry": "modules.geom"}, "geometry: got 'modules.geom' for pictures of 32 × 32 pixels"),
        ({"steps": 0}, "steps: got 0"),
    ],
)
def test_bad_input_is_refused_with_one_clear_line_in_the_cell_that_opens(files, tmp_path, monkeypatch, changed, words):
    parameters, opening, *_ = (cell.source for cell in nbformat.read(TEMPLATE, 4).cells if cell.cell_type == "code")
    (tmp_path / "begin.py").write_text(f"{parameters}\nglobals().update({GIVEN | QUICK | changed!r})\n{opening}")
    monkeypatch.chdir(files)
    with pytest.raises(ValueError, match=rf"\A{re.escape(words)}") as caught:
        runpy.run_path(str(tmp_path / "begin.py"))
    assert "\n" not in str(caught.value)


def test_bad_input_fails_the_job_in_its_first_cell_before_anything_is_handed_over(files, tmp_path):
    job = submit("boosting", GIVEN | {"path": "empty.h5"}, tmp_path, cwd=files)
    status = job.wait(120)
    assert status.state == "failed"
    assert status.message.startswith("cell 3 of ")  # the parameters, what was given, what opens
    assert "empty.h5: got an empty file" in status.message
    assert not (job.folder / "results").exists()
