"""Who may ask for what, and that no name leads out of the server's folders."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import requests

ROUTES = [
    ("GET", "methods"),
    ("POST", "methods/spectra/course"),
    ("GET", "templates"),
    ("GET", "templates/x"),
    ("GET", "jobs"),
    ("POST", "jobs"),
    ("GET", "jobs/x"),
    ("GET", "jobs/x/log"),
    ("POST", "jobs/x/stop"),
    ("POST", "jobs/x/resume"),
    ("GET", "jobs/x/report"),
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
    """A job and a notebook beside the server's root, and links to them from inside."""
    job = server.home / "outside"
    job.mkdir()
    (job / "job.json").write_text("{}")
    (job / "report.html").write_text("secret")
    (job / "log.txt").write_text("secret")
    notebook = server.home / "outside.ipynb"
    notebook.write_text(json.dumps({"cells": [], "nbformat": 4}))
    server.jobs.mkdir(exist_ok=True)
    (server.jobs / "linked").symlink_to(job)
    (server.root / "linked.ipynb").symlink_to(notebook)
    inside = server.jobs / "inside"
    inside.mkdir()
    (inside / "job.json").write_text("{}")
    (inside / "report.html").symlink_to(job / "report.html")


@pytest.mark.parametrize(("method", "route"), ROUTES)
def test_nothing_is_told_without_a_token(server, method, route):
    wrong = {"Authorization": "token wrong"}
    url = f"{server.api}/{route}"
    answer = requests.request(method, url, headers=wrong, timeout=10, allow_redirects=False)
    if route.endswith("report"):  # a page, so its reader is sent to log in
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith("/user/ada/login?")
    else:
        assert answer.status_code == 403


def test_a_cookie_alone_lets_no_other_site_start_a_job(server):
    with requests.Session() as browser:
        browser.get(f"{server.origin}/user/ada/api/me", params={"token": server.token}, timeout=10)
        assert browser.get(f"{server.api}/jobs", timeout=10).status_code == 200
        browser.get(f"{server.origin}/user/ada/login", timeout=10)
        body = {"template": "unheard of", "parameters": {}}
        assert browser.post(f"{server.api}/jobs", json=body, timeout=10).status_code == 403
        own = {"X-XSRFToken": browser.cookies["_xsrf"]}
        assert browser.post(f"{server.api}/jobs", json=body, headers=own, timeout=10).status_code == 400


def test_the_routes_lie_below_the_base_url_only(server):
    header = {"Authorization": f"token {server.token}"}
    assert requests.get(f"{server.origin}/pulsetrain/api/jobs", headers=header, timeout=10).status_code == 404


def test_who_may_only_read_can_neither_start_nor_stop(configured):
    assert "shared" in [template["id"] for template in configured.get("templates").json()]
    before = configured.get("jobs").json()
    for route in ("jobs", "jobs/x/stop", "jobs/x/resume", "methods/spectra/course"):
        assert configured.post(route, {"template": "shared"}).status_code == 403
    assert configured.get("jobs").json() == before


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize("name", OUTSIDE)
@pytest.mark.parametrize("what", ["", "/log", "/report", "/stop", "/resume"])
def test_no_name_of_a_job_leads_out_of_their_folder(server, name, what):
    answer = (server.post if what in ("/stop", "/resume") else server.get)(f"jobs/{name}{what}")
    assert answer.status_code in (400, 404)  # tornado answers 400 to what is no UTF-8
    assert "secret" not in answer.text
    assert not (server.home / "outside" / "stop").exists()


@pytest.mark.usefixtures("outside")
def test_a_job_that_is_a_link_elsewhere_is_not_listed(server):
    assert "linked" not in [job["id"] for job in server.get("jobs").json()["jobs"]]


@pytest.mark.usefixtures("outside")
def test_a_report_that_is_a_link_elsewhere_is_not_shown(server):
    assert server.get("jobs/inside").status_code == 200
    assert server.get("jobs/inside/report").status_code == 404


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
