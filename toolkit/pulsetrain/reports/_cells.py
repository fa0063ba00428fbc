"""Cells as HTML: what each output looks like without a kernel, a network or a script of its own."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from latex2mathml.converter import convert
from markupsafe import Markup
from nbconvert.filters import Highlight2HTML, ansi2html
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from pulsetrain.reports._notebooks import has_tag, text_of
from pulsetrain.reports._pages import trusted
from pulsetrain.reports.display import BOKEH, METRICS

__all__ = ["render_cell"]

_META = re.compile(r"<meta(?=[\s/>])", re.IGNORECASE)
_PICTURES = ("image/png", "image/jpeg", "image/gif")


def render_cell(cell: Mapping[str, Any], figures: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the parts of a cell as the page's template takes them; live figures are appended to ``figures``."""
    source = text_of(cell)
    if cell.get("cell_type") == "markdown":
        return {"kind": "markdown", "html": _markdown(source, cell.get("attachments"))}
    if cell.get("cell_type") != "code":
        return {"kind": "raw"}
    shown = [html for output in cell.get("outputs", []) if (html := _output(output, figures))]
    hidden = not source.strip() or has_tag(cell, "hide-input")
    return {"kind": "code", "code": "" if hidden else trusted(_highlighter()(source)), "outputs": shown}


def _output(output: Mapping[str, Any], figures: list[dict[str, Any]]) -> Markup | str:
    kind = output.get("output_type")
    if kind == "stream":
        return _preformatted(_joined(output.get("text", "")), str(output.get("name", "")))
    if kind == "error":
        trace = "\n".join(map(str, output.get("traceback", [])))
        return _preformatted(trace or f"{output.get('ename')}: {output.get('evalue')}", "error")
    data = output.get("data", {})
    if METRICS in data and not data.get("text/plain"):
        return ""
    if BOKEH in data and _drawable(data[BOKEH]):
        figures.append(data[BOKEH])
        return Markup('<div class="bokeh" data-figure="{}"></div>').format(len(figures) - 1)
    return _static(data)


def _static(data: Mapping[str, Any]) -> Markup | str:
    """Return the richest form that needs no script."""
    for kind in _PICTURES:
        if kind in data:
            return _picture(kind, re.sub(r"[^A-Za-z0-9+/=]", "", _joined(data[kind])))
    if "image/svg+xml" in data:
        svg = _joined(data["image/svg+xml"]).encode("utf-8", "replace")
        return _picture("image/svg+xml", base64.b64encode(svg).decode("ascii"))
    if "text/html" in data:
        return Markup('<div class="html">{}</div>').format(_staying(_joined(data["text/html"])))
    if "text/markdown" in data:
        return Markup('<div class="html">{}</div>').format(_markdown(_joined(data["text/markdown"]), None))
    if "text/latex" in data:
        return trusted(_formula(re.sub(r"^\s*\$+|\$+\s*$|\\displaystyle", "", _joined(data["text/latex"])), "block"))
    text = _joined(data.get("text/plain", ""))
    return _preformatted(text, "plain") if text else ""


def _picture(kind: str, encoded: str) -> Markup:
    return Markup('<img alt="figure" src="data:{};base64,{}">').format(kind, encoded)


def _preformatted(text: str, name: str) -> Markup:
    return Markup('<pre class="{}">{}</pre>').format(name, trusted(ansi2html(text)))  # ansi2html escapes


class _Renderer(IPythonRenderer):
    """Turns formulas into MathML, which browsers draw without a script."""

    def inline_math(self, body: str) -> str:
        return _formula(body, "inline")

    def block_math(self, body: str) -> str:
        return _formula(body, "block")

    def latex_environment(self, name: str, body: str) -> str:
        # MathML has no numbered equations; what LaTeX sets as one is set as a formula of its own line.
        numbered = name.rstrip("*") in ("equation", "displaymath", "math")
        return _formula(body if numbered else f"\\begin{{{name}}}{body}\\end{{{name}}}", "block")


def _formula(latex: str, display: Literal["inline", "block"]) -> str:
    try:
        return str(convert(latex.strip(), display=display))
    except Exception:  # noqa: BLE001 -- a formula that cannot be set is shown as it was written
        return str(Markup('<code class="math">{}</code>').format(latex))


def _markdown(source: str, attachments: Any) -> Markup:
    renderer = _Renderer(escape=False, attachments=attachments or {}, exclude_anchor_links=True)
    return _staying(MarkdownWithMath(renderer=renderer).render(source))


def _staying(html: str) -> Markup:
    """Return HTML that cannot send its reader elsewhere, which no policy of a page forbids to `meta`."""
    return trusted(_META.sub("<x-meta", html))


def _drawable(shown: Any) -> bool:
    """A figure of another Bokeh than the one here cannot be drawn by it; its picture is shown instead."""
    try:
        return isinstance(shown, dict) and shown.get("version") == version("bokeh")
    except PackageNotFoundError:
        return False


def _joined(text: Any) -> str:
    return "".join(map(str, text)) if isinstance(text, list) else str(text)


@cache
def _highlighter() -> Highlight2HTML:
    return Highlight2HTML(pygments_lexer="ipython3")
