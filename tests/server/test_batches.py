"""Batches over HTTP: what would be done, what is done, and what is refused, with real notebooks in real kernels."""

from __future__ import annotations

import ast
import csv
import io
import re
import time
from pathlib import Path
from typing import Any

import pytest
from tests.server.conftest import Server

PARAMETERS = """
path: str = ""  # Folder of the run.
clen: float = 0.119  # Camera length. [m] {0.05 .. 10}
slots: int = 1
"""
MEASURE = (
    "from pulsetrain.reports import show_metrics\n"
    "show_metrics({'ratio': clen / 0.119, 'name': path})\n"
    "if clen > 9:\n    raise ValueError('no detector is that far')"
)
GRID = {"clen": [0.1, 0.2]}


@pytest.fixture(scope="module")
def order(server, write_template) -> dict[str, Any]:
    """What most batches here are made of."""
    write_template(server.root / "batches" / "measure.ipynb", PARAMETERS, MEASURE)
    shared = {"path": "/gpfs/r{run:04d}"}
    return {"template": "batches/measure.ipynb", "parameters": shared, "runs": "7,8", "grid": GRID}


@pytest.fixture(scope="module")
def done(server, order) -> dict[str, Any]:
    """A batch of four jobs that have run to their end."""
    answer = server.post("batches", {**order, "executor": {"name": "local", "slots": 2}})
    assert answer.status_code == 201, answer.text
    return ended(server, answer.json()["id"])


def ended(server: Server, batch: str, timeout: float = 120) -> dict[str, Any]:
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        reply: dict[str, Any] = server.get(f"batches/{batch}").json()
        if reply["counts"].keys() <= {"done", "failed", "stopped", "dead"}:
            return reply
        time.sleep(0.2)
    pytest.fail(f"{batch} has not ended: {reply}")


def entries(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir()) if folder.exists() else []


def test_a_dry_run_says_what_would_be_done_and_writes_nothing(server, order):
    before = entries(server.jobs)
    answer = server.post("batches", {**order, "dry_run": True})
    assert answer.status_code == 200, answer.text
    plan = answer.json()
    assert (plan["total"], set(plan["varied"])) == (4, {"path", "clen"})
    assert [(row["path"], row["clen"]) for row in plan["rows"]] == [
        ("/gpfs/r0007", 0.1), ("/gpfs/r0007", 0.2), ("/gpfs/r0008", 0.1), ("/gpfs/r0008", 0.2),
    ]  # fmt: skip
    assert values(plan["cell"]) == {"path": "/gpfs/r0007", "clen": 0.1}
    assert "pulsetrain.reports.runner" in plan["script"]
    assert plan["folder"].startswith(str(server.jobs))
    assert entries(server.jobs) == before


def test_only_the_first_rows_of_a_large_plan_are_told(server, order):
    plan = server.post("batches", {**order, "runs": "1-1000", "grid": {}, "dry_run": True}).json()
    assert (plan["total"], len(plan["rows"])) == (1000, 20)


def test_a_batch_runs_and_tells_all_about_itself(server, order, done):
    assert done["counts"] == {"done": 4}
    assert (done["total"], done["title"], done["template"]) == (4, "measure title", order["template"])
    assert (done["runs"], done["grid"], done["parameters"]) == ("7,8", GRID, order["parameters"])
    assert done["executor"] == {"name": "local", "slots": 2}
    assert (done["mine"], done["comparison"], done["eta"]) == (True, True, None)
    assert done in server.get("batches").json()["batches"]
    assert done["id"] not in [job["id"] for job in server.get("jobs").json()["jobs"]]


def test_jobs_of_a_batch_are_jobs_like_any_other(server, done):
    page = server.get(f"batches/{done['id']}/jobs", params={"order": "-ratio", "limit": 3}).json()
    assert page["total"] == 4
    assert [job["varied"] for job in page["jobs"]] == [
        {"path": "/gpfs/r0007", "clen": 0.2},
        {"path": "/gpfs/r0008", "clen": 0.2},
        {"path": "/gpfs/r0007", "clen": 0.1},
    ]
    job = page["jobs"][0]
    assert job["metrics"] == {"ratio": pytest.approx(0.2 / 0.119), "name": "/gpfs/r0007"}
    assert (job["batch"], job["executor"], job["mine"]) == (done["id"], "local", True)
    assert job["submitted"] <= job["started"] <= job["finished"] <= time.time()
    assert server.get(f"jobs/{job['id']}").json() == job
    assert "done" in server.get(f"jobs/{job['id']}/log").json()["text"]
    assert "measure title" in server.get(f"jobs/{job['id']}/report").text
    found = server.get(f"batches/{done['id']}/jobs", params={"search": "r0008", "state": "done"}).json()
    assert found["total"] == 2


def test_the_comparison_is_a_page_in_a_sandbox_and_a_table(server, done):
    page = server.get(f"batches/{done['id']}/comparison")
    assert page.status_code == 200
    assert "Comparison: measure title" in page.text
    assert_sandboxed(page)
    table = server.get(f"batches/{done['id']}/comparison.csv")
    assert table.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert table.headers["Content-Disposition"] == f'attachment; filename="{done["id"]}.csv"'
    rows = list(csv.DictReader(io.StringIO(table.text)))
    assert [(row["path"], float(row["clen [m]"])) for row in rows] == [
        ("/gpfs/r0007", 0.1), ("/gpfs/r0007", 0.2), ("/gpfs/r0008", 0.1), ("/gpfs/r0008", 0.2),
    ]  # fmt: skip
    assert (server.jobs / done["id"] / "comparison.html").is_file()  # for those who read the folder


def test_two_jobs_are_compared_on_a_page_in_a_sandbox(server, done):
    jobs = [f"{done['id']}.0001", f"{done['id']}.0004"]
    page = server.get("compare", params={"job": jobs})
    assert page.status_code == 200
    assert "/gpfs/r0008" in page.text
    assert_sandboxed(page)
    assert server.get("compare", params={"job": jobs[:1]}).status_code == 400
    assert server.get("compare", params={"job": [*jobs, "x"]}).status_code == 400
    assert server.get("compare", params={"job": [jobs[0], "../x"]}).status_code == 404


def test_the_cell_at_work_is_told_with_what_it_has_printed(server, write_template):
    source = "import time\nfor number in range(600):\n    print('step', number, flush=True)\n    time.sleep(0.1)"
    write_template(server.root / "batches" / "talking.ipynb", "n = 1", "print('before')", source)
    job = server.submit("batches/talking.ipynb")
    cell = {"output": ""}
    while "step 1\n" not in cell["output"]:
        server.wait(job, "queued", "running")
        cell = server.get(f"jobs/{job}/cell").json()
    assert (cell["number"], cell["cells"], cell["source"]) == (3, 3, source)
    assert cell["output"].startswith("step 0\n")
    server.post(f"jobs/{job}/stop")
    server.wait(job, "stopped")
    cell = server.get(f"jobs/{job}/cell").json()
    assert cell["output"].startswith("step 0\n")
    assert "KeyboardInterrupt" in cell["output"]
    assert "\x1b" not in cell["output"]


def test_a_batch_is_stopped_and_only_what_was_not_done_runs_again(server, write_template):
    write_template(
        server.root / "batches" / "waiting.ipynb",
        "n = 1",
        "import time\nfrom pathlib import Path\nwhile n > 1 and not Path('go').exists():\n    time.sleep(0.1)",
    )
    order = {"template": "batches/waiting.ipynb", "grid": {"n": [1, 2, 3]}, "executor": {"name": "local", "slots": 1}}
    batch = server.post("batches", order).json()["id"]
    server.wait(f"{batch}.0001", "done")
    last = server.get(f"jobs/{batch}.0003").json()
    assert (last["state"], last["message"]) == ("queued", ""), "that it waits is said once"
    assert server.get(f"batches/{batch}").json()["message"] == ""
    stopped = server.post(f"batches/{batch}/stop").json()
    assert stopped["counts"]["stopped"] >= 1  # the last one never began
    assert ended(server, batch)["counts"] == {"done": 1, "stopped": 2}
    first = server.get(f"jobs/{batch}.0001").json()
    (server.root / "batches" / "go").touch()
    resumed = server.post(f"batches/{batch}/resume")
    assert resumed.status_code == 200
    assert resumed.json()["counts"].get("stopped", 0) == 0
    assert ended(server, batch)["counts"] == {"done": 3}
    assert server.get(f"jobs/{batch}.0001").json() == first
    again = server.post(f"batches/{batch}/resume")
    assert again.status_code == 409
    assert "nothing to resume" in again.json()["message"]


def test_executors_are_told_with_the_form_of_their_settings(server):
    executors = {executor["name"]: executor for executor in server.get("executors").json()}
    assert next(iter(executors)) == "local"
    assert executors["local"]["trouble"] == ""
    slots = executors["local"]["schema"]["properties"]["slots"]
    assert (slots["minimum"], slots["type"]) == (1, "integer")
    assert all(executor["title"] for executor in executors.values())


def test_an_executor_that_cannot_be_used_here_shows_its_script_and_takes_no_jobs(configured, monkeypatch):
    monkeypatch.setitem(configured.headers, "X-Role", "writer")
    slurm = next(executor for executor in configured.get("executors").json() if executor["name"] == "slurm")
    assert "sbatch" in slurm["trouble"]  # it is not on this server's path
    order = {"template": "shared", "grid": {"n": [1, 2]}, "executor": {"name": "slurm", "partition": "upex"}}
    plan = configured.post("batches", {**order, "dry_run": True}).json()
    assert "#SBATCH" in plan["script"]
    answer = configured.post("batches", order)
    assert answer.status_code == 400
    assert slurm["trouble"] in answer.json()["faults"]["executor"]
    assert "shared" not in [batch["template"] for batch in configured.get("batches").json()["batches"]]


@pytest.mark.parametrize(
    ("change", "name", "says"),
    [
        ({"template": None}, "template", "allowed a text"),
        ({"template": ["x"]}, "template", "allowed a text"),
        ({"template": "unheard of"}, "template", "there is no such template"),
        ({"template": "../outside.ipynb"}, "template", "there is no such template"),
        ({"parameters": [1]}, "parameters", "dictionary"),
        ({"parameters": {"path": "{run}", "clem": 1}}, "clem", "did you mean 'clen'?"),
        ({"parameters": {"path": "{run}", "clen": "x"}, "grid": {}}, "clen", "got 'x'"),
        ({"parameters": {"path": "{run}", "slots": "x"}}, "slots", "got 'x'"),
        ({"parameters": {"path": {"run": 1}}}, "runs", "no parameter 'run'"),
        ({"runs": 7}, "runs", "allowed a text"),
        ({"runs": "7 to 9"}, "runs", "spans such as"),
        ({"runs": "1-999999999999"}, "runs", "at most"),
        ({"grid": []}, "grid", "dictionary"),
        ({"grid": {"clen": 0.1}}, "grid", "list"),
        ({"grid": {"clen": []}}, "clen", "no values"),
        ({"grid": {"clen": [0.1, 99]}}, "clen", "allowed 0.05 … 10 m"),
        ({"grid": {"x": [1]}}, "x", "no such parameter"),
        ({"grid": {"clen": [0.1] * 1000, "slots": [1] * 1000}}, "grid", "at most"),
        ({"executor": "local"}, "executor", "dictionary"),
        ({"executor": {"name": 5}}, "executor", "allowed local"),
        ({"executor": {"name": "os"}}, "executor", "allowed local"),
        ({"executor": {"name": "local", "slots": 0}}, "slots", "allowed 1"),
        ({"executor": {"name": "local", "command": "rm"}}, "command", "no such"),
        ({"dry_run": "yes"}, "dry_run", "allowed True or False"),
        ({"dryrun": True}, "dryrun", "did you mean 'dry_run'?"),
    ],
)
def test_what_is_refused_is_named_before_anything_is_written(server, order, change, name, says):
    before = entries(server.jobs)
    answer = server.post("batches", {**order, **change})
    assert answer.status_code == 400, answer.text
    assert says in answer.json()["faults"][name]
    assert entries(server.jobs) == before


def test_a_full_or_closed_disk_is_said_in_words_and_not_taken_for_the_users_fault(server, order):
    kept = server.jobs.rename(server.jobs.with_name("kept"))
    server.jobs.write_text("no folder")
    try:
        for route, body in (("jobs", {"template": order["template"]}), ("batches", order)):
            answer = server.post(route, body)
            assert answer.status_code == 503
            assert "pulsetrain-jobs" in answer.json()["message"]
        assert server.get("jobs").json()["jobs"] == server.get("batches").json()["batches"] == []
    finally:
        server.jobs.unlink()
        kept.rename(server.jobs)


def assert_sandboxed(answer: Any) -> None:
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    policy = {part.split()[0]: part.split()[1:] for part in answer.headers["Content-Security-Policy"].split(";")}
    assert policy["sandbox"] == ["allow-scripts"]
    assert policy["default-src"] == ["'none'"]
    assert policy["frame-ancestors"] == ["'self'"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"""(src|href)=["']?https?://""", answer.text)


def values(cell: str) -> dict[str, Any]:
    return {node.targets[0].id: ast.literal_eval(node.value) for node in ast.parse(cell).body}
