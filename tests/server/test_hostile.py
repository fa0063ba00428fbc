"""Whatever a browser or a colleague's record holds: strings stay strings, and a request never fails on our side."""

from __future__ import annotations

import ast
import json
import os
import re
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote_from_bytes

import psutil
import pytest
import requests
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from tests.server.conftest import Server
from tests.server.folders import make_batch, make_job

from pulsetrain.options import OptionError
from pulsetrain.reports import Executor, Job, plan_batch, read_parameters, submit
from pulsetrain.reports._notebooks import has_tag, read_notebook, text_of

ANY = st.characters(exclude_categories=())  # halves of surrogate pairs and control characters among them
TEXT = st.text(ANY, max_size=40) | st.sampled_from(
    [
        '"', "'", "'''", '"""', "\\", "\\'", "\\N{DIGIT ONE}", "\0", "\x1b[2J", "\u2028", "\u202e", "\ufeff",
        "{run.__class__}", "{run!r}", "{run:1000000000d}", "{{ run }}", "{0}", "%(run)s", "{{x}}", "{% raw %}",
        "$(id)", "`id`", "\n!id\n", "\r\nimport os\r", "\x0c%%bash\nid", "__import__('os').system('id')", "f'{1+1}'",
        "\ud800", "\udfff\ud800", "\U0010ffff",
    ]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)
FIELDS = ("template", "parameters", "runs", "grid", "executor", "dry_run")
THOROUGH = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BRIEF = settings(THOROUGH, max_examples=25)


class Nowhere(Executor):
    """Starts nothing."""

    name = "nowhere"
    title = "Nowhere"

    def start(self, jobs: Sequence[Job]) -> None: ...

    def withdraw(self, jobs: Sequence[Job]) -> None: ...

    def script(self, jobs: int, folder: Path) -> str:
        return f"{jobs} {folder}"


@pytest.fixture(scope="module")
def template(server, write_template) -> Path:
    cell = 'text: str = ""\ntexts: list[str] = []\nanything = None\nnumber: int = 1'
    return write_template(server.root / "hostile" / "texts.ipynb", cell, "print(text)")


@THOROUGH
@given(TEXT, st.lists(TEXT, max_size=3))
def test_a_string_that_is_sent_is_that_string_in_the_cell(server, template, text, texts):
    del template
    assume(not _holds_a_place(text, *texts))
    sent = {"text": text, "texts": texts}
    order = {"template": "hostile/texts.ipynb", "parameters": sent, "dry_run": True}
    answer = server.post("batches", order)
    came = json.loads(json.dumps(sent))  # JSON joins two halves that stand side by side
    if any(map(_is_half, [came["text"], *came["texts"]])):
        assert answer.status_code == 400
        assert answer.json()["faults"].keys() <= {"text", "texts"}
        assert answer.json()["faults"]
    else:
        assert answer.status_code == 200, answer.text
        assert _values(answer.json()["cell"]) == came
        assert answer.json()["rows"] == [came]


@BRIEF
@given(TEXT, st.lists(TEXT, min_size=1, max_size=3, unique=True))
def test_strings_of_jobs_and_batches_are_those_strings_in_all_their_files(template, tmp_path_factory, text, texts):
    assume(not _holds_a_place(text, *texts))
    root = tmp_path_factory.mktemp("jobs")
    if any(map(_is_half, [text, *texts])):
        with pytest.raises(OptionError, match="text"):
            plan_batch(template, {"text": text}, grid={"texts": [[t] for t in texts]}, root=root, executor=Nowhere())
        with pytest.raises(OptionError, match="text"):
            submit(template, {"text": text, "texts": texts}, root, executor=Nowhere())
        assert list(root.iterdir()) == []
        return
    job = submit(template, {"text": text, "texts": texts}, root, executor=Nowhere())
    _holds(job, {"text": text, "texts": texts})
    batch = plan_batch(template, {"text": text}, grid={"texts": [[t] for t in texts]}, root=root, executor=Nowhere())
    for job, varied in zip(batch.submit().jobs(), texts, strict=True):
        _holds(job, {"text": text, "texts": [varied]})


@THOROUGH
@given(st.text(st.sampled_from("{}:!run04d.[]() _class\\'\""), max_size=30), st.integers(0, 99999))
def test_only_places_of_a_run_are_replaced_and_nothing_else_is_evaluated(template, tmp_path_factory, text, run):
    plan = plan_batch(
        template,
        {"text": text, "anything": "{run}"},
        runs=[run],
        root=tmp_path_factory.getbasetemp(),
        executor=Nowhere(),
    )
    expected = text
    for width in (*range(1, 100), None):  # by hand: no format string, no regular expression
        places = ["{run}"] if width is None else [f"{{run:0{width}}}", f"{{run:0{width}d}}", f"{{run:0{width:02d}d}}"]
        for place in places:
            expected = expected.replace(place, str(run).zfill(width or 1))
    assert plan.rows[0]["text"] == expected
    assert _values(plan.cell(0)) == {"text": expected, "anything": str(run)}


@THOROUGH
@given(st.sampled_from(FIELDS), JSON)
def test_no_field_of_any_type_makes_an_order_fail_on_the_servers_side(server, template, field, value):
    del template
    order = {"template": "hostile/texts.ipynb", "dry_run": True, field: value}
    order |= {"template": "unheard of"} if field == "dry_run" else {}
    answer = server.request("POST", "batches", data=json.dumps(order))  # NaN too, which requests would refuse
    assert answer.status_code in (200, 400), answer.text
    if answer.status_code == 400:
        assert answer.json()["message"]
    kinds = {"template": str, "runs": str, "parameters": dict, "grid": dict, "executor": dict, "dry_run": bool}
    if not isinstance(value, kinds[field]):
        assert field in answer.json()["faults"]


@BRIEF
@given(JSON)
def test_no_values_make_a_job_fail_on_the_servers_side(server, template, value):
    del template
    bodies = {"template": value}, {"template": "hostile/texts.ipynb", "parameters": {"number": "x", "text": value}}
    for body in bodies:
        assert server.request("POST", "jobs", data=json.dumps(body)).status_code == 400


@pytest.mark.parametrize("depth", [5, 19, 30, 100, 300, 900])
@pytest.mark.parametrize("field", ["parameters", "grid", "executor"])
def test_what_nests_deeply_is_taken_or_refused_in_words(server, template, field, depth):
    del template
    nested = "[" * depth + "]" * depth
    inner = {
        "parameters": '{"anything": %s}',
        "grid": '{"anything": [%s]}',
        "executor": '{"name": "local", "slots": %s}',
    }
    body = f'{{"template": "hostile/texts.ipynb", "dry_run": true, "{field}": {inner[field] % nested}}}'
    answer = server.request("POST", "batches", data=body.encode())
    assert answer.status_code == (200 if depth < 20 and field != "executor" else 400)
    assert answer.json()["message"] if answer.status_code == 400 else answer.json()["total"] == 1


@BRIEF
@given(st.sampled_from(["limit", "offset", "state", "search", "order"]), st.binary(max_size=30) | TEXT)
def test_no_argument_makes_a_list_fail_on_the_servers_side(server, lists, argument, value):
    raw = value if isinstance(value, bytes) else value.encode("utf-8", "surrogatepass")
    for route in ("jobs", f"batches/{lists}/jobs"):
        answer = server.request("GET", f"{route}?{argument}={quote_from_bytes(raw)}")
        assert answer.status_code in (200, 400)


def record_of(*names: str) -> st.SearchStrategy[Any]:
    """Draw anything at all, or something that has the names of a record and anything behind them."""
    return JSON | st.fixed_dictionaries({}, optional=dict.fromkeys(names, JSON))


@THOROUGH
@given(
    st.tuples(
        record_of("template", "parameters", "varied", "executor", "provenance", "defaults", "batch"),
        record_of("state", "message", "cell", "cells", "eta", "beat", "started", "finished", "host", "pid", "executor"),
        record_of("a", "provenance"),
        record_of("template", "grid", "executor", "varied", "runs", "values", "submitted", "provenance"),
    )
)
def test_no_record_of_a_job_or_batch_makes_a_list_fail(server, lists, records):
    record, status, metrics, whole = records
    folder = server.jobs / lists
    status = {"state": "running", **status} if isinstance(status, dict) else status
    for name, content in {"job.json": record, "metrics.json": metrics, "status.json": status}.items():
        for job in (server.jobs / "odd", folder / f"{lists}.0001"):
            (job / name).write_text(json.dumps(content))
    jobs = [f"{lists}.0001", record, f"{lists}.0001"]
    (folder / "batch.json").write_text(json.dumps({**whole, "jobs": jobs} if isinstance(whole, dict) else whole))
    for route in ("jobs", "jobs?search=a", "jobs/odd", "jobs/odd/cell", "batches", f"batches/{lists}/jobs?order=a"):
        answer = server.request("GET", route)
        assert answer.status_code == 200, answer.text
        json.loads(answer.text, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("field", "value"),
    [("grid", {"x": 5}), ("grid", {"x": None}), ("submitted", 1e20), ("executor", {"name": {}}), ("varied", None)],
)
def test_a_batch_whose_record_is_not_one_of_ours_is_listed_as_damaged_beside_the_others(server, field, value):
    whole = make_batch(server.jobs, f"whole-{secrets.token_hex(4)}", ["done"]).name
    spoilt = make_batch(server.jobs, f"spoilt-{secrets.token_hex(4)}", ["done"], **{field: value}).name
    found = {batch["id"]: batch for batch in server.get("batches").json()["batches"]}
    assert (found[whole]["grid"], found[whole]["message"]) == ({"clen": [0.1]}, "")
    shown = found[spoilt]
    assert shown["message"] == "batch.json is torn or not one of ours"
    assert (shown["grid"], shown["varied"], shown["submitted"]) == ({}, [], 0)
    assert shown["executor"] == {"name": "local"}


def test_a_report_of_any_size_is_sent_without_memory_for_it(server):
    size = 400 * 2**20
    os.truncate(make_job(server.jobs, "vast") / "report.html", size)
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    got = peak = 0
    headers = {"Authorization": f"token {server.token}"}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.get(f"{server.api}/jobs/vast/report", headers=headers, stream=True, timeout=30)
        for piece in answer.iter_content(2**22):
            got += len(piece)
            peak = max(peak, process.memory_info().rss)
    assert got == size
    assert peak - before < 100 * 2**20


@pytest.fixture(scope="module")
def lists(server: Server) -> str:
    """The name of a batch that tests spoil, beside a job called odd."""
    make_job(server.jobs, "odd")
    return make_batch(server.jobs, "odd-batch", ["done"]).name


def _holds_a_place(*texts: str) -> bool:
    """Whether a batch without runs refuses it: the place of one."""
    return any(re.search(r"\{run(:0[0-9]{1,2}d?)?\}", text) for text in texts)


def _is_half(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _values(cell: str) -> dict[str, Any]:
    """Return the values in a cell, without running it; each must be a plain assignment of a literal."""
    return {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell).body}


def _holds(job: Job, values: dict[str, Any]) -> None:
    assert job.record["parameters"] == values
    assert _values(job.record["injected"]) == values
    notebook = read_notebook(job.notebook)
    (cell,) = [cell for cell in notebook["cells"] if has_tag(cell, "injected-parameters")]
    assert _values(text_of(cell)) == values
    again = read_parameters({"cells": [{**cell, "metadata": {"tags": ["parameters"]}}]})
    assert again().model_dump() == values
