"""The report template of the tuning method: its parameters are the method's, its pages light and whole."""

from __future__ import annotations

import json
import re

import nbformat
import pytest

from pulsetrain.panels.tuning_report import TuningReport
from pulsetrain.reports import find_template, parameters_cell, read_parameters, shipped_folder, submit
from pulsetrain.tuning import TuningOptions

TEMPLATE = shipped_folder("reports") / "tuning.ipynb"


def test_the_parameters_cell_is_the_one_generated_from_the_model():
    [cell] = [c for c in nbformat.read(TEMPLATE, 4).cells if "parameters" in c.metadata.get("tags", [])]
    assert cell.source == parameters_cell(TuningReport)


def test_the_form_takes_the_input_first_and_then_every_option_of_the_method():
    assert list(read_parameters(TEMPLATE).model_fields) == ["path", "source", "key", *TuningOptions.model_fields]


def test_the_template_says_what_it_does():
    template = find_template("tuning")
    assert template.title == "Tuning: which setting indexes most patterns?"
    assert template.summary.startswith("Indexes a part of the patterns")


@pytest.mark.parametrize("folder", ["reports", "course"])
def test_shipped_notebooks_hold_no_output(folder):
    notebook = nbformat.read(shipped_folder(folder) / "tuning.ipynb", 4)
    nbformat.validate(notebook)
    assert all(not c.outputs and c.execution_count is None for c in notebook.cells if c.cell_type == "code")


def run(root, **values):
    job = submit("tuning", values, root)
    return job, job.wait(280)


def test_the_simulated_example_makes_a_whole_offline_report(tmp_path):
    job, status = run(tmp_path, optimiser="scan", evaluations=6, patterns=60, fresh_patterns=30, min_snr=8.0)
    assert status.state == "done", job.log()[-2000:]
    html = job.report.read_text(encoding="utf-8")
    assert len(html.encode()) < 5e6
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']https?:""", html)
    for heading in ("The patterns", "The search", "The crystals", "All settings tried", "To go on with"):
        assert heading in html
    assert "--min-snr=" in html
    assert "[indexamajig_run]" in html
    assert 'download="tuned.geom"' in html
    assert html.count("data:image/png;base64") >= 2  # the patterns
    metrics = json.loads((job.folder / "metrics.json").read_text())
    assert metrics["evaluations"] in (6, 7)  # the last at the camera length that the cells ask for
    assert metrics["rate_after"] > metrics["rate_before"]
    assert metrics["confirmed_low"] <= metrics["confirmed_rate"] <= metrics["confirmed_high"]
    assert re.fullmatch(r"[0-9a-f]{64}", metrics["provenance"]["fingerprint of the input"])


@pytest.mark.parametrize(
    ("missing", "words"),
    [
        ({}, "geometry: missing; CrystFEL geometry file of the detector"),
        ({"geometry": "nowhere.geom", "cell": "a.cell"}, "no such geometry file"),
    ],
)
def test_missing_input_fails_in_the_first_cell_with_one_clear_line(tmp_path, missing, words):
    _, status = run(tmp_path, path="frames.h5", **missing)
    assert status.state == "failed"
    assert words in status.message
    assert "\n" not in status.message.strip()
    assert status.cell <= 4  # heading, parameters, heading, input
