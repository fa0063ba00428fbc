"""The report opens offline, stays small, and nothing in it but its own scripts can run."""

from __future__ import annotations

import base64
import json
import re
from html.parser import HTMLParser
from typing import Any

import nbformat
import numpy as np
import pandas as pd
from bokeh.plotting import figure
from matplotlib.figure import Figure

from pulsetrain.reports import export_html
from pulsetrain.reports.display import BOKEH, METRICS, bokeh_bundle, metrics_bundle, table_bundle

HOSTILE = "\"'></script><script>alert(1)</script><img src=x onerror=alert(2)>&"


class Page(HTMLParser):
    """What a browser would make of the page: tags with attributes, scripts, visible text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.text = ""
        self._inside = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag

    def handle_endtag(self, _tag: str) -> None:
        self._inside = ""

    def handle_data(self, data: str) -> None:
        if self._inside == "script":
            self.scripts.append(data)
        elif self._inside != "style":
            self.text += data

    def policy(self) -> str:
        return next(a["content"] or "" for t, a in self.tags if a.get("http-equiv") == "Content-Security-Policy")


def page(*outputs: dict[str, Any], source: str = "1", **kwargs: Any) -> Page:
    cells = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": list(outputs)}]
    return Page(export_html({"cells": cells}, **kwargs))


def shown(**data: Any) -> dict[str, Any]:
    return {"output_type": "display_data", "metadata": {}, "data": {k.replace("_", "/"): v for k, v in data.items()}}


def bokeh_output(points: int = 3) -> dict[str, Any]:
    """A cell's output by `show_bokeh`."""
    plot = figure(height=200, title=HOSTILE)
    plot.line(np.arange(points), np.sqrt(np.arange(points)))
    return {"output_type": "display_data", "metadata": {}, "data": bokeh_bundle(plot)}


def test_a_report_is_light_in_any_theme_as_its_figures_are():
    html = export_html({"cells": []})
    assert '<meta name="color-scheme" content="light">' in html
    assert "prefers-color-scheme" not in html


def test_policy_allows_no_request_and_only_scripts_that_carry_the_pages_own_number() -> None:
    report = page(
        shown(text_html="<script src='https://cdn.example/x.js'></script><img src='https://example.org/a.png'>")
    )
    assert "default-src 'none'" in report.policy()
    nonce = re.search(r"script-src 'nonce-([\w-]{16,})';", report.policy())
    assert nonce is not None
    assert not re.search(r"https?:|unsafe-eval|script-src[^;]*unsafe-inline", report.policy())
    own = [a for tag, a in report.tags if tag == "script" and a.get("nonce") == nonce.group(1)]
    assert len(own) == 1
    assert nonce.group(1) not in export_html({"cells": []})


def test_page_itself_loads_nothing() -> None:
    report = page(bokeh_output(), shown(image_png=base64.b64encode(b"png").decode()))
    sources = [a.get(name) for tag, a in report.tags if tag != "a" for name in ("src", "href", "srcset") if a.get(name)]
    assert sources == ["data:image/png;base64,cG5n"]


def test_strings_of_outputs_code_and_parameters_are_text() -> None:
    facts = {"stopped": HOSTILE, "Parameters given": {HOSTILE: [HOSTILE]}, "Command": HOSTILE}
    report = page(
        shown(text_plain=HOSTILE),
        {"output_type": "stream", "name": HOSTILE, "text": HOSTILE},
        {"output_type": "error", "ename": "E", "evalue": "", "traceback": [HOSTILE]},
        source=repr(HOSTILE),
        facts=facts,
        title=HOSTILE,
    )
    assert [a for tag, a in report.tags if tag == "img"] == []
    assert sum(tag == "script" for tag, _ in report.tags) == 2
    assert report.text.count(HOSTILE) >= 6


def test_live_figures_share_one_bokeh_and_stay_small() -> None:
    outputs = [bokeh_output(2000) for _ in range(4)]
    html = export_html({"cells": [{"cell_type": "code", "source": "", "metadata": {}, "outputs": outputs}]})
    assert len(html.encode()) < 2_500_000
    report = Page(html)
    assert [a["data-figure"] for _, a in report.tags if "data-figure" in a] == ["0", "1", "2", "3"]
    figures = next(json.loads(text) for text in report.scripts if text.startswith("["))
    assert figures == json.loads(json.dumps([output["data"][BOKEH]["item"] for output in outputs]))
    assert len(page(shown(text_plain="x")).scripts) == 2  # and without figures there is no Bokeh at all


def test_figure_of_another_bokeh_is_shown_by_its_picture() -> None:
    output = bokeh_output()
    output["data"] = {**output["data"], "image/png": "cG5n", BOKEH: {**output["data"][BOKEH], "version": "0.1"}}
    assert [a["src"] for tag, a in page(output).tags if tag == "img"] == ["data:image/png;base64,cG5n"]


def test_formulas_are_set_without_a_script() -> None:
    text = r"Bragg: $n\lambda = 2d\sin\theta$ and $$E = \frac{hc}{\lambda}$$ but \$5 and $\frac{$."
    html = export_html({"cells": [{"cell_type": "markdown", "source": text}]})
    assert html.count("<math") == 2
    assert "<mfrac>" in html
    assert "<script>" not in export_html({"cells": [{"cell_type": "markdown", "source": "$</math><script>$"}]})


def test_code_is_there_and_hidden_until_asked_for() -> None:
    report = page(source="answer = 42")
    assert "answer" in report.text
    assert ("button", {"type": "button", "id": "code", "aria-pressed": "false", "hidden": None}) in report.tags


def test_metrics_of_numpy_become_plain_json() -> None:
    measured = {"boundary": np.float32(2.5), "interval": np.array([1.0, np.nan]), "n": np.int64(3)}
    shown = metrics_bundle(measured | {"clen": {"value": np.float64(0.1230000004), "unit": "m"}})
    plain = json.loads(json.dumps(shown[METRICS], allow_nan=False))
    assert plain == {"boundary": 2.5, "interval": [1.0, "nan"], "n": 3, "clen": {"value": 0.1230000004, "unit": "m"}}
    lines = shown["text/plain"].splitlines()
    assert (lines[0], lines[-1]) == ("boundary  2.5", "clen      0.123 m")


def test_table_escapes_what_it_holds() -> None:
    html = table_bundle(pd.DataFrame({"<b>": ["<i>"], "share": [0.123456789]}), digits=3)["text/html"]
    assert "&lt;i&gt;" in html
    assert "0.123<" in html


def test_fallback_is_a_picture_beside_the_live_figure() -> None:
    drawn = Figure()
    drawn.subplots().plot([1, 2])
    data = bokeh_bundle(figure(), drawn)
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG")
    notebook = nbformat.v4.new_notebook()
    output = nbformat.v4.new_output("display_data", data=data)
    notebook.cells.append(nbformat.v4.new_code_cell(outputs=[output]))
    nbformat.validate(notebook)


def test_nothing_in_a_report_sends_its_reader_elsewhere() -> None:
    away = '<MeTa\nhttp-equiv="refresh" content="0; url=https://example.org"><meta/http-equiv=refresh content=0>'
    cells = [
        {"cell_type": "markdown", "source": f"text\n\n{away}", "metadata": {}},
        {"cell_type": "code", "source": "1", "metadata": {}, "outputs": [shown(text_html=away)]},
    ]
    report = Page(export_html({"cells": cells}))
    assert {"x-meta"} <= {tag for tag, _ in report.tags}
    assert not [attributes for tag, attributes in report.tags if tag == "meta" and "refresh" in attributes.values()]
