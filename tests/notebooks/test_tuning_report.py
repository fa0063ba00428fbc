"""The report template of the tuning method: its parameters are the method's, its pages light and whole."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import nbformat
import pytest

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.panels.tuning_report import TuningReport
from pulsetrain.reports import find_template, read_parameters, shipped_folder, submit
from pulsetrain.simulate.crystals import CrystalOptions, detector_geometry, simulate_crystals

TEMPLATE = shipped_folder("reports") / "tuning.ipynb"


def test_the_form_asks_first_for_what_a_user_has_to_give():
    assert list(read_parameters(TEMPLATE).model_fields)[:5] == ["path", "geometry", "cell", "source", "key"]


def test_the_form_says_that_an_empty_path_means_simulated_crystals():
    assert "empty: SIMULATED crystals" in read_parameters(TEMPLATE).model_fields["path"].description
    assert TuningReport().path == ""


def test_the_template_says_what_it_does():
    template = find_template("tuning")
    assert template.title == "Tuning: which setting indexes most patterns?"
    assert template.summary.startswith("Indexes a part of the patterns")


def run(root, **values):
    job = submit("tuning", values, root)
    return job, job.wait(280)


def test_the_simulated_example_makes_a_whole_offline_report(tmp_path):
    job, status = run(tmp_path, optimiser="scan", evaluations=6, patterns=60, fresh_patterns=30, min_snr=8.0)
    assert status.state == "done", job.log()[-2000:]
    html = job.report.read_text(encoding="utf-8")
    assert len(html.encode()) < 5e6
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']https?:""", html)
    said = html.index("<strong>Simulated crystals, not your data:</strong>")
    for heading in ("The patterns", "The search", "The crystals", "All settings tried", "To go on with"):
        assert said < html.index(f">{heading}<")
    assert "--min-snr=" in html
    assert "[indexamajig_run]" in html
    assert 'download="tuned.geom"' in html
    assert html.count("data:image/png;base64") >= 2  # the patterns
    assert re.search(r'<tr><th scope="row">evaluations</th><td>[67]</td></tr>', html)
    metrics = json.loads((job.folder / "metrics.json").read_text())
    assert metrics["simulated"] is True
    assert metrics["evaluations"] in (6, 7)  # the last at the camera length that the cells ask for
    assert metrics["rate_after"] > metrics["rate_before"]
    assert metrics["confirmed_low"] <= metrics["confirmed_rate"] <= metrics["confirmed_high"]
    assert re.fullmatch(r"[0-9a-f]{64}", metrics["provenance"]["fingerprint of the input"])

    handed_over = {file.name for file in (job.folder / "results").iterdir()}
    files = {"path.nc", "best.nc", "evaluations.csv", "tuned.geom", "sample.cell", "indexamajig.sh", "xwiz.toml"}
    assert handed_over == files  # and no files.lst: simulated patterns lie in no file
    tuned = CrystFELGeometry.read(job.folder / "results" / "tuned.geom")
    assert tuned.clen == pytest.approx(metrics["clen"]["value"], abs=1e-8)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """Patterns with geometry and cell, and beside them what users give by mistake."""
    folder = tmp_path_factory.mktemp("given")
    simulate_crystals(CrystalOptions(n_patterns=8, detector="agipd-mini"), seed=1).write_hdf5(folder / "run.h5")
    detector_geometry("jungfrau-500k").write(folder / "other.geom")
    (folder / "notes.h5").write_text("no HDF5 at all")
    (folder / "empty.h5").touch()
    (folder / "bad.cell").write_text("nothing of a cell")
    return folder


GIVEN = {"path": "run.h5", "geometry": "run.geom", "cell": "run.cell"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"geometry": ""}, "geometry: missing; CrystFEL geometry file of the detector"),
        ({"path": ""}, "path: missing; give the patterns of this geometry and cell"),
        ({"geometry": "nowhere.geom"}, "geometry: nowhere.geom: got no such geometry file"),
        ({"geometry": "other.geom"}, "run.h5: got patterns of shape (4, 512, 128); allowed: (1, 512, 1024)"),
        ({"cell": "bad.cell"}, "cell: bad.cell: got"),
        ({"path": "notes.h5"}, "notes.h5: got a file that HDF5 cannot open"),
        ({"path": "empty.h5"}, "empty.h5: got an empty file"),
        ({"min_res": 2000.0}, "max_res: got 1200, allowed min_res (2000 px) or more"),
    ],
)
def test_bad_input_is_refused_with_one_clear_line_in_the_cell_that_opens(files, tmp_path, monkeypatch, changed, words):
    parameters, opening, *_ = (cell.source for cell in nbformat.read(TEMPLATE, 4).cells if cell.cell_type == "code")
    (tmp_path / "begin.py").write_text(f"{parameters}\nglobals().update({GIVEN | changed!r})\n{opening}")
    monkeypatch.chdir(files)
    with pytest.raises(ValueError, match=rf"\A{re.escape(words)}") as caught:
        runpy.run_path(str(tmp_path / "begin.py"))
    assert "\n" not in str(caught.value)


def test_bad_input_fails_the_job_in_its_first_cell_before_anything_is_handed_over(files, tmp_path):
    job = submit("tuning", GIVEN | {"path": "empty.h5"}, tmp_path, cwd=files)
    status = job.wait(120)
    assert status.state == "failed"
    assert status.message.startswith("cell 3 of ")  # the parameters, what was given, what opens
    assert "empty.h5: got an empty file" in status.message
    assert not (job.folder / "results").exists()
