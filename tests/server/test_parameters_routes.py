"""The parameters' requests: a cell's source in, its form or its new source out."""

from __future__ import annotations

import pytest
import requests

CELL = """steps: int = 200  # Training steps. {1 .. 1000}
when = time.strftime("%Y")
path: str  # Folder of the series.
"""


def test_a_source_is_read_as_the_form_of_a_template_is(server):
    answer = server.post("parameters/read", {"source": CELL})
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert list(reply["schema"]["properties"]) == ["steps", "when", "path"]
    assert reply["schema"]["properties"]["steps"]["maximum"] == 1000
    assert reply["schema"]["properties"]["when"]["expression"] == "time.strftime('%Y')"
    assert reply["schema"]["required"] == ["path"]
    assert reply["values"] == {"steps": 200}


def test_values_are_written_into_the_source(server):
    answer = server.post("parameters/write", {"source": CELL, "values": {"steps": 5, "path": "r0042"}})
    assert answer.status_code == 200, answer.text
    expected = CELL.replace("= 200", "= 5").replace("path: str", 'path: str = "r0042"')
    assert answer.json() == {"source": expected}


def test_a_refused_value_is_told_by_its_name(server):
    answer = server.post("parameters/write", {"source": CELL, "values": {"steps": 0}})
    assert answer.status_code == 400
    assert answer.json()["faults"] == {"steps": "got 0, allowed 1 … 1000"}


@pytest.mark.parametrize("route", ["parameters/read", "parameters/write"])
@pytest.mark.parametrize("source", ["x = (", "def", "x = " + "(" * 50_000])
def test_a_cell_that_is_no_python_is_refused_in_words(server, route, source):
    answer = server.post(route, {"source": source, "values": {}})
    assert answer.status_code == 400
    assert "no Python" in answer.json()["message"]


@pytest.mark.parametrize("body", [{}, {"source": 1}, {"source": ["x = 1"]}, {"source": "x = 1", "values": [1]}])
def test_what_is_no_such_request_is_refused(server, body):
    answer = server.post("parameters/write", body)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith("Expected {source")


@pytest.mark.parametrize("route", ["parameters/read", "parameters/write"])
def test_nothing_is_told_without_a_token(server, route):
    wrong = {"Authorization": "token wrong"}
    answer = requests.post(f"{server.api}/{route}", json={"source": CELL}, headers=wrong, timeout=10)
    assert answer.status_code == 403


def test_nothing_that_a_source_says_is_run(server, tmp_path):
    trap = tmp_path / "trap"
    call = f"open({str(trap)!r}, 'w')"
    source = f"x = {call}\ny: {call} = 1\n"
    assert server.post("parameters/read", {"source": source}).status_code == 200
    assert server.post("parameters/write", {"source": source, "values": {"y": 2}}).status_code == 200
    assert not trap.exists()
