"""Who may ask for what, and that no name leads out of the server's folders."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import requests
from jupyter_server.base.handlers import APIHandler
from tests.server.folders import make_batch, make_job
from tornado import web

from pulsetrain.server import extension
from pulsetrain.server._requests import Page

VERBS = ("get", "post", "put", "patch", "delete")


def _filled(pattern: str, name: str) -> str:
    """Return the address of a route, with a name in each of its places."""
    return re.sub(r"\([^)]*\)", lambda _: name, pattern).replace("\\", "")


# Taken from the application: a route that is added is held to all of this as well.
ROUTES = [
    pytest.param(verb.upper(), pattern, handler, id=f"{verb} {pattern}")
    for pattern, handler in extension.ROUTES
    for verb in VERBS
    if getattr(handler, verb) is not web.RequestHandler._unimplemented_method
]
POSTS = [route for route in ROUTES if route.values[0] != "GET"]
NAMED = [
    route for route in ROUTES if "(" in route.values[1] and not route.values[1].startswith(("templates", "methods"))
]
OUTSIDE = [
    "..",
    "%2e%2e",
    "..%2F..%2Foutside",
    "a%2F..%2F..%2Foutside",
    ".hidden",
    "%00",
    "%C0%AE",
    "linked",
    "x" * 300,
]


@pytest.fixture(scope="module")
def outside(server):
    """A job, a batch and a notebook beside the server's root, and links to them from inside."""
    job = make_job(server.home, "outside")
    for name in ("report.html", "log.txt"):
        (job / name).write_text("secret")
    batch = make_batch(server.home, "outside-batch", ["done"])
    (batch / "comparison.csv").write_text("secret")
    notebook = server.home / "outside.ipynb"
    notebook.write_text(json.dumps({"cells": [], "nbformat": 4}))
    server.jobs.mkdir(exist_ok=True)
    (server.jobs / "linked").symlink_to(job)
    (server.jobs / "linked-batch").symlink_to(batch)
    (server.root / "linked.ipynb").symlink_to(notebook)
    inside = make_job(server.jobs, "inside")
    for name in ("report.html", "log.txt", "notebook.ipynb"):
        (inside / name).unlink()
        (inside / name).symlink_to(job / "report.html")
    inner = make_batch(server.jobs, "inside-batch", ["done"])
    (inner / "comparison.csv").symlink_to(batch / "comparison.csv")
    (inner / "comparison.html").symlink_to(batch / "comparison.csv")
    (inner / "inside-batch.0002").symlink_to(job)
    record = json.loads((inner / "batch.json").read_text())
    record["jobs"] += ["inside-batch.0002", "../../outside", "inside-batch.0001/../../linked"]
    (inner / "batch.json").write_text(json.dumps(record))


@pytest.mark.parametrize(("method", "pattern", "handler"), ROUTES)
@pytest.mark.parametrize("headers", [{}, {"Authorization": "token wrong"}], ids=["no token", "wrong token"])
def test_nothing_is_told_without_a_token(server, method, pattern, handler, headers):
    url = f"{server.api}/{_filled(pattern, 'x')}"
    answer = requests.request(method, url, headers=headers, timeout=10, allow_redirects=False)
    if issubclass(handler, APIHandler):
        assert answer.status_code == 403
    else:  # a page, so its reader is sent to log in
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/user/ada/login?")


@pytest.mark.parametrize(("method", "pattern", "handler"), ROUTES)
def test_who_may_not_read_is_told_nothing(configured, monkeypatch, method, pattern, handler):
    del handler
    monkeypatch.setitem(configured.headers, "X-Role", "nobody")
    assert configured.request(method, _filled(pattern, "x"), json={}).status_code == 403


@pytest.mark.parametrize(("method", "pattern", "handler"), POSTS)
def test_who_may_only_read_changes_nothing(configured, method, pattern, handler):
    del handler
    assert configured.request(method, _filled(pattern, "x"), json={"template": "shared"}).status_code == 403


@pytest.mark.parametrize(("method", "pattern", "handler"), POSTS)
def test_a_cookie_alone_lets_no_other_site_do_anything(server, browser, method, pattern, handler):
    del handler
    url = f"{server.api}/{_filled(pattern, 'x')}"
    assert browser.request(method, url, json={}, timeout=10).status_code == 403
    own = {"X-XSRFToken": browser.cookies["_xsrf"]}
    assert browser.request(method, url, json={}, headers=own, timeout=10).status_code in {400, 404}


@pytest.fixture(scope="module")
def browser(server):
    """What a browser holds after it has logged in: cookies, and no token."""
    with requests.Session() as browser:
        browser.get(f"{server.origin}/user/ada/api/me", params={"token": server.token}, timeout=10)
        browser.get(f"{server.origin}/user/ada/login", timeout=10)
        assert browser.get(f"{server.api}/jobs", timeout=10).status_code == 200
        yield browser


@pytest.mark.parametrize(("method", "pattern", "handler"), ROUTES)
def test_what_is_html_is_always_in_a_sandbox(server, method, pattern, handler):
    assert issubclass(handler, APIHandler) or issubclass(handler, Page)
    answer = server.request(method, _filled(pattern, "<script>x"), json={})
    if answer.headers["Content-Type"].startswith("text/html"):
        assert "sandbox allow-scripts;" in answer.headers["Content-Security-Policy"]
    assert "<script>x" not in answer.text or answer.headers["Content-Type"].startswith("application/json")


@pytest.mark.parametrize(("method", "pattern", "handler"), POSTS)
@pytest.mark.parametrize(
    "body",
    [b'{"a": "' + b"y" * 1_000_000 + b'"}', b"[]", b"5", b"{", b'{"\xff": 1}', b"[" * 100_000, b'{"a":' * 500 + b"1"],
    ids=["large", "list", "number", "torn", "latin", "deep", "deep and torn"],
)
def test_no_body_makes_a_request_fail_on_the_servers_side(server, method, pattern, handler, body):
    del handler
    assert 400 <= server.request(method, _filled(pattern, "x"), data=body).status_code < 500


def test_the_routes_lie_below_the_base_url_only(server):
    header = {"Authorization": f"token {server.token}"}
    assert requests.get(f"{server.origin}/pulsetrain/api/jobs", headers=header, timeout=10).status_code == 404


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    "name", [*OUTSIDE, "linked-batch", "inside-batch.0002", "inside-batch..", "inside-batch.0001%2F.."]
)
@pytest.mark.parametrize(("method", "pattern", "handler"), NAMED)
def test_no_name_leads_out_of_the_folder_of_jobs(server, method, pattern, handler, name):
    del handler
    answer = server.request(method, _filled(pattern, name), json={})
    assert answer.status_code in (400, 404)  # tornado answers 400 to what is no UTF-8
    assert "secret" not in answer.text
    assert not (server.home / "outside" / "stop").exists()


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("name", ["../outside", "..", "linked", "\0", "x" * 300, "inside-batch.0002", "", "."])
def test_no_name_to_compare_leads_out_of_the_folder_of_jobs(server, name):
    for jobs in ([name, "inside"], ["inside", name]):
        answer = server.get("compare", params={"job": jobs})
        assert answer.status_code in (400, 404)
        assert "secret" not in answer.text


@pytest.mark.usefixtures("outside")
def test_jobs_and_batches_that_are_links_elsewhere_are_not_listed(server):
    assert not {"linked", "outside"} & {job["id"] for job in server.get("jobs").json()["jobs"]}
    assert "linked-batch" not in [batch["id"] for batch in server.get("batches").json()["batches"]]
    jobs = server.get("batches/inside-batch/jobs").json()["jobs"]
    assert [job["id"] for job in jobs] == ["inside-batch.0001"]


@pytest.mark.usefixtures("outside")
def test_files_of_a_job_that_are_links_elsewhere_are_not_shown(server):
    job = server.get("jobs/inside").json()
    assert (job["report"], job["notebook"]) == (False, None)
    assert server.get("jobs/inside/report").status_code == 404
    assert server.get("jobs/inside/log").json()["text"] == ""
    assert server.get("jobs/inside/cell").json()["source"] == ""
    for page in ("batches/inside-batch/comparison", "batches/inside-batch/comparison.csv"):
        answer = server.get(page)
        assert answer.status_code == 200
        assert "secret" not in answer.text
    assert (server.home / "outside-batch" / "comparison.csv").read_text() == "secret"  # nor written through the link


def test_jobs_of_colleagues_are_shown_and_not_touched(configured, monkeypatch):
    monkeypatch.setitem(configured.headers, "X-Role", "writer")
    folder = make_job(configured.home / "colleague", "theirs", "failed")
    batch = make_batch(configured.home / "colleague", "their-batch", ["done", "failed"])
    (folder / "report.html").write_text("what they found")
    before = contents(configured.home / "colleague")
    (job,) = [job for job in configured.get("jobs").json()["jobs"] if job["id"] == "theirs"]
    assert (job["mine"], job["state"], job["user"], job["notebook"]) == (False, "failed", "ada", None)
    assert configured.get("jobs/theirs/report").text == "what they found"
    (shown,) = configured.get("batches").json()["batches"]
    assert (shown["id"], shown["mine"], shown["counts"]) == ("their-batch", False, {"done": 1, "failed": 1})
    assert [job["mine"] for job in configured.get("batches/their-batch/jobs").json()["jobs"]] == [False, False]
    assert configured.get("batches/their-batch/comparison").status_code == 200
    assert configured.get("batches/their-batch/comparison.csv").status_code == 404  # they have not written it
    (batch / "comparison.csv").symlink_to(folder / "report.html")
    assert configured.get("batches/their-batch/comparison.csv").status_code == 404
    (batch / "comparison.csv").unlink()
    for place in ("jobs/theirs", "jobs/their-batch.0001", "batches/their-batch"):
        for action in ("stop", "resume"):
            answer = configured.post(f"{place}/{action}")
            assert answer.status_code == 403
            assert "not yours" in answer.json()["message"]
    assert contents(configured.home / "colleague") == before


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    "name",
    [
        "../outside.ipynb",
        "..%2Foutside.ipynb",
        "%2e%2e/outside.ipynb",
        "linked.ipynb",
        "%00.ipynb",
        "/etc/passwd",
        "x" * 300 + ".ipynb",
    ],
)
def test_no_path_of_a_template_leads_out_of_the_root(server, name):
    assert server.get(f"templates/{name}").status_code == 404


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("name", ["../outside.ipynb", "linked.ipynb", "\0.ipynb", "/etc/passwd"])
def test_no_job_is_made_of_a_notebook_outside_the_root(server, name):
    before = sorted(server.jobs.iterdir())
    answer = server.post("jobs", {"template": name})
    assert answer.status_code == 400
    assert answer.json()["faults"] == {"template": f"got {name!r}; there is no such template"}
    assert sorted(server.jobs.iterdir()) == before


def test_the_server_part_imports_neither_torch_nor_what_runs_notebooks():
    heavy = ["torch", "numba", "umap", "papermill", "nbclient", "bokeh", "xarray"]
    code = (
        "import sys, pulsetrain.server, pulsetrain.methods as m; m.methods(); "
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
