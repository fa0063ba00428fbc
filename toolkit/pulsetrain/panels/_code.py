"""The lines of Python that do what a control did."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

from pydantic_core import PydanticUndefined

from pulsetrain.options import Options

__all__ = ["arguments", "as_html", "near"]


def arguments(options: Options, without: tuple[str, ...] = ()) -> str:
    """Write the fields that differ from their defaults as keyword arguments, such as ``"network='cnn', steps=40"``."""
    model = type(options)
    values: dict[str, Any] = {name: getattr(options, name) for name in model.model_fields if name not in without}
    default = {name: field.default for name, field in model.model_fields.items() if field.default != PydanticUndefined}
    return ", ".join(f"{name}={value!r}" for name, value in values.items() if default.get(name) != value)


def as_html(code: str) -> str:
    """Return code as it can be read and copied in a control."""
    style = (
        "margin: 0; padding: 8px; overflow-x: auto; user-select: text; white-space: pre; word-break: normal;"
        "font: 13px/1.5 var(--jp-code-font-family, monospace);"
        "color: var(--jp-ui-font-color1, #212121); background: var(--jp-layout-color2, #f0f0f0)"
    )
    return f'<pre class="pulsetrain-code" tabindex="0" style="{style}">{html.escape(code)}</pre>'


def near(path: str | Path) -> str:
    """Return a path as code names it: as it was given, or shorter where it lies in the notebook's folder."""
    given = Path(path).expanduser()
    if not given.is_absolute():
        return str(given)
    whole, here = given.resolve(), Path.cwd().resolve()
    return str(whole.relative_to(here) if whole.is_relative_to(here) else given)
