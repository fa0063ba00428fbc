"""Records of a batch or job are either such as ours in every entry that others rely on, or taken for damaged."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pulsetrain.cli import main
from pulsetrain.reports import Batch, Job, JobError, Status, write_comparison

BATCH = {
    "template": {"name": "toy", "title": "Toy"},
    "runs": "1-2",
    "grid": {"n": [1, 2]},
    "values": {"m": None},
    "varied": ["n"],
    "executor": {"name": "local", "slots": 2},
    "submitted": 1.8e9,
    "provenance": {"remarks": ["slow"], "versions": {"numpy": "2"}},
    "jobs": ["b.0001"],
}
JOB = {
    "template": {"name": "toy"},
    "parameters": {"n": 1},
    "varied": {"n": 1},
    "defaults": {"n": 0},
    "kernel": {"name": "python3"},
    "cwd": "/",
    "injected": "n = 1",
    "executor": {"name": "local"},
    "provenance": {"remarks": []},
}
SPOILT_BATCH = [
    ("grid", {"x": 5}), ("grid", {"x": None}), ("grid", []), ("values", None), ("runs", 5), ("varied", None),
    ("varied", ["n", 1]), ("submitted", 1e20), ("submitted", -1.0), ("submitted", 1e999), ("submitted", 10**400),
    ("submitted", 253402300799), ("submitted", True), ("submitted", None), ("executor", "local"), ("executor", [1]),
    ("executor", {"name": {"a": 1}}), ("provenance", {"remarks": 5}), ("provenance", {"versions": []}),
    ("template", "toy"), ("jobs", {"a": 1}),
]  # fmt: skip
SPOILT_JOB = [
    ("varied", None), ("parameters", [1]), ("defaults", 5), ("executor", "x"), ("kernel", "x"), ("template", None),
    ("provenance", None), ("cwd", 5), ("injected", {}),
]  # fmt: skip


@pytest.fixture
def batch(tmp_path: Path) -> Batch:
    """A batch with one job, which has failed."""
    job = tmp_path / "b" / "b.0001"
    job.mkdir(parents=True)
    write(job.parent / "batch.json", BATCH)
    write(job / "job.json", JOB)
    Status(state="failed", message="no peaks").write(job / "status.json")
    return Batch(job.parent)


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def test_records_such_as_ours_come_whole_and_those_with_less_in_them_too(batch):
    (job,) = batch.jobs()
    assert batch.record == BATCH
    assert job.record == JOB
    write(batch.folder / "batch.json", {"jobs": ["b.0001"], "of_a_later_version": 1})
    assert batch.record == {"jobs": ["b.0001"], "of_a_later_version": 1}


@pytest.mark.parametrize(("name", "value"), SPOILT_BATCH)
def test_a_spoilt_record_of_a_batch_is_a_damaged_one_and_never_an_error(batch, name, value):
    write(batch.folder / "batch.json", BATCH | {name: value})
    assert batch.record == {}
    assert [job.id for job in batch.jobs()] == ["b.0001"]
    assert write_comparison(batch).is_file()
    with pytest.raises(JobError, match=r"batch\.json is missing or damaged; submit the batch anew"):
        batch.resume()


def test_what_a_status_says_is_one_line_that_does_nothing_to_a_terminal(batch):
    path = batch.folder / "b.0001" / "status.json"
    said = {"message": "\x1b]0;title\x07\x1b[2Jall fine\nfaked\tline \u202e", "node": "a\x9b31mb"}
    write(path, json.loads(path.read_text()) | said)
    (status,) = batch.statuses()
    assert status.message == "]0;title [2Jall fine faked line"
    assert status.node == "a 31mb"
    told = CliRunner().invoke(main, ["batch", "status", str(batch.folder)]).output
    assert told.splitlines()[0].endswith("]0;title [2Jall fine faked line")
    assert not {"\x1b", "\x9b", "\x07"} & set(told)


@pytest.mark.parametrize(("name", "value"), SPOILT_JOB)
def test_a_spoilt_record_of_a_job_is_a_damaged_one_and_never_an_error(batch, name, value):
    folder = batch.folder / "b.0001"
    write(folder / "job.json", JOB | {name: value})
    assert Job(folder).record == {}
    told = CliRunner().invoke(main, ["batch", "status", str(batch.folder)])
    assert told.exit_code == 0, told.output
    assert "failed" in told.output
    assert "no peaks" in told.output
    refused = CliRunner().invoke(main, ["report", "resume", str(folder)])
    assert "job.json or template.ipynb is missing" in refused.output
    assert write_comparison(batch).is_file()
