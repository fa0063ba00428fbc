"""The part of the panel of reports that submits: template, parameters, runs, where to run, and what that comes to."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import ipywidgets

from pulsetrain.options import OptionError
from pulsetrain.panels._layout import button
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._reports_form import ParameterForm
from pulsetrain.panels._reports_layout import said
from pulsetrain.panels._reports_words import plan_html
from pulsetrain.panels._task import Task
from pulsetrain.reports import (
    EXECUTORS,
    Batch,
    Executor,
    Job,
    Plan,
    Template,
    executor_class,
    find_template,
    plan_batch,
    shipped_folder,
    submit,
    templates,
)

__all__ = ["NewRun"]

_LABEL = {"description_width": "190px"}
_WIDTH = {"width": "480px", "max_width": "calc(100% - 4px)"}


class NewRun:
    """Fields, a preview, and the button that submits.

    Parameters
    ----------
    root : Path
        Folder of jobs.
    sources : iterable of str or Path
        Notebooks, and folders of notebooks, that are offered beside the shipped templates.
    loop : Loop
    submitted : callable
        Given the job or the batch.

    Attributes
    ----------
    widget : ipywidgets.VBox
    form : ParameterForm
        Of the template that is chosen.
    task : Task
        Plans, and submits.
    """

    def __init__(
        self, root: Path, sources: Iterable[str | Path], loop: Loop, submitted: Callable[[Job | Batch], None]
    ) -> None:
        self._root, self._submitted = root, submitted
        self._known = _offered(sources)
        self.task = Task("Run", self.run, loop)
        self.template = ipywidgets.Dropdown(description="Template", style=_LABEL, layout=_WIDTH)
        self.path = ipywidgets.Text(
            description="or notebook", placeholder="path of a notebook, or of a folder of notebooks",
            continuous_update=False, style=_LABEL, layout=_WIDTH,
        )  # fmt: skip
        self.summary = ipywidgets.HTML()
        self.runs = ipywidgets.Text(
            description="Runs", placeholder="10-25, 31", continuous_update=False, style=_LABEL, layout=_WIDTH,
            tooltip="One job each: into the parameter run, or where a path says {run} or {run:04d}",
        )  # fmt: skip
        self.executor = ipywidgets.Dropdown(options=_executors(), description="Where", style=_LABEL, layout=_WIDTH)
        self.preview = button("Preview", "eye", "What would be submitted; nothing is written")
        self.words = said()
        self._changes = 0
        self.form: ParameterForm | None = None
        self._options: ParameterForm | None = None
        self._form_place, self._options_place = ipywidgets.VBox(), ipywidgets.VBox()
        self.task.widget.children[0].children = (self.preview, *self.task.widget.children[0].children)
        self.widget = ipywidgets.VBox(
            [
                self.template, self.path, self.summary, self._form_place, self.runs, self.executor,
                self._options_place, self.task.widget, self.words,
            ]
        )  # fmt: skip
        self.template.observe(lambda _: self.task.guard(self._show_form), "value")
        self.path.observe(lambda _: self.task.guard(self._take_path), "value")
        self.runs.observe(lambda _: self._outdate(), "value")
        self.executor.observe(lambda _: self._show_options(), "value")
        self.preview.on_click(lambda _: self.task.guard(self.show_plan))
        self._offer(next(iter(self._known), None))
        self._show_options()

    def choose(self, template: str | Path, values: Mapping[str, Any], *, runs: str = "", grid: Any = None) -> None:
        """Fill everything in.

        Parameters
        ----------
        template
            Name of a shipped one, or a path.
        values, runs, grid
            As of `pulsetrain.reports.plan_batch`.
        """
        found = find_template(template)
        self._known[found.path] = found
        if found.path == self.template.value:
            self._show_form()  # the notebook may have been changed since
        self._offer(found.path)
        self.runs.value = runs
        if self.form is not None:
            self.form.set(values, grid)

    def choose_executor(self, stated: Mapping[str, Any]) -> None:
        """Fill in where jobs ran before, from their record."""
        name = stated.get("name")
        if name in EXECUTORS:
            self.executor.value = name
            if self._options is not None:
                self._options.set({key: value for key, value in stated.items() if key != "name"})

    def show_plan(self) -> None:
        """Show what would be submitted; nothing is written."""
        plan, changes = self._planner(), self._changes

        def work(_progress: Any) -> tuple[int, str] | OptionError:
            found = _tried(plan)  # its paths are looked for here too: a file system may be slow
            return found if isinstance(found, OptionError) else (len(found.rows), plan_html(found))

        def done(seen: tuple[int, str] | OptionError) -> None:
            if changes == self._changes:
                self._previewed(seen)
            else:
                self.task.say("The fields have changed meanwhile; preview once more.")

        self.task.run(work, done)

    def run(self) -> None:
        """Submit: one job, or a batch where there are runs or a parameter is varied."""
        plan = self._planner()
        root = self._root

        def work(_progress: Any) -> Job | Batch | OptionError:
            found = _tried(plan)
            if isinstance(found, OptionError):
                return found
            if not found.runs and not found.grid:
                prepared = found.prepared
                return submit(prepared.template, found.values, root, executor=found.executor, cwd=prepared.cwd)
            return found.submit()

        self.task.run(work, self._sent)

    def close(self) -> None:
        """Close the forms; all else is closed with the panel that holds it."""
        for form in (self.form, self._options):
            if form is not None:
                form.close()

    def _planner(self) -> Callable[[], Plan]:
        """Read the fields, and return what plans with their values in a thread; an earlier preview goes."""
        self._clear()
        template = self._known.get(self.template.value)
        if template is None or self.form is None:
            raise OptionError("template: none is chosen")
        values, grid, runs, executor = self.form.values, self.form.grid, self.runs.value.strip(), self._executor()
        cwd = Path.cwd() if template.path.parent == shipped_folder("reports") else template.path.parent
        return lambda: plan_batch(template, values, runs=runs, grid=grid, root=self._root, executor=executor, cwd=cwd)

    def _executor(self) -> Executor:
        found = executor_class(self.executor.value)
        if trouble := found.trouble():
            raise OptionError(f"executor: {found.title} cannot be used here: {trouble}")
        return found(**({} if self._options is None else self._options.values))

    def _previewed(self, seen: tuple[int, str] | OptionError) -> None:
        if isinstance(seen, OptionError):
            self._refused(seen)
        else:
            jobs, self.words.value = seen
            self.task.say(f"{jobs} {'job' if jobs == 1 else 'jobs'}, as listed below.")

    def _sent(self, sent: Job | Batch | OptionError) -> None:
        if isinstance(sent, OptionError):
            self._refused(sent)
            return
        many = f"Batch of {len(sent.jobs())} jobs" if isinstance(sent, Batch) else "Job"
        self.task.say(f"{many} submitted: {sent.id}", "success")
        self._submitted(sent)

    def _refused(self, error: OptionError) -> None:
        lines = str(error).splitlines()
        rest = lines if self.form is None else self.form.show(lines)
        self.task.error = error
        self.task.say("\n".join(rest) or "Not submitted: see the parameters above.", "error")

    def _outdate(self) -> None:
        """Take away what was previewed or refused: the fields say something else now."""
        self._changes += 1
        self._clear()

    def _clear(self) -> None:
        if not self.task.running and (self.words.value or self.task.error is not None):
            self.task.say("")
        self.words.value = ""

    def _offer(self, chosen: Path | None) -> None:
        """List the templates, and choose one."""
        options = [(template.title, path) for path, template in self._known.items()]
        if tuple(options) != tuple(self.template.options):
            self.template.options = options
        if chosen is not None:
            self.template.value = chosen

    def _take_path(self) -> None:
        given = self.path.value.strip()
        if not given:
            return
        place = Path(given).expanduser().resolve()
        found = _offered([place], shipped=False)
        if not found:
            raise OptionError(f"template: got {given!r}; no notebook with a cell tagged 'parameters' lies there")
        self._known |= found
        self._offer(next(iter(found)))

    def _show_form(self) -> None:
        template = self._known.get(self.template.value)
        if template is None:
            return
        model = template.parameters
        if self.form is not None:
            self.form.close()
        self.form = ParameterForm(model, vary=True, changed=self._outdate)
        self._form_place.children = (self.form.widget,)
        self.summary.value = f'<span class="pt-help">{html.escape(template.summary)}</span>'
        self._outdate()

    def _show_options(self) -> None:
        model = executor_class(self.executor.value).model
        if self._options is not None:
            self._options.close()
        self._options = ParameterForm(model, changed=self._outdate)
        self._options_place.children = (self._options.widget,)
        self._outdate()


def _tried(plan: Callable[[], Plan]) -> Plan | OptionError:
    """Plan; what is refused is an answer, which the form shows field by field."""
    try:
        return plan()
    except OptionError as error:
        return error


def _offered(sources: Iterable[str | Path], *, shipped: bool = True) -> dict[Path, Template]:
    """Return templates by path: the shipped ones, then those of folders and notebooks."""
    found = list(templates()) if shipped else []
    for source in sources:
        place = Path(source).expanduser()
        found += templates(place) if place.is_dir() else [find_template(source)]
    return {template.path: template for template in found}


def _executors() -> list[tuple[str, str]]:
    named = []
    for name in EXECUTORS:
        found = executor_class(name)
        trouble = found.trouble()
        named.append((f"{found.title} (not here: {trouble})" if trouble else found.title, name))
    return named
