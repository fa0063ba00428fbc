"""Run what a control is set to as a report."""

from __future__ import annotations

import html
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets

from pulsetrain.panels._loop import Loop
from pulsetrain.panels._task import Task
from pulsetrain.progress import Cancelled, Progress

if TYPE_CHECKING:
    from pulsetrain.reports import Job

__all__ = ["ReportButton"]

_FOLDER = "pulsetrain-jobs"
_POLL = 0.3  # s


class ReportButton:
    """Submits a template with the control's parameters and follows the job.

    Parameters
    ----------
    template : str
        Name of a shipped template.
    values : callable
        Returns the parameters, or raises ValueError saying what is missing.
    loop : Loop
        Of the control.

    Attributes
    ----------
    widget : ipywidgets.VBox
    job : Job or None
        The last one submitted.
    template : str
    values : callable
    """

    def __init__(self, template: str, values: Callable[[], dict[str, Any]], loop: Loop) -> None:
        self.template, self.values = template, values
        self.job: Job | None = None
        self.task = Task("Run as report", self.submit, loop)
        self.task.button.icon, self.task.button.button_style = "file-text-o", ""
        self._link = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([self.task.widget, self._link])

    def submit(self) -> None:
        """Submit the job, and follow it in a thread; cancel stops it, keeping the partial notebook."""
        from pulsetrain.reports import submit

        job = self.job = submit(self.template, self.values(), jobs_folder())
        self._link.value = ""
        self.task.run(lambda progress: _follow(job, progress), self._done)

    def _done(self, job: Job) -> None:
        state = job.status.state
        self.task.say(f"Report {state}.", "success" if state == "done" else "error")
        self._link.value = f"<code>{html.escape(str(job.report or job.folder))}</code>"


def jobs_folder() -> Path:
    """Return the folder whose jobs the sidebar lists; without one, the nearest at or above the working directory."""
    if announced := os.environ.get("PULSETRAIN_JOBS"):
        return Path(announced)
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / _FOLDER).is_dir():
            return folder / _FOLDER
    return here / _FOLDER


def _follow(job: Job, progress: Progress) -> Job:
    """Wait for the job's end; a cancel is passed on to the job, whose partial notebook stays."""
    while not (status := job.status).finished_for_good:
        try:
            progress(status.cell, max(status.cells, 1), f"Report {status.state}")
        except Cancelled:
            job.stop()
            raise
        time.sleep(_POLL)
    return job
