"""A real JupyterLab and a real browser, for the tests that look at what users see.

`lab` is one server for all tests, under a base URL as behind a hub; `page` is a fresh, logged-in Lab page.
Screenshots go to the folder in PULSETRAIN_SCREENSHOTS, else to a temporary one.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

TEMPLATES = Path(__file__).parent / "templates"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-proxy-server",
]
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}'
KERNEL_START = 60_000  # ms


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@dataclass
class Lab:
    """A JupyterLab server in folders of its own; `root` is what its file browser shows."""

    home: Path
    base_url: str = "/hub-like/"
    token: str = field(default_factory=lambda: secrets.token_hex(16))
    port: int = field(default_factory=_free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def root(self) -> Path:
        return self.home / "root"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}{self.base_url}"

    @property
    def jobs(self) -> Path:
        return self.root / "pulsetrain-jobs"

    def start(self) -> Lab:
        """Start the server and wait until it answers."""
        self.root.mkdir(parents=True, exist_ok=True)
        news = self.home / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        news.parent.mkdir(parents=True, exist_ok=True)
        news.write_text(NO_NEWS)
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.base_url": self.base_url,
            "ServerApp.root_dir": self.root,
            "ServerApp.allow_root": True,
            "ServerApp.open_browser": False,
            "IdentityProvider.token": self.token,
            "LabApp.expose_app_in_browser": True,
            "LabApp.extension_manager": "readonly",
        }
        command = [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self.root, env=self._environment(), stdout=log, stderr=log, start_new_session=True
            )
        self._wait()
        return self

    def kill(self) -> None:
        """End the server the hard way, as the kernel does when memory runs out."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the server and whatever it has started."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))}
        places = {"CONFIG_DIR": "config", "DATA_DIR": "data", "RUNTIME_DIR": "runtime"}
        own = {f"JUPYTER_{name}": str(self.home / folder) for name, folder in places.items()}
        return (
            kept
            | own
            | {
                "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
                "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
                "IPYTHONDIR": str(self.home / "ipython"),
            }
        )

    def _wait(self, timeout: float = 60) -> None:
        assert self.process is not None
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        end = time.monotonic() + timeout
        while time.monotonic() < end and self.process.poll() is None:
            try:
                opener.open(f"{self.url}api?token={self.token}", timeout=2).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(f"JupyterLab does not answer:\n{(self.home / 'server.log').read_text()[-3000:]}")


@pytest.fixture(scope="session")
def new_lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Lab]]:
    """Start further servers; each is ended with the session."""
    labs: list[Lab] = []

    def make() -> Lab:
        lab = Lab(tmp_path_factory.mktemp("lab"))
        shutil.copytree(TEMPLATES, lab.root / "templates")
        labs.append(lab)
        return lab.start()

    yield make
    for lab in labs:
        lab.stop()


@pytest.fixture(scope="session")
def lab(new_lab: Callable[[], Lab]) -> Lab:
    """The server that the tests share."""
    return new_lab()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, or the one that playwright installs."""
    with sync_playwright() as playwright:
        system = next(filter(None, map(shutil.which, BROWSERS)), None)
        path = system or playwright.chromium.executable_path
        if not Path(path).exists():
            reason = f"no browser: install one of {', '.join(BROWSERS)}, or run `playwright install chromium`"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def open_lab(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[[Lab], Page]]:
    """Open logged-in pages of a server; a picture is kept of each where the test fails."""
    pages: list[Page] = []
    errors: list[str] = []

    def make(lab: Lab) -> Page:
        context = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(20_000)
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        page.goto(f"{lab.url}lab?reset&token={lab.token}")
        page.locator("#jp-main-dock-panel").wait_for(timeout=60_000)
        page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
        return page

    yield make
    failed = getattr(request.node, "failed", False)
    for number, page in enumerate(pages):
        if failed:
            page.screenshot(path=_pictures(request) / f"failed-{request.node.name}-{number}.png")
        page.context.close()
    if not failed:
        assert not errors, f"uncaught errors in the page: {errors}"


@pytest.fixture
def page(lab: Lab, open_lab: Callable[[Lab], Page]) -> Page:
    """A fresh, logged-in page of the shared server."""
    return open_lab(lab)


@pytest.fixture
def open_notebook() -> Callable[[Page, str], Locator]:
    """Open a notebook, by its path below the server's root, and wait until its kernel is idle."""

    def make(page: Page, path: str) -> Locator:
        page.evaluate("path => window.jupyterapp.commands.execute('docmanager:open', {path})", path)
        panel = page.locator(".jp-NotebookPanel:visible")
        panel.locator(".jp-Notebook-ExecutionIndicator[data-status='idle']").wait_for(timeout=KERNEL_START)
        return panel

    return make


@pytest.fixture
def screenshot(request: pytest.FixtureRequest) -> Callable[..., Path]:
    """Keep a picture of the page, or of a part of it, under a name."""

    def take(page: Page, name: str, part: Locator | None = None) -> Path:
        path = _pictures(request) / f"{name}.png"
        (part or page).screenshot(path=path)
        return path

    return take


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Let fixtures know, when they clean up, whether their test failed."""
    report = yield
    if report.when == "call":
        item.failed = report.failed  # type: ignore[attr-defined]
    return report


def _pictures(request: pytest.FixtureRequest) -> Path:
    asked = os.environ.get("PULSETRAIN_SCREENSHOTS")
    factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
    folder = Path(asked) if asked else factory.getbasetemp() / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
