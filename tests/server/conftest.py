"""A real Jupyter Server under a base URL, spoken to as a client does: with a token, or with a browser's cookies."""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from tests.jupyter_process import JupyterProcess


@dataclass
class Server(JupyterProcess):
    """A server with the extension, and the requests that clients make of it."""

    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.options = {"ServerApp.jpserver_extensions": "{'pulsetrain.server': True}", **self.options}

    @property
    def api(self) -> str:
        return f"{self.url}pulsetrain/api"

    def get(self, route: str, **kwargs: Any) -> requests.Response:
        return self.request("GET", route, **kwargs)

    def post(self, route: str, body: Any = None, **kwargs: Any) -> requests.Response:
        return self.request("POST", route, json=body, **kwargs)

    def request(self, method: str, route: str, **kwargs: Any) -> requests.Response:
        headers = {"Authorization": f"token {self.token}"} | self.headers
        prepared = requests.Request(method, "http://x/", headers=headers, **kwargs).prepare()
        query = prepared.url.partition("?")[2]
        prepared.url = f"{self.api}/{route}" + (f"?{query}" if query else "")  # dots and escapes as they stand
        with requests.Session() as session:
            session.trust_env = False
            return session.send(prepared, timeout=30)

    def submit(self, template: str, **values: Any) -> str:
        answer = self.post("jobs", {"template": template, "parameters": values})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def wait(self, job: str, *states: str, timeout: float = 60) -> dict[str, Any]:
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            status: dict[str, Any] = self.get(f"jobs/{job}").json()
            if status["state"] in states:
                return status
            assert status["state"] not in {"failed", "dead"}, status
            time.sleep(0.1)
        pytest.fail(f"{job} is {status['state']}, not {' or '.join(states)}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """The server that the tests share."""
    server = Server(tmp_path_factory.mktemp("server"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def configured(tmp_path_factory: pytest.TempPathFactory, write_template: Callable[..., Path]) -> Iterator[Server]:
    """A server as an administrator sets it up: own folders, and readers who may not run anything."""
    home = tmp_path_factory.mktemp("configured")
    write_template(home / "group" / "shared.ipynb", "n = 1", "print(n)")
    (home / "readers.py").write_text(
        "from jupyter_server.auth import Authorizer\n"
        "class Readers(Authorizer):\n"
        "    def is_authorized(self, handler, user, action, resource):\n"
        "        role = handler.request.headers.get('X-Role', 'reader')\n"
        "        return role == 'writer' or (role == 'reader' and action == 'read')\n"
    )
    options = {
        "PulsetrainServer.jobs_root": home / "elsewhere",
        "PulsetrainServer.shared_jobs": home / "colleague",
        "PulsetrainServer.template_folders": home / "group",
        "ServerApp.authorizer_class": "readers.Readers",
    }
    # A path without a cluster's programs, wherever the tests run.
    server = Server(home, options, {"PYTHONPATH": str(home), "PATH": str(Path(sys.executable).parent)})
    yield server.start()
    server.stop()


@pytest.fixture(scope="session")
def write_template() -> Callable[..., Path]:
    """Write a notebook with a parameters cell and further code cells."""

    def write(path: Path, parameters: str, *cells: str) -> Path:
        def code(source: str, *tags: str) -> dict[str, Any]:
            return {
                "cell_type": "code",
                "execution_count": None,
                "id": secrets.token_hex(4),
                "metadata": {"tags": list(tags)},
                "outputs": [],
                "source": source,
            }

        heading = {
            "cell_type": "markdown",
            "id": "title",
            "metadata": {},
            "source": f"# {path.stem} title\n\nIn short.",
        }
        notebook = {
            "cells": [heading, code(parameters, "parameters"), *map(code, cells)],
            "metadata": {"language_info": {"name": "python"}},
            "nbformat": 4,
            "nbformat_minor": 5,
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(notebook))
        return path

    return write
