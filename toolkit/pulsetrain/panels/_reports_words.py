"""What the panel of reports says of a plan and of a job, as HTML; all that comes from outside is text."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from pulsetrain.panels._code import as_html
from pulsetrain.panels._reports_over import axes_of
from pulsetrain.panels._reports_watch import Entry
from pulsetrain.reports import Batch, Job, Plan
from pulsetrain.reports._absent import absent_paths
from pulsetrain.reports._comparison_numbers import Digits, written
from pulsetrain.reports._comparison_rows import flat_metrics
from pulsetrain.reports._files import open_plain
from pulsetrain.reports._notebooks import NotebookError, code_cells, read_notebook

__all__ = ["STYLE", "details_html", "frame_html", "place_html", "plan_html"]

_ROWS = 20  # of a plan
_MEASURES = 20  # of a job; its report has all of them
_TAIL = 6_000  # bytes of a log

STYLE = """<style>
.pulsetrain-reports .widget-html-content { min-width: 0; }
.pt-row { border-bottom: 1px solid var(--jp-border-color2, #ddd); align-items: center; }
.pt-row:hover { background: var(--jp-layout-color2, #f3f3f3); }
.pt-cells { display: flex; flex-wrap: wrap; gap: 0 10px; align-items: center; font-variant-numeric: tabular-nums; }
.pt-cells span { flex: 0 0 7em; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.pt-cells span:first-child { flex-basis: 4.5em; }
.pt-cells span:last-child { flex: 1 1 18em; white-space: normal; overflow-wrap: anywhere; line-height: 1.3; }
.pt-cells span:last-child:empty { display: none; }
.pt-cells progress { width: 4.5em; height: 0.8em; accent-color: var(--jp-brand-color1, #1976d2); }
.pt-failed, .pt-dead, .pt-fault { color: var(--jp-error-color1, #b71c1c); }
.pt-done { color: var(--jp-success-color0, #1b5e20); }
.pt-help { color: var(--jp-ui-font-color2, #616161); }
.pt-help, .pt-fault { display: inline-block; line-height: 1.3; }
.pt-warning { padding-left: 8px; border-left: 3px solid var(--jp-warn-color1, #e65100);
  color: var(--jp-ui-font-color1, #212121); }
.pt-table { border-collapse: collapse; font-variant-numeric: tabular-nums; color: var(--jp-ui-font-color1, #212121); }
.pt-table th, .pt-table td { text-align: left; padding: 2px 10px; }
.pt-table tr { border-bottom: 1px solid var(--jp-border-color2, #ddd); }
.pt-table td:first-child { color: var(--jp-ui-font-color2, #616161); }
.pt-beside { display: flex; flex-wrap: wrap; gap: 0 32px; }
.pt-beside > div { min-width: 0; }
.pt-beside td { overflow-wrap: anywhere; }
.pt-frame { box-sizing: border-box; width: 100%; height: 75vh; background: #fff;
  border: 1px solid var(--jp-border-color2, #ddd); }
.pt-themed { height: 700px; background: var(--jp-layout-color0, #fff); }
[data-jp-theme-light="true"] .pt-themed { height: min(75vh, 680px); }
[data-jp-theme-light="false"] .pt-themed { height: max(75vh, 720px); }
.jp-OutputArea-child:has(.pulsetrain-reports) + .jp-OutputArea-child:has(.pulsetrain-saved) { display: none; }
</style>"""

# Nothing of the notebook reaches into the frame but its size, by which a page is told the theme: a low one is light and
# a high one dark; in between, where a front end has no such themes, the page is as the reader's system is.
_FOLLOW = """<style>
@media screen and (max-height: 690px) { :root { color-scheme: light !important; --night: 0 !important; } }
@media screen and (min-height: 710px) { :root { color-scheme: dark !important; --night: 1 !important; } }
</style>"""


def plan_html(plan: Plan) -> str:
    """Say what a plan comes to: the jobs, paths that are missing, the first one's cell, and what will be started."""
    names = list(plan.varied)
    rows = [{name: row.get(name) for name in names} for row in plan.rows[:_ROWS]]
    more = f" (the first {_ROWS})" if len(plan.rows) > _ROWS else ""
    jobs = f"{len(plan.rows)} jobs{more}" if len(plan.rows) > 1 else "1 job"
    warnings = "".join(f'<p role="status" class="pt-warning">{html.escape(text)}</p>' for text in absent_paths(plan))
    table = _table(["job", *names], [[str(n), *map(written, row.values())] for n, row in enumerate(rows, 1)])
    return (
        f"<p><b>{jobs}</b> in <code>{html.escape(str(plan.folder))}</code>; nothing has been written yet.</p>"
        f"{warnings}{table if names else ''}"
        f"<p>Parameters of the first job:</p>{as_html(plan.cell(0) or 'all at their defaults')}"
        f"<p>What will be started:</p>{as_html(plan.script())}"
    )


def details_html(entry: Entry) -> str:
    """Say how a job stands: measures, parameters, the cell at work, the end of its log; or how a batch does."""
    known = entry.counts or entry.message.startswith(entry.state)  # a state that is said already
    how = entry.message if known else ": ".join(filter(None, (entry.state, entry.message)))
    folder = f"<p><b>{html.escape(entry.title)}</b>: {html.escape(how)}<br>"
    folder += f"<code>{html.escape(str(entry.item.folder))}</code></p>"
    if isinstance(entry.item, Batch):
        record = entry.item.record
        return folder + _beside(
            _facts("Goes over", axes_of(record)), _facts("The same for all", _given(record, "values"))
        )
    job, status = entry.item, entry.item.status
    where = " ".join(filter(None, (status.executor, status.queue, status.node or status.host)))
    parts = [folder, f"<p>On {html.escape(where)}, attempt {status.attempt}</p>"]
    parts.append(_beside(_measures(job), _facts("Run with", _given(job.record, "parameters"))))
    if not entry.ended and (source := _cell_at_work(job, entry.done)):
        parts += [f"<p>Cell {entry.done} of {entry.total}, at work now:</p>", as_html(source)]
    if log := _log_tail(job):
        parts += ["<p>End of the log:</p>", as_html(log)]
    return "".join(parts)


def place_html(root: Path, batch: Batch | None) -> str:
    """Say what is listed."""
    name, path = ("Jobs and batches in", root) if batch is None else ("Jobs of the batch", batch.folder)
    return f"{name} <code>{html.escape(str(path))}</code>"


def frame_html(page: str, title: str, *, themed: bool = False) -> str:
    """Return a page in a frame of its own: no script in it reaches the notebook, its cookies or its server.

    Parameters
    ----------
    page, title : str
    themed : bool
        Whether the page is one that can be dark, and is to be as the notebook is.
    """
    page = page.replace("</head>", f"{_FOLLOW}</head>", 1) if themed else page
    return (
        f'<iframe class="pt-frame{" pt-themed" * themed}" sandbox="allow-scripts" title="{html.escape(title)}" '
        f'srcdoc="{html.escape(page)}"></iframe>'
    )


def _measures(job: Job) -> str:
    """Return what a job has measured so far, with units."""
    values, units = flat_metrics(job.metrics)
    rows = [
        (name, f"{Digits([value]).written(value)} {units.get(name, '')}".rstrip())
        for name, value in list(values.items())[:_MEASURES]
    ]
    more = len(values) - len(rows)
    return _facts("Measured", rows, f"and {more} more, in its report" if more else "")


def _given(record: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    values = record.get(name)
    return [(each, written(value)) for each, value in values.items()] if isinstance(values, dict) else []


def _facts(title: str, rows: Sequence[tuple[str, str]], more: str = "") -> str:
    if not rows:
        return ""
    below = f'<p class="pt-help">{html.escape(more)}</p>' if more else ""
    return f"<div><p>{html.escape(title)}:</p>{_table([], rows)}{below}</div>"


def _beside(*parts: str) -> str:
    return f'<div class="pt-beside">{"".join(parts)}</div>' if any(parts) else ""


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    top = f"<thead><tr>{''.join(f'<th>{html.escape(name)}</th>' for name in head)}</tr></thead>" if head else ""
    body = "".join(f"<tr>{''.join(f'<td>{html.escape(text)}</td>' for text in row)}</tr>" for row in rows)
    return f'<table class="pt-table">{top}<tbody>{body}</tbody></table>'


def _cell_at_work(job: Job, number: int) -> str:
    """Return the source of a code cell, counted from 1 among those that run."""
    try:
        sources = _sources(job.notebook)
    except (OSError, NotebookError):
        return ""
    return sources[number - 1] if 0 < number <= len(sources) else ""


@lru_cache(maxsize=16)
def _sources(path: Path) -> tuple[str, ...]:
    """Return the sources of the cells that run; a job's never change, while its notebook grows by their outputs."""
    notebook = read_notebook(path)
    return tuple(str(notebook["cells"][index]["source"]) for index in code_cells(notebook))


def _log_tail(job: Job) -> str:
    file = open_plain(job.folder / "log.txt")
    if file is None:
        return ""
    with file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL))
        text = file.read(_TAIL).decode("utf-8", errors="replace")
    return text.partition("\n")[2] if size > _TAIL else text
