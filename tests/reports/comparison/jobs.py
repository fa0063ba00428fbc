"""Jobs that have ended, written as folders, and what a browser would make of the pages about them."""

from __future__ import annotations

import base64
import io
import json
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from pulsetrain.reports import Batch, write_comparison
from pulsetrain.reports.status import Status

HOSTILE = "\"'></script><script>alert(1)</script><img src=x onerror=alert(2)>&$x"
PARAMETERS = "run = 0\nmin_snr = 5.0  # Least signal-to-noise ratio. [σ] {1 ..}\npath = ''\nsteps = 100"


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._inside = self._cell = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = tag
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._cell:
            self._cell = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            return
        self.text += data
        if self._cell:
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        return next(row for row in self.rows if row and row[0] == first)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def png(colour: Any, size: tuple[int, int] = (640, 480)) -> str:
    """Return a picture as a notebook holds it: of one colour, or of an array."""
    image = Image.new("RGB", size, colour) if isinstance(colour, str) else Image.fromarray(colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def cell(picture: str = "", *, tags: tuple[str, ...] = (), kind: str = "image/png") -> dict[str, Any]:
    output = {"output_type": "display_data", "metadata": {}, "data": {kind: picture, "text/plain": "figure"}}
    metadata = {"tags": list(tags)}
    return {"cell_type": "code", "metadata": metadata, "source": "draw()", "outputs": [output] * bool(picture)}


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}


@pytest.fixture
def batch(tmp_path):
    """Write a batch whose jobs have ended; of each: its parameters, its metrics (None: it failed), its cells."""

    def make(*jobs: dict[str, Any], varied: list[str] | None = None, name: str = "b", **record: Any) -> Batch:
        folder = tmp_path / name
        folder.mkdir()
        names = [f"{name}.{number:04d}" for number in range(1, len(jobs) + 1)]
        for one, job in zip(names, jobs, strict=True):
            (folder / one).mkdir()
            given, metrics = job.get("parameters", {}), job.get("metrics")
            about = {"id": one, "parameters": given, "defaults": {"run": 0, "min_snr": 5.0, "path": "", "steps": 100}}
            write(folder / one / "job.json", about | {"batch": name} | job.get("record", {}))
            state, message = ("failed", job.get("message", "no peaks")) if metrics is None else ("done", "")
            status = Status(state, message, started=1000.0, finished=1000.0 + job.get("seconds", 12.0), host="node")
            status.write(folder / one / "status.json")
            if metrics is not None:
                write(folder / one / "metrics.json", metrics)
                (folder / one / "report.html").touch()
            write(folder / one / "notebook.ipynb", notebook(*job.get("cells", ())))
        tagged = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": PARAMETERS, "outputs": []}
        write(folder / "template.ipynb", notebook(tagged))
        about = {"id": name, "template": {"title": "Trial", "path": "/trial.ipynb", "sha256": "ab"}, "jobs": names}
        write(folder / "batch.json", about | {"varied": varied or []} | record)
        return Batch(folder)

    return make


def grid(make: Any, runs: range, ratios: list[float], value: Any, **about: Any) -> Batch:
    jobs = [{"parameters": {"run": run, "min_snr": snr}, "metrics": value(run, snr)} for run in runs for snr in ratios]
    return make(*jobs, varied=["run", "min_snr"], **about)


def page_of(found: Batch) -> Page:
    return Page(write_comparison(found).read_text(encoding="utf-8"))
