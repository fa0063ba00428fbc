"""Closing a control without leaving widgets behind."""

from __future__ import annotations

from typing import Any

__all__ = ["close_tree"]


def close_tree(widget: Any) -> None:
    """Close a widget with all it holds: children, layout and style, which ipywidgets would keep for ever."""
    for child in getattr(widget, "children", ()):
        close_tree(child)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if part is not None and hasattr(part, "close"):
            part.close()
    widget.close()
