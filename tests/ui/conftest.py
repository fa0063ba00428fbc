"""A real JupyterLab and a real browser, for the tests that look at what users see.

`lab` is one server for all tests, under a base URL as behind a hub; `page` is a fresh, logged-in Lab page. Of several
processes that share the tests each has its own server, browser and folders. The machine may be slow and busy: what a
test expects has half a minute to come true.
Screenshots are taken where PULSETRAIN_SCREENSHOTS names a folder; else only of failures, into a temporary one.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect, sync_playwright
from tests.jupyter_process import JupyterProcess
from tests.ui.controls import change_theme

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
THEME = "settings/@jupyterlab/apputils-extension/themes.jupyterlab-settings"
NO_NEWS = '{"fetchNews": "false", "checkForUpdates": false, "doNotDisturbMode": true}'
KERNEL_START = 120_000  # ms
LOADING = 90_000  # ms
PATIENCE = 30_000  # ms

expect.set_options(timeout=PATIENCE)


@dataclass
class Lab(JupyterProcess):
    """A JupyterLab server; `root` is what its file browser shows."""

    module: ClassVar[str] = "jupyterlab"
    base_url: ClassVar[str] = "/hub-like/"

    def __post_init__(self) -> None:
        self.options = {"LabApp.expose_app_in_browser": True, "LabApp.extension_manager": "readonly", **self.options}
        self.environment = {
            "JUPYTERLAB_SETTINGS_DIR": str(self.home / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self.home / "workspaces"),
            "IPYTHONDIR": str(self.home / "ipython"),
            **self.environment,
        }
        news = self.home / "settings/@jupyterlab/apputils-extension/notification.jupyterlab-settings"
        news.parent.mkdir(parents=True, exist_ok=True)
        news.write_text(NO_NEWS)


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
def context() -> Iterator[BrowserContext]:
    """A window of Debian's Chromium, or of the one that playwright installs, in which pages are tabs.

    To open the window and to compile JupyterLab anew for each page would take half of a page's time again.
    """
    with sync_playwright() as playwright:
        system = next(filter(None, map(shutil.which, BROWSERS)), None)
        path = system or playwright.chromium.executable_path
        if not Path(path).exists():
            reason = f"no browser: install one of {', '.join(BROWSERS)}, or run `playwright install chromium`"
            (pytest.fail if os.environ.get("CI") else pytest.skip)(reason)
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        context = browser.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
        context.set_default_timeout(PATIENCE)
        context.new_page()  # a window closes with its last tab
        yield context
        browser.close()


@pytest.fixture
def open_lab(context: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Callable[[Lab], Page]]:
    """Open logged-in pages of a server; a picture is kept of each where the test fails."""
    pages: list[Page] = []
    errors: list[str] = []

    def make(lab: Lab) -> Page:
        (lab.home / THEME).unlink(missing_ok=True)  # that of another test
        page = context.new_page()
        page.on("pageerror", lambda error: errors.append(str(error)))
        pages.append(page)
        page.goto(f"{lab.url}lab?reset&token={lab.token}", timeout=LOADING)
        page.locator("#jp-main-dock-panel").wait_for(timeout=LOADING)
        page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)", timeout=LOADING)
        # The launcher comes last, and would take the focus away from what a test has gone to in the meantime.
        page.wait_for_function("() => document.activeElement?.closest('.jp-Launcher')", timeout=LOADING)
        return page

    yield make
    failed = getattr(request.node, "failed", False)
    for number, page in enumerate(pages):
        if failed:
            page.screenshot(path=_pictures(request) / f"failed-{request.node.name}-{number}.png")
        page.close()
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
def screenshot(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Keep a picture of the page, or of a part of it, under a name, if pictures are asked for."""

    def take(page: Page, name: str, part: Locator | None = None) -> None:
        if os.environ.get("PULSETRAIN_SCREENSHOTS"):
            (part or page).screenshot(path=_pictures(request) / f"{name}.png")

    return take


@pytest.fixture
def set_theme(page: Page) -> Callable[[str], None]:
    """Change the theme; other tests begin with the light one again."""
    return lambda theme: change_theme(page, theme)


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
