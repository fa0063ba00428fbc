"""The report template of the clustering method: its parameters are the method's, its pages light and whole."""

from __future__ import annotations

import json
import re
import runpy
from pathlib import Path

import nbformat
import numpy as np
import pytest
import xarray as xr

from pulsetrain import open_frames
from pulsetrain.clustering import FrameClusterer
from pulsetrain.clustering.selection import read_pulses
from pulsetrain.panels.clustering_report import ClusteringReport
from pulsetrain.reports import find_template, read_parameters, shipped_folder, submit
from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

TEMPLATE = shipped_folder("reports") / "clustering.ipynb"


def test_the_form_asks_first_for_what_a_user_has_to_give():
    assert list(read_parameters(TEMPLATE).model_fields)[:4] == ["path", "geometry", "source", "key"]


def test_the_form_says_that_an_empty_path_means_simulated_particles():
    assert "empty: SIMULATED particles" in read_parameters(TEMPLATE).model_fields["path"].description
    assert ClusteringReport().path == ""


def test_the_template_says_what_it_does():
    template = find_template("clustering")
    assert template.title == "Clustering: which frames show a single particle?"
    assert template.summary.startswith("Sorts frames without any label")


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """A run of frames, and beside it what users give by mistake."""
    folder = tmp_path_factory.mktemp("given")
    options = ParticleOptions(n_patterns=160, size=64, pixel_size=1.2e-3, photons=(1e3, 1e4))
    simulate_particles(options, seed=2).write_run(folder / "r0007")
    simulate_crystals(CrystalOptions(n_patterns=2, detector="agipd-mini"), seed=1).write_hdf5(folder / "modules.h5")
    (folder / "notes.h5").write_text("no HDF5 at all")
    (folder / "empty.h5").touch()
    return folder


def printed(job):
    cells = nbformat.read(job.folder / "notebook.ipynb", 4).cells
    outputs = [output for cell in cells if cell.cell_type == "code" for output in cell.outputs]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def test_a_run_makes_a_whole_offline_report_and_hands_its_single_hits_over(files, tmp_path, monkeypatch):
    job = submit("clustering", {"path": "r0007", "epochs": 0, "side": 64}, tmp_path, cwd=files)
    assert job.wait(280).state == "done", job.log()[-2000:]
    html = job.report.read_text(encoding="utf-8")
    assert len(html.encode()) < 5e6
    assert not re.search(r"""<(script|link|img)[^>]+(src|href)=["']https?:""", html)
    headings = ("The frames", "Learning", "What the frames show", "Beside the truth", "Clusters", "Galleries")
    places = [html.index(f">{heading}<") for heading in (*headings, "To go on with", "Measures")]
    assert places == sorted(places)
    assert "160 frames of 5 trains; pixels: 64 y × 64 x; values in photons" in html
    assert "Physics alone" in html
    assert 'download="single.csv"' in html
    assert html.count("data:image/png;base64") >= 3  # a gallery of each kind

    metrics = json.loads((job.folder / "metrics.json").read_text())
    assert metrics["frames"] == sum(metrics[name] for name in ("none", "single", "multiple", "unsure")) == 160
    assert metrics["single_low"] < metrics["single_share"] < metrics["single_high"]
    assert metrics["precision"] > 0.9  # of bright hits: the truth lies beside the run
    assert metrics["recall"] > 0.9
    assert re.fullmatch(r"[0-9a-f]{64}", metrics["provenance"]["fingerprint of the input"])

    results = job.folder / "results"
    assert {file.name for file in results.iterdir()} == {"result.zarr", "single.csv"}
    stored = xr.open_zarr(results / "result.zarr")
    pulses = read_pulses(results / "single.csv")
    assert metrics["single"] == len(pulses) == int((stored["hit"] == "single").sum())
    lines = re.search(r"from pulsetrain\.clustering\.selection import .*?(?=\n\nTo sort)", printed(job), re.DOTALL)
    monkeypatch.chdir(files)
    said: dict[str, xr.DataArray] = {}
    exec(lines[0], said)  # noqa: S102 - what the report tells users to type
    frames = open_frames("r0007")
    np.testing.assert_array_equal(said["single"], frames.isel(pattern=pulses.index.to_numpy()))
    again = FrameClusterer.load(results / "result.zarr" / "model").predict(frames)
    np.testing.assert_array_equal(again["hit"], np.asarray(stored["hit"], dtype="U8"))


def test_the_simulated_example_says_so_and_learns_a_latent_space(tmp_path):
    job = submit("clustering", {"epochs": 1, "sample": 200}, tmp_path)
    assert job.wait(280).state == "done", job.log()[-2000:]
    html = job.report.read_text(encoding="utf-8")
    assert len(html.encode()) < 5e6
    assert html.index("<strong>Simulated particles, not your data:</strong>") < html.index(">The frames<")
    assert "A latent space was learnt from 200 frames; rounds over all of them: 1." in html
    assert "Map of the latent space (UMAP)" in html
    metrics = json.loads((job.folder / "metrics.json").read_text())
    assert metrics["simulated"] is True
    assert "latent" in xr.open_zarr(job.folder / "results" / "result.zarr")


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"path": "modules.h5"}, "geometry: got none for frames of 4 × 512 × 128 pixels"),
        ({"path": "modules.h5", "geometry": "nowhere.geom"}, "geometry: "),
        ({"path": "", "geometry": "modules.geom"}, "path: missing; give the frames of this geometry"),
        ({"path": "notes.h5"}, "notes.h5: got a file that HDF5 cannot open"),
        ({"path": "empty.h5"}, "empty.h5: got an empty file"),
        ({"path": "nowhere"}, "nowhere: got"),
        ({"epochs": -1}, "epochs: got -1"),
        ({"scheduler": "tcp://127.0.0.1:9"}, "scheduler: got 'tcp://127.0.0.1:9', allowed the address or file of a"),
    ],
)
def test_bad_input_is_refused_with_one_clear_line_in_the_cell_that_opens(files, tmp_path, monkeypatch, changed, words):
    parameters, opening, *_ = (cell.source for cell in nbformat.read(TEMPLATE, 4).cells if cell.cell_type == "code")
    given = {"path": "r0007"} | changed
    (tmp_path / "begin.py").write_text(f"{parameters}\nglobals().update({given!r})\n{opening}")
    monkeypatch.chdir(files)
    monkeypatch.setattr("pulsetrain.clustering.command._PATIENCE", 1)
    with pytest.raises(ValueError, match=rf"\A{re.escape(words)}") as caught:
        runpy.run_path(str(tmp_path / "begin.py"))
    assert "\n" not in str(caught.value)


def test_bad_input_fails_the_job_in_its_first_cell_before_anything_is_handed_over(files, tmp_path):
    job = submit("clustering", {"path": "empty.h5"}, tmp_path, cwd=files)
    status = job.wait(120)
    assert status.state == "failed"
    assert status.message.startswith("cell 3 of ")  # the parameters, what was given, what opens
    assert "empty.h5: got an empty file" in status.message
    assert not (job.folder / "results").exists()
