from __future__ import annotations

import inspect

import nbformat
import pytest
from click.testing import CliRunner

from pulsetrain.cli import main
from pulsetrain.methods import methods
from pulsetrain.options import Options


@pytest.fixture
def run():
    return lambda *arguments: CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_methods_are_listed(run):
    assert [line.split()[0] for line in run("methods").output.splitlines()] == list(methods())


@pytest.mark.parametrize("method", methods().values(), ids=lambda method: method.name)
def test_every_option_of_a_method_is_on_the_command_line(run, method):
    shown = run(method.name, "--help").output
    model: type[Options] = method.load(method.options)
    for name in model.model_fields:
        assert f"--{name.replace('_', '-')}" in shown


@pytest.mark.parametrize("method", methods().values(), ids=lambda method: method.name)
def test_every_method_is_told_which_part_of_an_input_is_meant(run, method):
    shown = run(method.name, "--help").output
    assert "PATH" in shown
    taken = inspect.signature(method.load(method.command)).parameters
    for name in ("source", "key"):
        assert f"--{name}" in shown
        assert taken[name].default is None


@pytest.mark.parametrize("method", methods())
def test_a_missing_input_is_one_clear_line_and_nothing_is_written(run, method, tmp_path):
    done = run(method, tmp_path / "nowhere", "-o", tmp_path / "out")
    assert done.exit_code == 1
    assert "nowhere" in done.output
    assert "Traceback" not in done.output
    assert list(tmp_path.iterdir()) == []


def test_an_option_out_of_bounds_is_refused_by_name(run, tmp_path):
    done = run("spectra", tmp_path, "-o", tmp_path / "out", "--steps", "-3")
    assert done.exit_code == 1
    assert "--steps: got -3" in done.output


def test_options_at_odds_are_named_as_they_are_typed(run, tmp_path):
    done = run("tuning", tmp_path, "-o", tmp_path / "out", "--min-res", 500, "--max-res", 400)
    assert done.exit_code == 1
    assert "--max-res: got 400, allowed --min-res (500 px) or more; raise it, or lower --min-res\n" in done.output


def test_files_among_the_options_are_refused_by_the_name_of_the_option(run, tmp_path):
    (tmp_path / "bad.geom").write_text("photon_energy = nine\np0/min_fs = 0\n")
    (tmp_path / "bad.cell").write_text("nonsense")
    data = ["tuning", tmp_path, "-o", tmp_path / "out"]
    assert "Error: --geometry: missing; " in run(*data, "--cell", "a.cell").output
    assert "Error: --geometry: a.geom: got no such geometry" in run(*data, "--geometry", "a.geom", "--cell", "b").output
    shown = run(*data, "--geometry", tmp_path / "bad.geom", "--cell", tmp_path / "bad.cell").output
    assert f"Error: --geometry: {tmp_path / 'bad.geom'}: got photon_energy = nine; allowed" in shown
    assert not (tmp_path / "out").exists()


def test_an_option_that_has_no_default_worth_naming_says_none(run):
    shown = " ".join(run("tuning", "--help").output.split())
    assert "needed for patterns of your own. --cell" in shown
    assert "default ''" not in shown


def test_templates_are_listed_with_their_parameters(run):
    shown = run("report", "list").output
    assert "spectra" in shown
    assert "network" in shown


def test_listed_parameters_come_with_what_they_allow(run, tmp_path):
    cell = (
        "from typing import Literal\n"
        "min_snr: float = 5.0  # Least signal-to-noise ratio. [σ] {2 .. 15}\n"
        "steps: int | None = None  # Steps. {1 ..}\n"
        'engine: Literal["native", "crystfel"] = "native"  # Who indexes.\n'
        "sample: str  # What was measured."
    )
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell, metadata={"tags": ["parameters"]})])
    nbformat.write(notebook, tmp_path / "own.ipynb")
    shown = run("report", "list", "--templates", tmp_path).output
    assert "    min_snr = 5.0  Least signal-to-noise ratio.  [2 … 15 σ]\n" in shown
    assert "    steps = None  Steps.  [1 …]\n" in shown
    assert "    engine = 'native'  Who indexes.  [native|crystfel]\n" in shown
    assert "    sample = required  What was measured.\n" in shown


def test_a_report_with_a_wrong_parameter_makes_no_job(run, tmp_path):
    done = run("report", "run", "spectra", "-p", "path=x", "-p", "netwrok=cnn", "-o", tmp_path / "jobs")
    assert done.exit_code == 1
    assert "did you mean 'network'" in done.output
    assert not (tmp_path / "jobs").exists()


def test_a_parameter_without_an_equals_sign_is_refused(run, tmp_path):
    done = run("report", "run", "spectra", "-p", "path", "-o", tmp_path)
    assert done.exit_code == 2
    assert "NAME=VALUE" in done.output


def test_the_example_workspace_can_be_opened(run, tmp_path):
    import pulsetrain

    assert run("example", tmp_path / "example").exit_code == 0
    assert pulsetrain.open_spectra(tmp_path / "example" / "series").sizes == {"spectrum": 120, "channel": 1500}
    assert (tmp_path / "example" / "courses" / "spectra.ipynb").is_file()
    patterns = pulsetrain.open_frames(tmp_path / "example" / "crystals" / "experiment.h5")
    assert patterns.shape == (96, 4, 512, 128)
    again = run("example", tmp_path / "example")
    assert again.exit_code == 1
    assert "exists" in again.output


def test_a_failed_report_is_run_again_by_resume(run, tmp_path):
    flag = tmp_path / "flag"
    notebook = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell("number = 1", metadata={"tags": ["parameters"]}),
            nbformat.v4.new_code_cell(f"import pathlib\nassert pathlib.Path({str(flag)!r}).exists()"),
        ]
    )
    nbformat.write(notebook, tmp_path / "trial.ipynb")
    failed = run("report", "run", tmp_path / "trial.ipynb", "-o", tmp_path / "jobs")
    assert failed.exit_code == 1
    assert "AssertionError" in failed.output
    flag.touch()
    (job,) = (folder for folder in (tmp_path / "jobs").iterdir() if (folder / "job.json").is_file())
    again = run("report", "resume", job)
    assert again.exit_code == 0, again.output
    assert str(job / "report.html") in again.output
    assert " done " in run("jobs", tmp_path / "jobs").output


def test_a_folder_without_jobs_is_said_to_be_one(run, tmp_path):
    assert "no jobs in" in run("jobs", tmp_path).output
