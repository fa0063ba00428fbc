"""The report template of the spectra method: its parameters are the method's, its pages light and whole."""

from __future__ import annotations

import json
import re

from pulsetrain.reports import find_template, submit

QUICK = {"members": 2, "steps": 5, "augment": 2}


def test_the_template_says_what_it_does():
    template = find_template("spectra")
    assert template.title == "Spectra: where does the series switch?"
    assert "interval" not in template.title
    assert template.summary.startswith("Opens an ordered series of spectra")


def run(root, **values):
    job = submit("spectra", QUICK | values, root)
    status = job.wait(240)
    assert status.state == "done", job.log()[-2000:]
    return job


def check_page(job):
    html = job.report.read_text(encoding="utf-8")
    assert len(html.encode()) < 5e6
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']https?:""", html)
    for heading in ("The series", "Where it switches", "Beside what needs no network", "What the decision rests on"):
        assert heading in html
    assert "gap middle" in html
    return html


def test_a_path_that_leads_nowhere_fails_in_the_first_cell_after_the_parameters(tmp_path):
    job = submit("spectra", QUICK | {"path": str(tmp_path / "nowhere")}, tmp_path / "jobs")
    status = job.wait(240)
    assert (status.state, status.cell) == ("failed", 3)  # the parameters, what was given, what reads
    assert "DataError" in status.message
    assert "nowhere" in status.message


def test_a_simulated_series_makes_a_whole_offline_report(tmp_path):
    job = run(tmp_path, network="conv_sct", members=1)
    html = check_page(job)
    assert "Temporal attention" in html
    metrics = json.loads((job.folder / "metrics.json").read_text())
    assert metrics["transition_low"] <= metrics["transition"] <= metrics["transition_high"]
    assert abs(metrics["transition"] - 59.5) < 2  # the example's boundary lies in the middle of 120 spectra


def test_the_lamno3_series_is_reported_with_its_temperature_and_fingerprint(tmp_path, measured):
    folder = measured / "spectra" / "LaMnO3_pdf"
    job = run(tmp_path, path=str(folder), labels="300..700 K:0, 800..1150 K:1")
    html = check_page(job)
    assert "temperature (K)" in html
    metrics = json.loads((job.folder / "metrics.json").read_text())
    assert metrics["provenance"]["input"] == str(folder)
    assert re.fullmatch(r"[0-9a-f]{64}", metrics["provenance"]["fingerprint of the input"])
    # 300, 550, 650, 700, 720, 730, 740, 750, 800 K …: from spectrum 0 on, 700 K is number 3 and 800 K number 8.
    assert metrics["gap_middle"] == 5.5
    assert 700 < metrics["transition_at"]["value"] < 800  # where the labels leave a gap
    assert metrics["transition_at"]["unit"] == "K"
