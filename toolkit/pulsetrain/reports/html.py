"""The report: one HTML file that opens with the network off, light as paper is, and runs no scripts but its own.

A content security policy in the file lets the browser load nothing from outside and run only the report's own scripts,
which carry a number drawn when the file is written: what parameters and outputs hold stays text and pictures.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pulsetrain._shared_files import write_text
from pulsetrain.reports._cells import render_cell
from pulsetrain.reports._inputs import provenance_facts
from pulsetrain.reports._notebooks import read_notebook, text_of
from pulsetrain.reports._pages import own, page_template, script_safe, trusted
from pulsetrain.reports._values import sound
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import Status

__all__ = ["export_html", "export_job"]

_WORDS = {"stopped": "Stopped before the end", "failed": "Failed", "dead": "Interrupted"}


def export_html(notebook: Mapping[str, Any], *, facts: Mapping[str, Any] | None = None, title: str = "") -> str:
    """Render an executed notebook as one self-contained HTML page.

    Parameters
    ----------
    notebook
        As nbformat reads it.
    facts
        Rows of the block of provenance, name and value; a mapping as value becomes a table of its own. The key
        ``stopped`` is the notice of a run that did not finish.
    title
        Of the page; the notebook's first heading by default.

    Returns
    -------
    str
        HTML: some tens of kilobytes and the pictures, and 1.2 MB more if a cell shows a live figure.
    """
    figures: list[dict[str, Any]] = []
    cells = [render_cell(cell, figures) for cell in notebook["cells"]]
    rows = dict(facts or {})
    return page_template("report.html.j2").render(
        title=title or _first_heading(notebook),
        cells=cells,
        stopped=rows.pop("stopped", ""),
        facts=rows,
        nonce=secrets.token_urlsafe(18),
        style=trusted(own("report.css")),
        scripts=[trusted(script) for script in _scripts(figures)],
        figures=trusted(script_safe(json.dumps([figure["item"] for figure in figures]))),
    )


def export_job(job: Job, status: Status | None = None) -> Path:
    """Write ``report.html`` of a job, whatever state it is in, and return its path."""
    record = job.record
    title = str(record.get("template", {}).get("title") or job.id)
    html = export_html(read_notebook(job.notebook), facts=_facts(job, record, status or job.status), title=title)
    path = job.folder / "report.html"
    write_text(path, sound(html))  # a folder's name need not be UTF-8
    return path


def _facts(job: Job, record: Mapping[str, Any], status: Status) -> dict[str, Any]:
    """Return the provenance of a job: whence its numbers come and how to get them again."""
    provenance, template, kernel = (record.get(name, {}) for name in ("provenance", "template", "kernel"))
    given, stated = record.get("parameters", {}), job.metrics.get("provenance")
    stated = stated if isinstance(stated, Mapping) else {"provenance": stated} if stated else {}
    took = f"{status.finished - status.started:.0f} s on {status.host}" if status.started and status.finished else ""
    facts: dict[str, Any] = {
        "stopped": f"{_WORDS[status.state]}: {status.message}" if status.state in _WORDS else "",
        "Command": provenance.get("command"),
        "Job": f"{job.id}, attempt {status.attempt}",
        "Template": f"{template.get('path')}, sha256 {template.get('sha256')}",
        "Submitted": f"{provenance.get('submitted')} by {provenance.get('user')} on {provenance.get('host')}",
        "Ran": took,
        "Kernel": kernel.get("python") or kernel.get("name"),
        **provenance_facts(job, stated),
        "Stated by the notebook": stated,
        "Parameters given": given,
        "Parameters at their default": {k: v for k, v in record.get("defaults", {}).items() if k not in given},
        "Versions": {"python": provenance.get("python"), **provenance.get("versions", {})},
        "Remarks": "; ".join(map(str, provenance.get("remarks", []))),
    }
    return {name: value for name, value in facts.items() if value}


def _first_heading(notebook: Mapping[str, Any]) -> str:
    texts = (text_of(cell) for cell in notebook["cells"] if cell.get("cell_type") == "markdown")
    return next((match.group(1) for text in texts if (match := re.search(r"(?m)^#\s+(.+)$", text))), "Report")


def _scripts(figures: Iterable[Mapping[str, Any]]) -> list[str]:
    """Return the page's scripts: Bokeh's parts that its figures need, once, and our own."""
    wanted = {name for figure in figures for name in figure.get("components", ["bokeh"])}
    if not wanted:
        return [own("report.js")]
    from bokeh.resources import Resources

    order = [name for name in ("bokeh", "bokeh-widgets", "bokeh-tables", "bokeh-mathjax") if name in wanted]
    library = Resources(mode="inline", components=order, log_level="warn").js_raw
    # A closing tag inside one of the library's strings would end the script.
    return [*(text.replace("</script", "<\\/script") for text in library), own("report.js")]
