"""What a search leaves on disk, whatever ended it, and who may go on with it."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from dataclasses import asdict

import pytest

from pulsetrain.data import DataError
from pulsetrain.tuning._journal import Journal
from pulsetrain.tuning.search import Evaluation, Setting

SEARCH = {"options": {"seed": 1}}
NAN = float("nan")


def evaluation(n_indexed: int) -> Evaluation:
    return Evaluation(Setting(5.0, 2, 0.12), 20, 15, n_indexed, 30.0, NAN, 0.4, 1.5)


def fill(folder, count=3):
    with Journal(folder, SEARCH) as journal:
        for k in range(count):
            journal.add(evaluation(k))
    return folder / "evaluations.jsonl"


def test_evaluations_come_back_as_they_were(tmp_path):
    fill(tmp_path / "out")
    with Journal(tmp_path / "out", SEARCH) as journal:
        assert [repr(each) for each in journal.evaluations] == [repr(evaluation(k)) for k in range(3)]


def test_a_line_that_was_cut_off_is_dropped_and_the_others_are_never_rewritten(tmp_path):
    file = fill(tmp_path / "out")
    whole = file.read_bytes()
    with file.open("ab") as opened:
        opened.write(whole[:30])
    inode = file.stat().st_ino
    with Journal(tmp_path / "out", SEARCH) as journal:
        assert len(journal.evaluations) == 3
    assert file.read_bytes() == whole
    assert file.stat().st_ino == inode


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "7",
        "",
        "\0\0\0",
        "\u2028",
        json.dumps({**asdict(evaluation(1)), "n_patterns": "many"}),
        json.dumps({**asdict(evaluation(1)), "n_indexed": 21}),
        json.dumps({**asdict(evaluation(0)), "n_patterns": 0, "n_hits": 0}),
        json.dumps({**asdict(evaluation(1)), "setting": {"min_snr": -1.0, "min_pix_count": 2, "clen": 0.1}}),
        json.dumps({name: value for name, value in asdict(evaluation(1)).items() if name != "setting"}),
    ],
)
def test_a_damaged_evaluation_is_one_line_that_names_the_file_and_its_line(tmp_path, line):
    file = fill(tmp_path / "out")
    lines = file.read_text().split("\n")
    lines[1] = line
    damaged = "\n".join(lines)
    file.write_text(damaged)
    with pytest.raises(DataError, match=r"^\S*evaluations\.jsonl, line 2: got .* Next: remove that line.*\.$"):
        Journal(tmp_path / "out", SEARCH)
    assert file.read_text() == damaged


def test_two_runs_never_write_into_the_same_search(tmp_path):
    out = tmp_path / "out"
    fill(out)
    code = (
        "import sys, time; from pathlib import Path; from pulsetrain.tuning._journal import Journal\n"
        f"journal = Journal(Path({str(out)!r}), {SEARCH!r}); print('mine', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "mine\n"
        with pytest.raises(FileExistsError, match="another run is at work"):
            Journal(out, SEARCH)
        other.kill()
        other.wait()
    time.sleep(0.05)
    with Journal(out, SEARCH) as journal:
        assert len(journal.evaluations) == 3


def test_a_search_in_which_nothing_was_evaluated_stands_in_nobodys_way(tmp_path):
    out = tmp_path / "out"
    Journal(out, SEARCH).close()
    assert not out.exists()
    # As kill -9 leaves it: before the first evaluation, or even before there is a record.
    out.mkdir()
    Journal(out, SEARCH).close()
    (out / ".search.json.12ab.tmp").write_text("{")
    (out / "evaluations.jsonl").touch()
    with Journal(out, SEARCH):
        pass
    with Journal(out, {"options": {"seed": 2}}) as other:
        other.add(evaluation(1))
    with pytest.raises(FileExistsError, match="other input or options"):
        Journal(out, SEARCH)


@pytest.mark.parametrize("held", ["notes.txt", "evaluations.jsonl"])
def test_a_folder_of_something_else_is_refused(tmp_path, held):
    (tmp_path / held).write_text("mine\n")
    with pytest.raises(FileExistsError, match="no search"):
        Journal(tmp_path, SEARCH)
    assert [file.name for file in tmp_path.iterdir()] == [held]


def test_a_file_in_place_of_the_folder_is_refused(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(FileExistsError, match="no search"):
        Journal(tmp_path / "out", SEARCH)
