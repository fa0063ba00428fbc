"""The report: one HTML file that opens with the network off, in light and dark, and can run nothing but its own scripts.

A content security policy in the file lets the browser load nothing from outside and run only the report's own scripts,
which carry a number drawn when the file is written: what parameters and outputs hold stays text and pictures.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader
from markupsafe import Markup, escape
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from pulsetrain.reports._files import write_text
from pulsetrain.reports._notebooks import has_tag, read_notebook, text_of
from pulsetrain.reports.display import BOKEH, METRICS
from pulsetrain.reports.jobs import Job
from pulsetrain.reports.status import Status

__all__ = ["export_html", "export_job"]

_FOLDER = Path(__file__).parent / "_html"
_WORDS = {"stopped": "Stopped before the end", "failed": "Failed", "dead": "Interrupted"}


def export_html(notebook: Mapping[str, Any], *, facts: Mapping[str, Any] | None = None, title: str = "") -> str:
    """Render an executed notebook as one self-contained HTML page.

    Parameters
    ----------
    notebook
        As `read_notebook` or nbformat returns it.
    facts
        What the block of provenance says: rows of name and value, a mapping as value becomes a table of its own; the
        key ``stopped`` is the notice of a run that did not finish.
    title
        Of the page; the notebook's first heading by default.

    Returns
    -------
    str
        HTML, some tens of kilobytes plus the pictures, plus 1.2 MB if a cell shows a live figure.
    """
    nonce = secrets.token_urlsafe(18)
    figures: list[dict[str, Any]] = []
    cells = [_cell(cell, figures) for cell in notebook["cells"]]
    facts = dict(facts or {})
    page = _environment().get_template("report.html.j2")
    return page.render(
        title=title or _first_heading(notebook),
        cells=cells,
        stopped=facts.pop("stopped", ""),
        facts=facts,
        nonce=nonce,
        style=Markup((_FOLDER / "report.css").read_text(encoding="utf-8")),  # noqa: S704 -- our own file
        scripts=[Markup(text) for text in _scripts(figures)],  # noqa: S704 -- our own and Bokeh's
        figures=Markup(_script_safe(json.dumps([figure["item"] for figure in figures]))),  # noqa: S704
    )


def export_job(job: Job, status: Status | None = None) -> Path:
    """Write ``report.html`` of a job, whatever state it is in."""
    status, record = status or job.status, job.record
    html = export_html(read_notebook(job.notebook), facts=_facts(job, record, status), title=_title(record, job))
    path = job.folder / "report.html"
    write_text(path, html)
    return path


def _title(record: Mapping[str, Any], job: Job) -> str:
    return str(record.get("template", {}).get("title") or job.id)


def _facts(job: Job, record: Mapping[str, Any], status: Status) -> dict[str, Any]:
    provenance, template = record.get("provenance", {}), record.get("template", {})
    given = record.get("parameters", {})
    computed = job.metrics.get("provenance", {})
    facts: dict[str, Any] = {
        "stopped": f"{_WORDS[status.state]}: {status.message}" if status.state in _WORDS else "",
        "Command": provenance.get("command", ""),
        "Job": f"{job.id}, attempt {status.attempt}",
        "Template": f"{template.get('path', '')} (sha256 {str(template.get('sha256', ''))[:16]})",
        "Submitted": f"{provenance.get('submitted', '')} by {provenance.get('user', '')} on {provenance.get('host', '')}",
        "Ran": _duration(status),
        "Kernel": record.get("kernel", {}).get("python") or record.get("kernel", {}).get("name", ""),
        "Input and device": {str(k): v for k, v in computed.items()} if isinstance(computed, Mapping) else {},
        "Parameters given": given,
        "Parameters at their default": {k: v for k, v in record.get("defaults", {}).items() if k not in given},
        "Versions": {"python": provenance.get("python", ""), **provenance.get("versions", {})},
    }
    if provenance.get("remarks"):
        facts["Remarks"] = "; ".join(map(str, provenance["remarks"]))
    return {name: value for name, value in facts.items() if value}


def _duration(status: Status) -> str:
    if not status.started or not status.finished:
        return ""
    return f"{status.finished - status.started:.0f} s on {status.host}"


def _cell(cell: Mapping[str, Any], figures: list[dict[str, Any]]) -> dict[str, Any]:
    source = text_of(cell)
    if cell.get("cell_type") == "markdown":
        return {"kind": "markdown", "html": _markdown(source, cell.get("attachments"))}
    if cell.get("cell_type") != "code":
        return {"kind": "raw"}
    shown = [html for output in cell.get("outputs", []) if (html := _output(output, figures))]
    hidden = not source.strip() or has_tag(cell, "hide-input")
    return {"kind": "code", "code": "" if hidden else Markup(_highlight()(source)), "outputs": shown}  # noqa: S704


def _output(output: Mapping[str, Any], figures: list[dict[str, Any]]) -> Markup | str:
    kind = output.get("output_type")
    if kind == "stream":
        return Markup('<pre class="{}">{}</pre>').format(
            output.get("name", ""), Markup(ansi2html(_joined(output["text"])))
        )  # noqa: S704
    if kind == "error":
        trace = "\n".join(map(str, output.get("traceback", []))) or f"{output.get('ename')}: {output.get('evalue')}"
        return Markup('<pre class="error">{}</pre>').format(Markup(ansi2html(trace)))  # noqa: S704
    data = output.get("data", {})
    if METRICS in data and not data.get("text/plain"):
        return ""
    if BOKEH in data and _same_bokeh(data[BOKEH]):
        figures.append(data[BOKEH])
        return Markup('<div class="bokeh" data-figure="{}"></div>').format(len(figures) - 1)
    return _static(data)


def _static(data: Mapping[str, Any]) -> Markup | str:
    """Return the richest form that needs no script."""
    for picture in ("image/png", "image/jpeg", "image/gif"):
        if picture in data:
            encoded = re.sub(r"[^A-Za-z0-9+/=]", "", _joined(data[picture]))
            return Markup('<img alt="figure" src="data:{};base64,{}">').format(picture, encoded)
    if "image/svg+xml" in data:
        import base64

        encoded = base64.b64encode(_joined(data["image/svg+xml"]).encode("utf-8", "replace")).decode()
        return Markup('<img alt="figure" src="data:image/svg+xml;base64,{}">').format(encoded)
    if "text/html" in data:
        return Markup('<div class="html">{}</div>').format(Markup(_joined(data["text/html"])))  # noqa: S704
    if "text/markdown" in data:
        return Markup('<div class="html">{}</div>').format(_markdown(_joined(data["text/markdown"]), None))
    for text in ("text/latex", "text/plain"):
        if text in data:
            return Markup("<pre>{}</pre>").format(Markup(ansi2html(_joined(data[text]))))  # noqa: S704
    return ""


def _markdown(source: str, attachments: Any) -> Markup:
    renderer = IPythonRenderer(escape=False, attachments=attachments or {}, exclude_anchor_links=True)
    return Markup(MarkdownWithMath(renderer=renderer).render(source))  # noqa: S704 -- the page's policy runs no script


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


def _first_heading(notebook: Mapping[str, Any]) -> str:
    texts = (text_of(cell) for cell in notebook["cells"] if cell.get("cell_type") == "markdown")
    return next((match.group(1) for text in texts if (match := re.search(r"(?m)^#\s+(.+)$", text))), "Report")


def _same_bokeh(shown: Any) -> bool:
    """A figure of another Bokeh than the one here cannot be drawn by it; its picture is shown instead."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return isinstance(shown, dict) and shown.get("version") == version("bokeh")
    except PackageNotFoundError:
        return False


def _scripts(figures: Iterable[Mapping[str, Any]]) -> list[str]:
    own = (_FOLDER / "report.js").read_text(encoding="utf-8")
    wanted = {name for figure in figures for name in figure.get("components", ["bokeh"])}
    if not wanted:
        return [own]
    from bokeh.resources import Resources

    order = [name for name in ("bokeh", "bokeh-widgets", "bokeh-tables") if name in wanted]
    library = Resources(mode="inline", components=order, log_level="warn").js_raw
    # A closing tag inside a string of the library would end the script.
    return [text.replace("</script", "<\\/script") for text in library] + [own]


def _script_safe(text: str) -> str:
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _environment() -> Environment:
    environment = Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, trim_blocks=True, lstrip_blocks=True)
    environment.filters["value"] = _shown
    return environment


def _shown(value: Any) -> Markup:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return escape(text)


@cache
def _highlight() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="ipython3")
