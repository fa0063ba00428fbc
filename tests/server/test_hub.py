"""A real JupyterHub with its proxy and two users, spoken to as their browsers do: each has jobs of one's own."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from pulsetrain.reports import Job, submit

PROXY = Path(__file__).parents[2] / "labextension/node_modules/.bin/configurable-http-proxy"
CELL = "from pulsetrain.reports import show_metrics\nshow_metrics({'square': n * n})"
CONFIGURATION = """
c.JupyterHub.bind_url = "http://127.0.0.1:{public}/beam/line/"
c.JupyterHub.hub_bind_url = "http://127.0.0.1:{hub}"
c.JupyterHub.authenticator_class = "dummy"
c.JupyterHub.spawner_class = "simple"
c.JupyterHub.cookie_secret_file = {folder!r} + "/cookie_secret"
c.JupyterHub.db_url = "sqlite:///" + {folder!r} + "/hub.sqlite"
c.ConfigurableHTTPProxy.command = [{proxy!r}]
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.ConfigurableHTTPProxy.pid_file = {folder!r} + "/proxy.pid"
c.DummyAuthenticator.password = "secret"
c.Authenticator.allowed_users = {{"ada", "ben"}}
c.SimpleLocalProcessSpawner.home_dir_template = {folder!r} + "/home/{{username}}"
c.Spawner.ip = "127.0.0.1"
c.Spawner.args = ["--allow-root", "--PulsetrainServer.shared_jobs=" + {shared!r}]
c.Spawner.environment = {{"JUPYTERHUB_SINGLEUSER_APP": "jupyter_server.serverapp.ServerApp"}}
c.Spawner.start_timeout = c.Spawner.http_timeout = 90
"""


def _why_not() -> str:
    if find_spec("jupyterhub") is None:
        return "JupyterHub is not installed"
    if not PROXY.exists():
        return "configurable-http-proxy is not installed; run npm ci in labextension"
    return "" if shutil.which("node", path=_path()) else "no node on PATH, which runs the hub's proxy"


def _path() -> str:
    return f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"


@dataclass
class Browser:
    """A user's browser: it keeps cookies, follows redirects, and sends back the token that a cookie holds."""

    site: str
    user: str
    session: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        self.session.trust_env = False

    def log_in(self) -> None:
        """Fill in the hub's form, which also starts one's server."""
        login = f"{self.site}hub/login"
        self.session.get(login, timeout=30)
        form = {"username": self.user, "password": "secret", "_xsrf": self.session.cookies["_xsrf"]}
        assert self.session.post(login, data=form, timeout=60).ok

    def await_server(self) -> None:
        """Open one's own server as soon as it is there, as the hub's page of progress does."""
        page = f"{self.site}user/{self.user}/"
        self.until(lambda: (answer := self.session.get(page, timeout=30)).ok and answer.url.startswith(page))

    def api(self, user: str = "") -> str:
        return f"{self.site}user/{user or self.user}/pulsetrain/api/"

    def open(self, route: str, user: str = "") -> requests.Response:
        """Go to a page, as a click on a link does."""
        return self.session.get(self.api(user) + route, headers={"Sec-Fetch-Mode": "navigate"}, timeout=30)

    def get(self, route: str, user: str = "", *, with_token: bool = True) -> requests.Response:
        """Fetch as the scripts of a page do."""
        return self.session.get(self.api(user) + route, headers=self._headers(user, with_token), timeout=30)

    def post(self, route: str, body: Any = None, user: str = "", *, with_token: bool = True) -> requests.Response:
        headers = self._headers(user, with_token)
        return self.session.post(self.api(user) + route, json=body, headers=headers, timeout=30, allow_redirects=False)

    def _headers(self, user: str, with_token: bool) -> dict[str, str]:
        token = {"X-XSRFToken": self.token(f"/beam/line/user/{user or self.user}/")} if with_token else {}
        return {"Sec-Fetch-Mode": "cors", "Sec-Fetch-Site": "same-origin", **token}

    def token(self, path: str) -> str:
        """Return what scripts of the pages below a path find in their cookies."""
        return next((str(c.value) for c in self.session.cookies if (c.name, c.path) == ("_xsrf", path)), "")

    def until(self, reached: Callable[[], bool], timeout: float = 90) -> None:
        end = time.monotonic() + timeout
        while not reached():
            assert time.monotonic() < end, f"{self.user} waited for {timeout:g} s"
            time.sleep(0.2)

    def ended(self, batch: str) -> dict[str, Any]:
        """Wait for the end of a batch."""
        self.until(lambda: self.get(f"batches/{batch}").json()["counts"].keys() <= {"done", "failed", "stopped"})
        reply: dict[str, Any] = self.get(f"batches/{batch}").json()
        return reply


@dataclass
class Hub:
    """What the tests know of the hub."""

    site: str
    homes: Path
    colleagues: Job


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory, write_template: Callable[..., Path]) -> Iterator[Hub]:
    """A hub at a base URL of two parts, and a folder of a colleague's jobs that it shows to everybody."""
    if why := _why_not():
        pytest.skip(why)
    folder = tmp_path_factory.mktemp("hub")
    for user in ("ada", "ben"):
        write_template(folder / "home" / user / "square.ipynb", "n: int = 1", CELL)
    colleagues = submit(write_template(folder / "theirs.ipynb", "n: int = 1", CELL), {}, folder / "shared")
    colleagues.stop(timeout=30)
    with ExitStack() as stack:
        probes = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(3)]
        public, inner, api = (probe.getsockname()[1] for probe in probes)
    values = {"public": public, "hub": inner, "api": api, "folder": str(folder), "proxy": str(PROXY)}
    (folder / "config.py").write_text(CONFIGURATION.format(**values, shared=str(folder / "shared")))
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_", "PULSETRAIN"))}
    with (folder / "hub.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "jupyterhub", "-f", "config.py"],
            cwd=folder,
            env=kept | {"PATH": _path()},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    site = f"http://127.0.0.1:{public}/beam/line/"
    try:
        _wait(process, f"{site}hub/api/", folder / "hub.log")
        yield Hub(site, folder / "home", colleagues)
    finally:
        below = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for left in below:  # a node that is started by a Python package outlives what starts it
            with contextlib.suppress(psutil.NoSuchProcess):
                left.kill()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path, timeout: float = 60) -> None:
    end = time.monotonic() + timeout
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < end and process.poll() is None:
            try:
                if session.get(address, timeout=2).ok:
                    return
            except requests.ConnectionError:
                pass
            time.sleep(0.1)
    pytest.fail(f"the hub does not answer:\n{log.read_text()[-3000:]}")


def order(*squares: int) -> dict[str, Any]:
    return {
        "template": "square.ipynb",
        "parameters": {},
        "runs": "",
        "grid": {"n": list(squares)},
        "executor": {"name": "local", "slots": 1},
    }


@pytest.fixture(scope="module")
def users(hub: Hub) -> tuple[Browser, Browser]:
    """Two users that have logged in, each with a server."""
    ada, ben = Browser(hub.site, "ada"), Browser(hub.site, "ben")
    for user in (ada, ben):
        user.log_in()
    for user in (ada, ben):
        user.await_server()
    return ada, ben


def test_two_users_run_batches_and_neither_sees_or_touches_the_others(hub: Hub, users: tuple[Browser, Browser]) -> None:
    ada, ben = users
    answers = [ada.post("batches", order(2, 3)), ben.post("batches", order(5, 7))]
    assert [answer.status_code for answer in answers] == [201, 201], answers[0].text
    batches = [answer.json()["id"] for answer in answers]
    for user, batch, squares in zip(users, batches, ([4, 9], [25, 49]), strict=True):
        assert user.ended(batch)["counts"] == {"done": 2}
        jobs = user.get(f"batches/{batch}/jobs").json()["jobs"]
        assert [(job["metrics"]["square"], job["mine"]) for job in jobs] == [(square, True) for square in squares]
        mine = [entry["id"] for entry in user.get("batches").json()["batches"]]
        assert mine == [batch]
        assert (hub.homes / user.user / "pulsetrain-jobs" / batch / "batch.json").is_file()
        assert "<title>" in user.open(f"jobs/{jobs[0]['id']}/report").text

    for user, other, batch in ((ada, "ben", batches[1]), (ben, "ada", batches[0])):
        assert user.get(f"batches/{batch}").status_code == 404  # on one's own server there is no such thing
        for route in ("batches", f"batches/{batch}", f"jobs/{batch}.0001/log", f"jobs/{batch}.0001/report"):
            assert user.get(route, user=other).status_code == 403
            answer = user.open(route, user=other)  # goes round by the hub, which knows who asks
            assert answer.status_code == 403, answer.url
            assert batch not in re.sub(r'(href|value|action)="[^"]*"', "", answer.text)
        for route in (f"batches/{batch}/stop", f"batches/{batch}/resume", "batches"):
            assert user.post(route, order(1), user=other).status_code in (302, 403)
    assert ben.ended(batches[1])["counts"] == {"done": 2}


def test_nobody_gets_in_without_logging_in_and_no_other_site_may_post(hub: Hub, users: tuple[Browser, Browser]) -> None:
    ada, _ = users
    stranger = Browser(hub.site, "ada")
    assert stranger.get("jobs").status_code == 403
    assert stranger.post("batches", order(1)).status_code in (302, 403)
    assert ada.get("batches", with_token=False).status_code == 403  # cookies alone, as another site's scripts have
    before = ada.get("batches").json()["total"]
    assert ada.post("batches", order(1), with_token=False).status_code == 403
    assert ada.get("batches").json()["total"] == before


def test_a_token_of_the_hubs_opens_ones_own_server_and_no_other(hub: Hub, users: tuple[Browser, Browser]) -> None:
    ada, _ = users
    page = f"{hub.site}hub/token"
    ada.session.get(page, timeout=30)
    answer = ada.session.post(
        f"{hub.site}hub/api/users/ada/tokens",
        json={"note": "script"},
        headers={"X-XSRFToken": ada.token("/beam/line/hub/"), "Referer": page},
        timeout=30,
    )
    assert answer.status_code == 201, answer.text
    headers = {"Authorization": f"token {answer.json()['token']}"}
    with requests.Session() as script:
        script.trust_env = False
        codes = [script.get(ada.api(user) + "jobs", headers=headers, timeout=30).status_code for user in ("ada", "ben")]
    assert codes == [200, 403]


def test_a_folder_of_colleagues_jobs_is_shown_to_both_and_touched_by_neither(
    hub: Hub, users: tuple[Browser, Browser]
) -> None:
    theirs = hub.colleagues
    before = (theirs.folder / "status.json").read_bytes()
    for user in users:
        (job,) = user.get("jobs").json()["jobs"]
        assert (job["id"], job["mine"], job["state"]) == (theirs.id, False, "stopped")
        assert user.get(f"jobs/{theirs.id}/log").ok
        for action in ("stop", "resume"):
            assert user.post(f"jobs/{theirs.id}/{action}").status_code == 403
    assert (theirs.folder / "status.json").read_bytes() == before
    assert not (theirs.folder / "stop").exists()
