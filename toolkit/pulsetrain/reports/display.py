"""What a report's cells display so that it lives on outside the notebook: figures, measures, tables."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

from pulsetrain.reports._values import safe_json

__all__ = ["BOKEH", "METRICS", "show_bokeh", "show_metrics", "show_table"]

BOKEH = "application/vnd.pulsetrain.bokeh+json"
METRICS = "application/vnd.pulsetrain.metrics+json"


def show_bokeh(model: Any, *, fallback: Any = None) -> None:
    """Display a Bokeh figure or layout: live in the report, a picture where the notebook is opened.

    Parameters
    ----------
    model : bokeh.models.Model
        Shown by the report with Bokeh's own JavaScript, which the report holds once.
    fallback : matplotlib.figure.Figure, optional
        The picture for places that run no Bokeh, such as a partial notebook in JupyterLab.
    """
    import bokeh
    from bokeh.embed import json_item
    from IPython.display import display

    modules = {type(part).__module__ for part in model.references()}
    widgets = any(module.startswith("bokeh.models.widgets") for module in modules)
    tables = any(module.startswith("bokeh.models.widgets.tables") for module in modules)
    components = ["bokeh", *["bokeh-widgets"] * widgets, *["bokeh-tables"] * tables]
    item = {"version": bokeh.__version__, "components": components, "item": json_item(model)}
    data = {BOKEH: item, "text/plain": f"{type(model).__name__} (live in the report)"}
    if fallback is not None:
        data["image/png"] = _png(fallback)
    display(data, raw=True)


def show_metrics(metrics: Mapping[str, Any]) -> None:
    """Display measures of a run, and keep them for ``metrics.json``; later cells add to earlier ones.

    Parameters
    ----------
    metrics
        Names and values: numbers, strings, lists or mappings of these. The key ``provenance`` may hold a mapping of
        facts (fingerprint of the input, seed, device …) that the report lists at its end.
    """
    from IPython.display import display

    shown = {name: value for name, value in metrics.items() if name != "provenance"}
    width = max(map(len, shown), default=0)
    text = "\n".join(f"{name:{width}}  {value}" for name, value in shown.items())
    display({METRICS: safe_json(_plain(metrics)), "text/plain": text}, raw=True)


def show_table(table: Any, *, digits: int = 4) -> None:
    """Display a table of few rows as plain HTML.

    Parameters
    ----------
    table : pandas.DataFrame
        Shown without its index if that is only a count.
    digits : int
        Significant digits of floating-point numbers.
    """
    import pandas as pd
    from IPython.display import display

    counted = isinstance(table.index, pd.RangeIndex)

    def written(value: float) -> str:
        return f"{value:.{digits}g}"

    html = table.to_html(index=not counted, border=0, classes="table", float_format=written, na_rep="")
    display({"text/html": html, "text/plain": table.to_string(index=not counted, float_format=written)}, raw=True)


def _png(figure: Any) -> str:
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight")
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _plain(value: Any) -> Any:
    """Return NumPy's and xarray's scalars and arrays as Python's."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [_plain(item) for item in value]
    return value.tolist() if hasattr(value, "tolist") else value
