"""Batches that have ended, for the tests of what is made of them."""

from __future__ import annotations

from typing import Any

import pytest
from tests.reports.comparison.jobs import PARAMETERS, notebook, write

from pulsetrain.reports import Batch
from pulsetrain.reports.status import Status


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
