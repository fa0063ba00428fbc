"""A report says what its numbers were made from: what lay there when the job began, and what changed meanwhile."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pulsetrain.reports import Job, _inputs, submit
from pulsetrain.reports._inputs import PROVENANCE, check_inputs, note_inputs, provenance_facts


def note(cwd: Path, **values: Any) -> dict[str, Any]:
    """Note the inputs of a job that starts in a folder, and return what was written."""
    job = cwd / "jobs" / "one"
    job.mkdir(parents=True, exist_ok=True)
    note_inputs(Job(job), {"cwd": str(cwd), "parameters": values})
    content: dict[str, Any] = json.loads((job / PROVENANCE).read_text())
    return content


def changed(cwd: Path) -> dict[str, str]:
    """Return what is different since, by name of the input."""
    check_inputs(Job(cwd / "jobs" / "one"))
    facts = provenance_facts(Job(cwd / "jobs" / "one"), {})
    return {Path(path).name: text for path, text in facts.get("Inputs that changed while the job ran", {}).items()}


def test_a_report_names_its_inputs_with_their_hash_as_they_were_before_the_first_cell(
    template: Callable[..., Path], root: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "peaks.csv").write_text("1,2\n")
    (data / "mask.bin").write_bytes(b"\0" * 1234)
    spoils = "from pathlib import Path; Path(peaks).write_text('3,4,5\\n')"
    path = template(spoils, parameters="peaks = ''\nfolder = 'data'\nseed = 7")
    job = submit(path, {"peaks": "data/peaks.csv"}, root, cwd=tmp_path)
    assert job.wait(60).state == "done", job.log()
    html = (job.folder / "report.html").read_text()
    assert hashlib.sha256(b"1,2\n").hexdigest() in html
    assert str(data / "peaks.csv") in html
    assert "Inputs that changed while the job ran" in html
    assert "has other content" in html
    read = json.loads((job.folder / PROVENANCE).read_text())
    assert {item["parameter"]: item["size"] for item in read["inputs"]} == {"peaks": 4, "folder": 1238}
    assert read["seed"] == 7


def test_names_are_found_in_lists_and_only_what_exists_is_an_input(tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        (tmp_path / name).write_text(name)
    values = {
        "runs": ["a.h5", "missing.h5", "a.h5"],
        "more": {"x": "b.h5"},
        "odd": ["", "\n", "\0", "x" * 5000, 3, None],
    }
    assert [(item["parameter"], item["path"]) for item in note(tmp_path, **values)["inputs"]] == [
        ("runs", str(tmp_path / "a.h5")),
        ("more", str(tmp_path / "b.h5")),
    ]


def test_a_folder_is_told_by_number_size_and_newest_file_without_the_jobs_that_lie_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep" / "er").mkdir(parents=True)
    for number, name in enumerate(("one", "deep/two", "deep/er/three")):
        (tmp_path / name).write_bytes(b"x" * 10**number)
        os.utime(tmp_path / name, (1e9 + number, 1e9 + number))
    (tmp_path / "lost").symlink_to("nowhere")
    (tmp_path / "deep" / "round").symlink_to(tmp_path)
    (folder,) = note(tmp_path, here=".")["inputs"]
    assert (folder["kind"], folder["files"], folder["size"], folder["modified"]) == ("folder", 3, 111, 1e9 + 2)
    assert not changed(tmp_path)  # though provenance.json has been written in it meanwhile


@pytest.mark.parametrize(
    ("happens", "told"),
    [
        (Path.stat, ""),
        (lambda file: os.utime(file, (1e9, 1e9)), ""),  # the same content is the same input
        (lambda file: file.write_text("other"), "has other content"),
        (lambda file: file.unlink(), "is no longer there"),
        (lambda file: (file.unlink(), file.mkdir()), "became a folder"),
    ],
)
def test_a_file_has_changed_if_its_content_has(tmp_path: Path, happens: Callable[[Path], Any], told: str) -> None:
    (tmp_path / "file").write_text("some")
    note(tmp_path, path="file")
    happens(tmp_path / "file")
    assert told in changed(tmp_path).get("file", "")
    assert bool(told) == bool(changed(tmp_path))


def test_a_large_file_is_told_by_size_and_time_and_costs_nothing(tmp_path: Path) -> None:
    with (tmp_path / "raw.h5").open("wb") as file:
        file.truncate(10**12)
    began = time.process_time()
    (large,) = note(tmp_path, path="raw.h5")["inputs"]
    assert time.process_time() - began < 0.1
    assert (large["size"], large["sha256"]) == (10**12, "")
    os.utime(tmp_path / "raw.h5", (1e9, 1e9))
    assert "another size or time" in changed(tmp_path)["raw.h5"]


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (pipe,) = note(tmp_path, path="pipe")["inputs"]
    assert pipe["sha256"] == ""


def test_slurms_names_and_the_gpus_that_may_be_used_are_told_as_they_stand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLURM_JOB_ID", "1241")
    monkeypatch.setenv("SLURM_ARRAY_JOB_ID", "1234")
    monkeypatch.setenv("SLURM_ARRAY_TASK_ID", "7")
    monkeypatch.setenv("SLURMD_NODENAME", "max-exfl123")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2")
    note(tmp_path)
    facts = provenance_facts(Job(tmp_path / "jobs" / "one"), {})
    told = {"job": "1241", "array job": "1234", "array task": "7", "node": "max-exfl123"}
    assert told.items() <= facts["SLURM"].items()
    assert "CUDA_VISIBLE_DEVICES='2'" in facts["GPUs"]
    assert "GPUs" not in provenance_facts(Job(tmp_path / "jobs" / "one"), {"device": "cuda:0"})


def test_gpus_are_named_as_the_driver_names_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for bus in ("0000:07:00.0", "0000:0f:00.0"):
        (tmp_path / "gpus" / bus).mkdir(parents=True)
        text = "Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ:   \t\t 186\nGPU UUID: \t GPU-0\n"
        (tmp_path / "gpus" / bus / "information").write_text(text)
    monkeypatch.setattr(_inputs, "_GPUS", tmp_path / "gpus")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert note(tmp_path)["gpus"] == "2 × NVIDIA A100-SXM4-40GB"


def test_what_the_notebook_states_itself_is_not_said_twice(tmp_path: Path) -> None:
    note(tmp_path, seed=5)
    assert provenance_facts(Job(tmp_path / "jobs" / "one"), {})["Seed"] == "5"
    assert "Seed" not in provenance_facts(Job(tmp_path / "jobs" / "one"), {"seed": 6})


@pytest.mark.parametrize("content", ["", "[]", '{"inputs": 3, "gpus": [], "slurm": 1}', '{"inputs": [{"path": 1}, 2]}'])
def test_a_record_of_somebody_elses_making_spoils_no_report(tmp_path: Path, content: str) -> None:
    (tmp_path / PROVENANCE).write_text(content)
    check_inputs(Job(tmp_path))
    assert provenance_facts(Job(tmp_path), {}) == {}
