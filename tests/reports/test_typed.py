"""Lists of runs and values as they are typed: read alike here and in the browser, whose tests take the same cases."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulsetrain.options import OptionError
from pulsetrain.reports import parse_runs, parse_values
from pulsetrain.reports.parameters import read_cell
from pulsetrain.reports.planning import _placed
from pulsetrain.server.replies import schema_reply

CASES = json.loads(Path(__file__).with_name("typed.json").read_text(encoding="utf-8"))
MODEL = read_cell("\n".join(CASES["cell"]))


def test_the_browser_is_tested_with_the_schema_that_the_server_sends_for_the_cell():
    assert schema_reply(MODEL)["properties"] == CASES["schema"]["properties"]


@pytest.mark.parametrize("case", CASES["runs"], ids=lambda case: repr(case["text"]))
def test_runs_are_read_or_refused(case: dict[str, Any]):
    if case["runs"] is None:
        with pytest.raises(OptionError, match=r"^runs: got"):
            parse_runs(case["text"])
    else:
        assert parse_runs(case["text"]) == case["runs"]


@pytest.mark.parametrize("case", CASES["places"], ids=lambda case: case["text"])
def test_a_run_goes_into_its_places_and_nowhere_else(case: dict[str, Any]):
    assert _placed(case["text"], 7) == case["at run 7"]


@pytest.mark.parametrize("case", CASES["values"], ids=lambda case: f"{case['name']} {case['text']!r}")
def test_values_to_take_are_read_or_refused(case: dict[str, Any]):
    name, text = case["name"], case["text"]

    def read() -> list[Any]:
        return [getattr(MODEL(**{name: value}), name) for value in parse_values(MODEL, name, text)]

    if case["values"] is None:
        with pytest.raises(OptionError, match=f"^{name}: "):
            read()
    else:
        assert read() == case["values"]
