"""Folders of jobs as runners leave them, made by the thousand."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from pulsetrain.reports import Status


def make_job(
    root: Path, name: str, state: str = "done", *, record: dict[str, Any] | None = None, **status: Any
) -> Path:
    """Make the folder of a job."""
    folder = root / name
    folder.mkdir(parents=True)
    now = time.time()
    content = {
        "id": name,
        "template": {"name": "spectra", "title": "Shot by shot", "path": "/templates/spectra.ipynb"},
        "parameters": {"path": f"/data/{name}", "steps": 200},
        "executor": {"name": "local"},
        "provenance": {"user": "ada"},
    }
    (folder / "job.json").write_text(json.dumps(content | (record or {})))
    ended = {"finished": now} if state in ("done", "failed", "stopped") else {}
    status = {"state": state, "cells": 9, "submitted": now - 60, "started": now - 50, **ended}
    Status(**status).write(folder / "status.json")
    for file in ("notebook.ipynb", "log.txt", *["report.html"] * (state == "done")):
        (folder / file).write_text("{}")
    return folder


def make_batch(root: Path, name: str, states: list[str], *, metrics: bool = True, **record: Any) -> Path:
    """Make the folder of a batch that varies ``clen``, with jobs in some states."""
    folder = root / name
    folder.mkdir(parents=True)
    names = [f"{name}.{number:04d}" for number in range(1, len(states) + 1)]
    for number, (job, state) in enumerate(zip(names, states, strict=True)):
        varied = {"clen": round(0.1 + number / 1000, 6)}
        made = make_job(folder, job, state, record={"batch": name, "varied": varied, "parameters": varied})
        if metrics and state == "done":
            (made / "metrics.json").write_text(json.dumps({"rate": (number * 37 % len(states)) / len(states)}))
    content = {
        "id": name,
        "template": {"name": "tuning", "title": "Tuning", "path": "/templates/tuning.ipynb"},
        "runs": "",
        "grid": {"clen": [0.1]},
        "values": {},
        "varied": ["clen"],
        "executor": {"name": "local"},
        "submitted": time.time() - 60,
        "provenance": {"user": "ada"},
        "jobs": names,
    }
    (folder / "batch.json").write_text(json.dumps(content | record))
    return folder
