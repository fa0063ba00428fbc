"""What a report's cells display so that it lives on outside the notebook: figures, measures, tables."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from jinja2 import Template

from pulsetrain.reports._values import safe_json

__all__ = [
    "BOKEH",
    "METRICS",
    "bokeh_bundle",
    "metrics_bundle",
    "show_bokeh",
    "show_metrics",
    "show_table",
    "table_bundle",
]

BOKEH = "application/vnd.pulsetrain.bokeh+json"
METRICS = "application/vnd.pulsetrain.metrics+json"

_METRICS_TABLE = Template(
    '<table class="table"><tbody>{% for name, value in rows %}'
    '<tr><th scope="row">{{ name }}</th><td>{{ value }}</td></tr>'
    "{% endfor %}</tbody></table>",
    autoescape=True,
)


def show_bokeh(model: Any, *, fallback: Any = None) -> None:
    """Display a Bokeh figure or layout: live in the report, a picture where the notebook is opened.

    Parameters
    ----------
    model : bokeh.models.Model
        Shown by the report with Bokeh's own JavaScript, which the report holds once.
    fallback : matplotlib.figure.Figure, optional
        The picture for places that run no Bokeh, such as a partial notebook in JupyterLab.
    """
    _display(bokeh_bundle(model, fallback))


def show_metrics(metrics: Mapping[str, Any]) -> None:
    """Display measures of a run, and keep them for ``metrics.json``; later cells add to earlier ones.

    Parameters
    ----------
    metrics
        Names and values: numbers, strings, lists, arrays or mappings of these. A number with a unit is a mapping
        such as ``{"value": 2.1, "unit": "Å"}``. The key ``provenance`` may hold a mapping of facts (fingerprint of the
        input, seed, device …) that the report lists at its end.
    """
    _display(metrics_bundle(metrics))


def show_table(table: Any, *, digits: int = 4) -> None:
    """Display a table of few rows as plain HTML.

    Parameters
    ----------
    table : pandas.DataFrame
        Shown without its index if that is only a count.
    digits : int
        Significant digits of floating-point numbers.
    """
    _display(table_bundle(table, digits))


def bokeh_bundle(model: Any, fallback: Any = None) -> dict[str, Any]:
    """Return what `show_bokeh` displays, by MIME type."""
    import bokeh
    from bokeh.embed import json_item

    modules = {type(part).__module__ for part in model.references()}
    widgets = any(module.startswith("bokeh.models.widgets") for module in modules)
    tables = any(module.startswith("bokeh.models.widgets.tables") for module in modules)
    components = ["bokeh", *["bokeh-widgets"] * widgets, *["bokeh-tables"] * tables]
    item = {"version": bokeh.__version__, "components": components, "item": json_item(model)}
    data = {BOKEH: item, "text/plain": f"{type(model).__name__} (live in the report)"}
    return data if fallback is None else data | {"image/png": _png(fallback)}


def metrics_bundle(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Return what `show_metrics` displays, by MIME type."""
    plain = _plain(metrics)
    shown = {name: value for name, value in plain.items() if name != "provenance"}
    rows = [(name, _written(value)) for name, value in shown.items()]
    width = max(map(len, shown), default=0)
    text = "\n".join(f"{name:{width}}  {value}" for name, value in rows)
    table = {"text/html": _METRICS_TABLE.render(rows=rows)} if rows else {}
    return {METRICS: safe_json(plain), "text/plain": text, **table}


def table_bundle(table: Any, digits: int = 4) -> dict[str, Any]:
    """Return what `show_table` displays, by MIME type."""
    import pandas as pd

    counted = isinstance(table.index, pd.RangeIndex)

    def written(value: float) -> str:
        return f"{value:.{digits}g}"

    html = table.to_html(index=not counted, border=0, classes="table", float_format=written, na_rep="")
    return {"text/html": html, "text/plain": table.to_string(index=not counted, float_format=written)}


def _display(bundle: dict[str, Any]) -> None:
    from IPython.display import display

    display(bundle, raw=True)


def _png(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _written(value: Any) -> str:
    match value:
        case {"value": inner, "unit": str(unit), **rest} if not rest:
            return f"{_written(inner)} {unit}".rstrip()
        case float():
            return f"{value:.6g}"
        case _:
            return str(value)


def _plain(value: Any) -> Any:
    """Return NumPy's and xarray's scalars and arrays as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value
