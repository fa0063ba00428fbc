"""A plan names the paths among its values that lead nowhere, and only these."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pulsetrain.reports import plan_batch
from pulsetrain.reports._absent import absent_paths

CELL = """
run: int = 1
path: str = ""
mask_file: str = ""
geometry: str = ""
key: str = ""
n: int = 1
files: list[str] = []
"""


@pytest.fixture
def warnings(template: Callable[..., Path], tmp_path: Path) -> Callable[..., list[str]]:
    """Plan a batch in a folder with the runs 1 and 2, and return what is said of its paths."""
    for run in ("r0001", "r0002"):
        (tmp_path / "raw" / run).mkdir(parents=True)

    def plan(values: dict[str, Any], **batch: Any) -> list[str]:
        notebook = template("print(run)", parameters=CELL.strip())
        return absent_paths(plan_batch(notebook, values, root=tmp_path / "jobs", cwd=tmp_path, **batch))

    return plan


def test_a_path_that_is_not_there_is_named(warnings):
    assert warnings({"path": "/no/such/run"}) == ["path: /no/such/run is not there, seen from this machine"]


def test_of_many_runs_those_without_a_folder_are_counted_and_the_first_named(warnings, tmp_path):
    found = warnings({"path": f"{tmp_path}/raw/r{{run:04d}}"}, runs="1-9")
    absent = ", ".join(f"{tmp_path}/raw/r000{run}" for run in (3, 4, 5))
    assert found == [f"path: 7 of 9 are not there, seen from this machine: {absent} and 4 more"]


@pytest.mark.parametrize("text", ["raw/r0001", "raw", "raw/r*", "{tmp_path}/raw/r000[12]", "", " ", "~"])
def test_what_is_there_is_no_warning_relative_ones_and_patterns_too(warnings, tmp_path, text):
    assert warnings({"path": text.replace("{tmp_path}", str(tmp_path)), "mask_file": text and "raw"}) == []


@pytest.mark.parametrize("text", ["raw/r0003", "raw/q*", "x" * 5000, "a\0b", "~nobody-of-this-name/x"])
def test_what_leads_nowhere_is_a_warning_whatever_it_is(warnings, text):
    (warning,) = warnings({"mask_file": text})
    assert warning.startswith("mask_file: ")


def test_a_dataset_in_a_file_is_no_path_and_a_place_below_a_folder_of_this_machine_is(warnings, tmp_path):
    found = warnings({"key": "/entry_1/data_1/data", "geometry": f"{tmp_path}/agipd.geom", "files": ["raw", "gone"]})
    assert [text.partition(":")[0] for text in found] == ["geometry", "files"]
    assert warnings({}, grid={"path": ["raw", "gone"], "n": [1, 2]}) == [
        "path: 1 of 2 are not there, seen from this machine: gone"
    ]


@pytest.mark.parametrize("text", ["/**/no_such*", "raw/**/r0003", "raw/r0003/**", "**"])
def test_nothing_is_said_of_a_pattern_for_all_folders_below_one(warnings, text):
    assert warnings({"path": text}) == []


@pytest.mark.parametrize(
    ("text", "there"),
    [
        ("r*/r000[12]", True), ("r*/r000[3-9]", False), ("*/../raw/r0001", True), ("raw/*/x", False),
        ("{tmp_path}/*/r000?", True), ("{tmp_path}/*/r000?/", True), ("{tmp_path}/jobs*/r*", False),
        ("[", False), ("ra[w]", True), ("/*", True), ("/no_such*/x", False), ("link*/r0001", True), ("loop*/r*", False),
    ],
)  # fmt: skip
def test_a_pattern_is_looked_up_as_a_shell_does(warnings, tmp_path, text, there):
    (tmp_path / "link").symlink_to(tmp_path / "raw")
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    found = warnings({"path": text.replace("{tmp_path}", str(tmp_path))})
    assert len(found) == (0 if there else 1)


def test_a_pattern_for_countless_files_is_given_up_and_nothing_said_of_it(warnings, tmp_path):
    (tmp_path / "back").symlink_to(tmp_path)
    (tmp_path / "again").symlink_to(tmp_path)
    began = time.process_time()
    found = warnings({"path": "/".join(["[ab]*"] * 40 + ["no_such*"]), "mask_file": "no_such_mask"})
    assert [text.partition(":")[0] for text in found] in ([], ["mask_file"])
    assert time.process_time() - began < 3.0


def test_a_hundred_thousand_jobs_are_looked_at_as_far_as_two_thousand_paths(tmp_path):
    class Rows(list):
        """Counts how many are read."""

        read = 0

        def __iter__(self):
            for row in super().__iter__():
                self.read += 1
                yield row

    rows = Rows({"path": f"/no/such/{number}", "n": number} for number in range(100_000))
    (told,) = absent_paths(SimpleNamespace(rows=rows, prepared=SimpleNamespace(cwd=tmp_path)))
    assert told.startswith("path: 2000 of 2000 are not there")
    assert rows.read == 2_000
