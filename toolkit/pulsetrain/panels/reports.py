"""Reports from the kernel: submit, follow, compare – all that the sidebars do, where no extension can be installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from pulsetrain.options import OptionError
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._report import jobs_folder
from pulsetrain.panels._reports_layout import JOBS, NEW, ReportsLayout
from pulsetrain.panels._reports_list import EntryList
from pulsetrain.panels._reports_new import NewRun
from pulsetrain.panels._reports_saved import SavedTable
from pulsetrain.panels._reports_watch import Entry, Watch
from pulsetrain.panels._reports_words import details_html, place_html
from pulsetrain.panels._task import Task
from pulsetrain.panels._tree import close_tree
from pulsetrain.reports import Batch, Job, JobError, compare_jobs, write_comparison
from pulsetrain.reports.comparison import comparison_page

__all__ = ["ReportsPanel"]

_LINK = re.compile(r'<a href="[^"<>]*">([^<]*)</a>')


class ReportsPanel:
    """Run templates over parameters and runs, follow the jobs, and read and compare what they found.

    It is made of the widgets that ipywidgets itself brings: a hub needs no extension for it.

    Parameters
    ----------
    root : str or Path, optional
        Folder of jobs; the one that the sidebar lists, else ``pulsetrain-jobs`` in or above the working directory.
    templates : iterable of str or Path
        Notebooks, and folders of notebooks, that are offered beside the shipped templates.

    Attributes
    ----------
    root : Path
    new : NewRun
        The fields of the next job or batch; ``new.choose`` fills them, ``new.run`` submits.
    list : EntryList
        Jobs and batches; ``list.choose`` ticks some by their ids.
    task : Task
        What is being done to jobs; ``new.task`` submits.
    widget : ipywidgets.Widget
        To build into a larger one.

    Examples
    --------
    >>> panel = ReportsPanel("jobs")  # doctest: +SKIP
    >>> panel.new.choose("spectra", {"steps": 40}, grid={"network": ["cnn", "fcnn"]})  # doctest: +SKIP
    >>> panel.new.run()  # doctest: +SKIP
    """

    def __init__(self, root: str | Path | None = None, templates: Iterable[str | Path] = ()) -> None:
        self.root = (jobs_folder() if root is None else Path(root).expanduser()).resolve()
        self._loop, self._saved = Loop(), SavedTable()
        self._watch = Watch(self.root, lambda entries: self._loop.call(lambda: self._take(entries)))
        self.new = NewRun(self.root, templates, self._loop, self._submitted)
        self.list = EntryList(self._refresh)
        self.task = Task("Open", self.open, self._loop)
        self.task.button.icon, self.task.button.tooltip = "file-text-o", "The report, or the comparison of a batch"
        self._form = self._build()
        self.widget = self._form.widget
        self._refresh()
        self._watch.start()

    @property
    def entries(self) -> list[Entry]:
        """Jobs and batches as last seen, the newest first."""
        return self.list.entries

    @property
    def following(self) -> bool:
        """Whether the folder is being looked at."""
        return self._watch.alive

    def look(self) -> None:
        """Look at the folder now, instead of when it is next looked at anyway."""
        entries = self._watch.look()
        self._loop.call(lambda: self._take(entries))
        self._loop.drain()
        self._watch.wake()

    def open(self) -> None:
        """Show the report of the job that is ticked, or the comparison of the batch, made anew."""
        (entry,) = self._ticked(1)
        item = entry.item
        if isinstance(item, Batch):
            self.task.run(lambda _: _comparison(item), lambda page: self._form.show(page, item.folder, themed=True))
            return
        report = item.report
        if report is None:
            raise JobError(f"{entry.id} has no report yet; it is {entry.state}")
        self._form.show(report.read_text(encoding="utf-8"), report)

    def compare(self) -> None:
        """Show the two jobs that are ticked side by side."""
        jobs = [entry.item for entry in self._ticked(2) if isinstance(entry.item, Job)]
        if len(jobs) != 2:
            raise JobError("a batch has a comparison of its own; tick two jobs")
        one, other = jobs
        names = f"{one.id} and {other.id}"
        self.task.run(lambda _: compare_jobs(one, other), lambda page: self._form.show(page, names, themed=True))

    def stop(self) -> None:
        """Stop what is ticked; jobs at work save their partial notebooks."""
        self._act("Stopped", lambda item: item.stop())

    def resume(self) -> None:
        """Run once more what is ticked and did not finish; of a batch the jobs that did not."""
        self._act("Queued again", lambda item: item.resume())

    def again(self) -> None:
        """Fill the fields with what the job or batch that is ticked was run with."""
        (entry,) = self._ticked(1)
        record, many = entry.item.record, isinstance(entry.item, Batch)
        path = Path(str(_mapping(record, "template").get("path", "")))
        self.new.choose(
            path if path.is_file() else entry.item.folder / "template.ipynb",
            _mapping(record, "values" if many else "parameters"),
            runs=str(record.get("runs", "")) if many else "",
            grid=_mapping(record, "grid") if many else None,
        )
        self.new.choose_executor(_mapping(record, "executor"))
        self._form.turn_to(NEW)

    def enter(self) -> None:
        """List the jobs of the batch that is ticked; from there, all jobs and batches again."""
        batch = None
        if self._watch.scope is None:
            (entry,) = self._ticked(1)
            if not isinstance(entry.item, Batch):
                raise JobError(f"{entry.id} is a single job; tick a batch to list its jobs")
            batch = entry.item
        # Emptied first: where a kernel handles messages in a thread beside its loop, the answer is there at once.
        self.list.choose()
        self.list.update([])
        self._watch.scope = batch
        self._refresh()

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for what the buttons began, then raise what went wrong with it, if anything; jobs are not waited for."""
        for task in (self.new.task, self.task):
            task.wait(timeout)
            if task.error is not None:
                raise task.error

    def close(self) -> None:
        """Look at the folder no more, and free everything the control holds in kernel and browser; jobs go on."""
        self._watch.close()
        for task in (self.new.task, self.task):
            task.cancel()
            task.wait()
        self.new.close()
        close_tree(self.widget)

    def _ipython_display_(self) -> None:
        self._saved.display_below(self.widget)

    def _build(self) -> ReportsLayout:
        layout = ReportsLayout(self.new.widget, self.list.widget, self.task.widget)
        for made, action in (
            (layout.compare, self.compare),
            (layout.enter, self.enter),
            (layout.again, self.again),
            (layout.stop, self.stop),
            (layout.resume, self.resume),
        ):
            made.on_click(lambda _, action=action: self.task.guard(action))
        return layout

    def _take(self, entries: list[Entry]) -> None:
        self.list.update(entries)
        self._refresh()
        if self._watch.scope is None:
            self._saved.keep(entries)

    def _refresh(self) -> None:
        """Offer what can be done to what is ticked, and say how it stands."""
        found, scope, form = self.list.chosen, self._watch.scope, self._form
        jobs = [entry for entry in found if isinstance(entry.item, Job)]
        form.compare.disabled = not len(found) == len(jobs) == 2
        form.enter.disabled = scope is None and (len(found) != 1 or bool(jobs))
        form.enter.description = "Show its jobs" if scope is None else "Back to all"
        form.again.disabled = len(found) != 1
        form.stop.disabled = all(entry.ended for entry in found)
        form.resume.disabled = not any(entry.resumable for entry in found)
        if not self.task.running:
            self.task.button.disabled = len(found) != 1
        said = {form.where: place_html(self.root, scope), form.details: details_html(found[-1]) if found else ""}
        for widget, text in said.items():
            if widget.value != text:
                widget.value = text

    def _submitted(self, sent: Job | Batch) -> None:
        self._watch.scope = None  # which looks at once
        self.list.choose(sent.id)
        self._form.turn_to(JOBS)

    def _act(self, said: str, action: Callable[[Any], Any]) -> None:
        items = [entry.item for entry in self.list.chosen]

        def work(progress: Any) -> list[str]:
            refused = []
            for number, item in enumerate(items):
                progress(number, len(items), item.id)
                try:
                    action(item)
                except (JobError, OptionError, OSError) as error:
                    refused.append(str(error))
            return refused

        def done(refused: list[str]) -> None:
            self._watch.wake()
            count = f"{said}: {len(items) - len(refused)} of {len(items)}"
            self.task.say("\n".join([count, *refused]), "error" if refused else "")

        self.task.run(work, done)

    def _ticked(self, number: int) -> list[Entry]:
        found = self.list.chosen
        if len(found) != number:
            raise JobError(f"got {len(found)} ticked; tick {number}")
        return found


def _comparison(batch: Batch) -> str:
    """Write the comparison, and return it without links, which lead nowhere from a notebook."""
    try:
        return _LINK.sub(r"\1", write_comparison(batch).read_text(encoding="utf-8"))
    except OSError:  # a colleague's batch, to be read only
        return comparison_page(batch, links=False)


def _mapping(record: dict[str, Any], name: str) -> dict[str, Any]:
    value = record.get(name)
    return value if isinstance(value, dict) else {}
