"""The table of a comparison, as a page, as a CSV file and for pandas: what the jobs' folders hold."""

from __future__ import annotations

import csv
import math

import numpy as np
import pytest
from tests.reports.comparison.jobs import HOSTILE, grid, page_of

from pulsetrain.reports import comparison_table, write_comparison
from pulsetrain.reports._comparison_numbers import Digits, duration


def test_what_differs_is_a_column_and_what_is_common_stands_once_above(batch):
    found = batch(*[{"parameters": {"path": "/data", "min_snr": snr}, "metrics": {"hits": 3}} for snr in (4.0, 5.0)])
    page = page_of(found)
    assert page.row("Job")[:4] == ["Job", "min_snr (σ)", "State", "Duration"]
    assert page.row("path") == ["path", "/data"]
    assert page.row("0002")[:4] == ["0002", "5.000", "done", "12.0 s"]


def test_a_default_beside_a_given_value_is_shown_as_the_value_it_is(batch):
    page = page_of(batch({"parameters": {"steps": 50}, "metrics": {}}, {"parameters": {}, "metrics": {}}))
    assert page.row("0002")[1] == "100"


def test_metrics_are_flat_with_units_what_is_missing_is_a_dash_and_nan_is_nan(batch):
    cell_a = {"value": 78.912, "unit": "Å"}
    page = page_of(
        batch(
            {"parameters": {"run": 1}, "metrics": {"fit": {"a": cell_a, "n": 7}, "rate": "nan", "engine": "xds"}},
            {"parameters": {"run": 2}, "metrics": {"rate": 0.25}},
            {"parameters": {"run": 3}, "metrics": {"rate": "-inf"}},
        )
    )
    assert page.row("Job") == ["Job", "run", "State", "Duration", "fit.a (Å)", "fit.n", "rate", "engine"]
    assert page.row("0001")[4:] == ["78.91", "7", "NaN", "xds"]
    assert page.row("0002")[4:] == ["–", "–", "0.2500", "–"]
    assert page.row("0003")[6] == "−∞"


def test_a_metric_called_like_a_parameter_is_told_apart_from_it(batch):
    found = batch(*[{"parameters": {"run": run}, "metrics": {"run": 10 * run, "state": 1}} for run in (1, 2)])
    table = comparison_table(found)
    assert list(table.columns) == ["run", "state", "seconds", "message", "metrics.run", "metrics.state"]
    assert list(table["metrics.run"]) == [10, 20]


def test_a_parameter_called_like_a_column_that_is_always_there_is_told_apart_from_it(batch):
    metrics = {"job": 1, "metrics": {"job": 2}, "b.c": 10, "b": {"c": 20}}
    jobs = [{"parameters": {"seconds": 100.0 * run, "state": "solid"}, "metrics": metrics} for run in (1, 2)]
    found = batch(*jobs, varied=["seconds"])
    table = comparison_table(found)
    both = ["metrics.job", "metrics.metrics.job", "b.c", "metrics.b.c"]
    assert list(table.columns) == ["parameters.seconds", "state", "seconds", "message", *both]
    assert list(table["parameters.seconds"]) == [100.0, 200.0]
    assert (list(table["seconds"]), list(table["state"])) == ([12.0, 12.0], ["done", "done"])
    assert [list(table[name]) for name in both] == [[1, 1], [2, 2], [10, 10], [20, 20]]
    assert table.attrs["constant"]["parameters.state"] == "solid"
    assert "varied: parameters.seconds" in page_of(found).text


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.98765, 0.98712], ["0.987650", "0.987120"]),  # three digits of what tells them apart
        ([1000.12, 3.0], ["1000", "3"]),
        ([1.25e-5, 3e-7], ["1.25e-05", "3e-07"]),
        ([12, 3], ["12", "3"]),
        ([float("nan"), 2.0], ["NaN", "2.000"]),
        ([0.0, 0.0], ["0.000", "0.000"]),
        ([True, None], ["True", "None"]),
    ],
)
def test_numbers_have_the_digits_that_tell_a_columns_rows_apart(values, shown):
    digits = Digits(values)
    assert [digits.written(value) for value in values] == shown


@pytest.mark.parametrize(("counts", "median"), [((0, 0, 0, 0), "0"), ((279, 281), "280"), ((280, 281), "280.5")])
def test_the_median_of_whole_numbers_is_whole_where_it_can_be(batch, counts, median):
    found = batch(*[{"parameters": {"run": run}, "metrics": {"hits": hits}} for run, hits in enumerate(counts)])
    page = page_of(found)
    assert (page.row("least")[-1], page.row("median")[-1]) == (str(counts[0]), median)


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.04, "3.0 s"), (75, "1 min 15 s"), (3600 * 2 + 60 * 5, "2 h 05 min"), (None, "–")]
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert duration(seconds) == words


def test_the_csv_file_keeps_all_digits_and_reads_back(batch):
    found = grid(batch, range(1, 3), [4.0], lambda run, _: {"rate": 1 / 3 * run, "bad": "nan", HOSTILE: HOSTILE})
    write_comparison(found)
    with (found.folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["rate"]) for row in rows] == [1 / 3, 2 / 3]
    assert math.isnan(float(rows[0]["bad"]))
    assert rows[0][HOSTILE] == HOSTILE
    assert rows[1]["job"] == "b.0002"


def test_the_csv_file_has_units_why_jobs_failed_and_what_is_the_same_in_all(batch):
    given = {"path": "/gpfs/p002345/raw", "words": "ab" * 18_000}
    found = batch(
        {"parameters": {"min_snr": 4.0, **given}, "metrics": {"boundary_at": {"value": 284.5, "unit": "K"}}},
        {"parameters": {"min_snr": 5.0, **given}, "message": "FileNotFoundError: r0002,\nand more"},
    )
    write_comparison(found)
    with (found.folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    words = f"{'ab' * 500}… (36,000 characters)"
    same = {"path": "/gpfs/p002345/raw", "words": words, "run": "0", "steps": "100"}  # two of them by default
    assert first == {
        "job": "b.0001",
        "min_snr [σ]": "4.0",
        "state": "done",
        "seconds": "12.0",
        "message": "",
        "boundary_at [K]": "284.5",
        **same,
    }
    assert (second["message"], second["boundary_at [K]"]) == ("FileNotFoundError: r0002, and more", "")  # in a line
    assert list(first)[-4:] == list(same)
    assert comparison_table(found).attrs["constant"] == {"run": 0, "steps": 100} | given


def test_the_table_is_what_pandas_can_work_with(batch):
    found = grid(
        batch, range(1, 3), [4.0, 5.0], lambda run, snr: None if run == 2 and snr == 5 else {"rate": run / snr}
    )
    table = comparison_table(found)
    assert table.index.name == "job"
    assert list(table.index) == [f"b.{number:04d}" for number in range(1, 5)]
    assert table.attrs["units"] == {"seconds": "s", "min_snr": "σ"}
    assert list(table.state) == ["done", "done", "done", "failed"]
    wide = table.pivot_table("rate", index="run", columns="min_snr")
    assert wide.loc[1, 5.0] == 0.2
    assert np.isnan(table.rate.iloc[3])


@pytest.mark.parametrize("text", ["=1+1", "+A1", "-A1", "@SUM(1)", "\t=1", "\r=1", '=HYPERLINK("http://x")'])
def test_no_text_in_the_csv_file_is_a_formula(batch, text):
    found = batch(*[{"parameters": {"path": text, "run": run}, "metrics": {text: text}} for run in (1, 2)])
    write_comparison(found)
    with (found.folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        head, first, _ = csv.reader(file)
    assert "'" + text.replace("\r", "\n") in head
    assert "'" + text.replace("\r", "\n") in first


@pytest.mark.parametrize("value", [-3.2, "-3.2", "-inf", "+5", "1e-9", "nan", [-1, "=x"], "a=b", "x-1"])
def test_what_is_no_formula_stands_in_the_csv_file_as_it_is(batch, value):
    write_comparison(found := batch({"parameters": {"run": 1}, "metrics": {"m": value}}))
    with (found.folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        assert [row["m"] for row in csv.DictReader(file)] == [str(value)]


def many(run: int) -> dict[str, float | str]:
    """Return 500 metrics, of which 40 differ between runs: every twelfth, and one of these in words."""
    found: dict[str, float | str] = {f"m{k:03d}": k + (run if k % 12 == 0 and k < 480 else 0) for k in range(500)}
    return found | {"m468": "abcde"[run % 5]}


def test_of_many_metrics_those_that_differ_are_columns_and_the_others_folded(batch):
    page = page_of(found := grid(batch, range(1, 7), [4.0], lambda run, _: many(run) if run != 3 else None))
    assert page.row("Job")[4:] == [f"m{12 * k:03d}" for k in range(24)]
    assert page.row("least")[4:6] == ["1", "13"]
    assert (
        "The table has 24 of 500 metrics: the first of 40 that differ between jobs. The other 476 are folded below it, "
        "and stand by job in the CSV table."
    ) in page.text
    assert "16 more metrics in which jobs differ" in page.text
    assert "460 metrics that are the same in all jobs" in page.text
    assert page.row("m288") == ["m288", "289 … 294, median 292", "5"]
    assert page.row("m468") == ["m468", "b, c, e and 1 more", "5"]
    assert page.row("m001") == ["m001", "1"]
    assert len(comparison_table(found).columns) == 504


def test_where_many_metrics_are_the_same_in_all_jobs_the_few_that_differ_are_columns(batch):
    same = {f"s{k}": k for k in range(30)}
    page = page_of(batch(*[{"parameters": {"run": run}, "metrics": same | {"rate": run}} for run in (1, 2)]))
    assert page.row("Job")[4:] == ["rate"]
    assert "The table has 1 of 31 metrics: those that differ between jobs." in page.text
    alone = page_of(batch({"parameters": {"run": 1}, "metrics": same}, name="alone"))
    assert alone.row("Job")[3:] == [f"s{k}" for k in range(24)]
