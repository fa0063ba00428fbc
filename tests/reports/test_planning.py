"""A batch is planned whole before anything is written: runs × grid, each value validated, texts left alone."""

from __future__ import annotations

import ast
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from pulsetrain.cli import main
from pulsetrain.options import OptionError
from pulsetrain.reports import Local, parse_runs, parse_values, plan_batch, read_parameters
from pulsetrain.reports.planning import typed_values

CELL = """
run: int = 1  # Run. {1 ..}
x: float = 2.0  # A length. [mm] {0 .. 10}
n: int = 3
name: str = "a"
kind: Literal["one", "two"] = "one"
names: list[str] = []
"""


@pytest.fixture
def path(template: Callable[..., Path]) -> Path:
    return template("print(run)", parameters=CELL.strip())


@pytest.mark.parametrize(
    ("text", "runs"),
    [
        ("10-13,31", [10, 11, 12, 13, 31]),
        (" 3 - 5 ; 4  9", [3, 4, 5, 9]),
        ("7", [7]),
        ("1..3", [1, 2, 3]),
        ("2–4", [2, 3, 4]),
        ("", []),
    ],
)
def test_list_of_runs_is_read(text: str, runs: list[int]) -> None:
    assert parse_runs(text) == runs


@pytest.mark.parametrize("text", ["a", "3-1", "1-", "-3", "1.5", "1-999999999", "0x10", "٣", "9" * 5000])
def test_list_of_runs_that_is_none_is_refused_by_name(text: str) -> None:
    with pytest.raises(OptionError, match=r"^runs: got"):
        parse_runs(text)


def test_number_that_is_no_run_is_refused_and_not_cut_off() -> None:
    assert parse_runs(np.array([12, 10, 12])) == [12, 10]
    with pytest.raises(OptionError, match=r"^runs: "):
        parse_runs([12.5])  # type: ignore[list-item]


@given(st.lists(st.integers(1, 9999), min_size=1, max_size=30))
def test_list_of_runs_keeps_each_once_and_in_order(runs: list[int]) -> None:
    assert parse_runs(",".join(map(str, runs))) == list(dict.fromkeys(runs))


def test_one_job_is_planned_for_each_run_and_each_combination(path: Path, tmp_path: Path) -> None:
    values = {"name": "/gpfs/r{run:04d}/{run}"}
    plan = plan_batch(path, values, runs="9-10", grid={"x": [1, 2.5], "n": [3]}, root=tmp_path / "jobs")
    assert [(row["run"], row["x"], row["n"], row["name"]) for row in plan.rows] == [
        (9, 1.0, 3, "/gpfs/r0009/9"),
        (9, 2.5, 3, "/gpfs/r0009/9"),
        (10, 1.0, 3, "/gpfs/r0010/10"),
        (10, 2.5, 3, "/gpfs/r0010/10"),
    ]
    assert set(plan.varied) == {"run", "x", "name"}
    assert ast.literal_eval(plan.cell(3).splitlines()[-1].partition(" = ")[2]) is not None
    assert not (tmp_path / "jobs").exists()


def test_run_goes_into_a_path_where_the_template_has_no_such_parameter(template: Callable[..., Path]) -> None:
    path = template("1", name="other", parameters='path: str = ""')
    plan = plan_batch(path, {"path": "r{run:05d}.h5"}, runs="7", root="jobs")
    assert [row["path"] for row in plan.rows] == ["r00007.h5"]
    with pytest.raises(OptionError, match=r"^runs: the template has no parameter 'run'; write \{run\}"):
        plan_batch(path, {"path": "r.h5"}, runs="7", root="jobs")
    with pytest.raises(OptionError, match=r"write \{run\} or \{run:04d\} instead of \{rum:04d\}$"):
        plan_batch(path, {"path": "r{rum:04d}.h5"}, runs="7", root="jobs")


@given(text=st.text())
def test_nothing_but_the_place_of_a_run_is_replaced(text: str) -> None:
    from pulsetrain.reports.planning import _placed

    hostile = f"{text}{{run.__class__}}{{0}}%(run)s$run{{run!r}}{{run:>99}}"
    assert "{run}" in text or "{run:0" in text or _placed(hostile, 7) == hostile


def test_place_of_a_run_is_refused_where_no_runs_are_given(path: Path) -> None:
    with pytest.raises(OptionError, match=r"^runs: got none, and a text holds \{run\}"):
        plan_batch(path, {"name": "a/r{run:04d}"}, root="jobs")


@pytest.mark.parametrize(
    ("values", "runs", "grid", "said"),
    [
        ({"x": 11}, "", {}, r"^x: got 11, allowed 0 … 10 mm \(job 1\)$"),
        ({}, "", {"x": [1, 99]}, r"^x: got 99, allowed 0 … 10 mm \(job 2\)$"),
        ({}, "", {"y": [1]}, "^y: no such parameter; known: run, x"),
        ({}, "", {"nam": ["b"]}, "^nam: no such parameter; did you mean 'name'"),
        ({"x": 1}, "", {"x": [1]}, "^x: is given and varied"),
        ({"run": 3}, "1-2", {}, "^run: is given, and a list of runs too"),
        ({}, "", {"x": []}, "^x: no values"),
        ({}, "", {"x": 2}, r"^x: got 2, allowed a list of the values to take, such as \[2\]"),
        ({}, "", {"name": "ab"}, r"^name: got 'ab', allowed a list of the values to take"),
        ({}, "1-1000", {"n": list(range(1000))}, "^grid: comes to 1000000 jobs"),
        ({}, "0-1", {}, r"^run: got 0, allowed 1 … \(job 1\)"),
    ],
)
def test_what_cannot_be_is_refused_by_name_before_anything_is_written(
    path: Path, values: dict[str, object], runs: str, grid: dict[str, Any], said: str
) -> None:
    with pytest.raises(OptionError, match=said):
        plan_batch(path, values, runs=runs, grid=grid, root=path.parent / "jobs")
    assert not (path.parent / "jobs").exists()


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("x", "1, 2.5", [1.0, 2.5]),
        ("x", "1:2:0.25", [1.0, 1.25, 1.5, 1.75, 2.0]),
        ("x", "0.1:0.3:0.1", [0.1, 0.2, 0.3]),
        ("n", "1:9:4", [1, 5, 9]),
        ("x", "3:1:-1", [3.0, 2.0, 1.0]),
        ("name", "a, b", ["a", "b"]),
        ("name", "1:3:1", ["1:3:1"]),
        ("name", '["a, b", "c"]', ["a, b", "c"]),
        ("kind", "one,two", ["one", "two"]),
        ("names", '[["a"], ["b", "c"]]', [["a"], ["b", "c"]]),
    ],
)
def test_values_to_vary_a_parameter_over_are_read_as_typed(
    path: Path, name: str, text: str, values: list[object]
) -> None:
    assert parse_values(read_parameters(path), name, text) == values


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("x", "a"),
        ("x", "1,,b"),
        ("x", " , "),
        ("n", "1:9:0"),
        ("n", "1:9:-1"),
        ("x", "0:inf:1"),
        ("x", "0:1e400:1"),
        ("x", "0:nan:1"),
        ("name", '"a","b"'),
    ],
)
def test_values_that_a_parameter_does_not_take_are_refused_by_name(path: Path, name: str, text: str) -> None:
    with pytest.raises(OptionError, match=f"^{name}: got"):
        parse_values(read_parameters(path), name, text)


def test_faults_of_typed_values_are_said_together(path: Path) -> None:
    with pytest.raises(OptionError, match=r"^x: got 77, .*\nm: no such parameter"):
        typed_values(read_parameters(path), {"x": "77", "m": "1", "name": "5"})
    assert typed_values(read_parameters(path), {"name": "5", "n": "5"}) == {"name": "5", "n": 5}


def test_command_of_a_plan_plans_the_same_batch_again(path: Path, tmp_path: Path) -> None:
    values = {"name": "it's {run:03d} $(id)\n", "names": ["a b", "c"]}
    grid = {"x": [0.5, 1.5], "kind": ["one", "two"]}
    plan = plan_batch(
        path,
        values,
        runs="1-2",
        grid=grid,
        root=tmp_path / "j",
        executor=Local(slots=2),
        kernel="python3",
        cwd=tmp_path,
    )
    words = shlex.split(plan.command().partition(" && ")[2])
    assert words[words.index("--kernel") + 1] == "python3"
    assert words[:3] == ["pulsetrain", "batch", "run"]
    shown = CliRunner().invoke(main, [*words[1:], "--dry-run"])
    assert shown.exit_code == 0, shown.output
    assert shown.output.startswith(f"8 jobs in {tmp_path / 'j'}")
    indented = "\n".join(f"    {line}" for line in plan.cell(0).splitlines())
    assert indented in shown.output
    assert not (tmp_path / "j").exists()


def test_dry_run_names_paths_that_are_not_there(path: Path, tmp_path: Path) -> None:
    words = ["batch", "run", str(path), "--vary", f'name=["{tmp_path}", "{tmp_path}/none"]', "-o", str(tmp_path / "j")]
    shown = CliRunner().invoke(main, [*words, "--dry-run"])
    assert shown.stderr == f"Warning: name: 1 of 2 are not there, seen from this machine: {tmp_path}/none\n"
