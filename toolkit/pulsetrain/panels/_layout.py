"""Where the parts of a control stand: settings on the left, what they do on the right, choices above their figures."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets

__all__ = ["button", "choices", "side_by_side", "words"]


def side_by_side(left: Sequence[ipywidgets.Widget], right: Sequence[ipywidgets.Widget], width: int) -> ipywidgets.Box:
    """Return two columns, below each other where the page is narrow.

    Parameters
    ----------
    left, right : sequence of ipywidgets.Widget
    width : int, pixels
        Of the left one; the right one takes what is left.
    """
    settings = ipywidgets.VBox(left, layout={"width": f"{width}px", "flex": "0 0 auto", "padding": "0 8px 0 0"})
    others = ipywidgets.VBox(right, layout={"flex": "1 1 400px", "min_width": "0"})
    return ipywidgets.Box(
        [settings, others],
        layout={"display": "flex", "flex_flow": "row wrap", "width": "100%", "overflow": "hidden"},
    )


def choices(names: Sequence[str]) -> ipywidgets.ToggleButtons:
    """Return the buttons that choose what stands below them."""
    return ipywidgets.ToggleButtons(options=names, style={"button_width": "auto"})


def words() -> ipywidgets.HTML:
    """Return the place for what is said, and for tables, which are scrolled where they are too wide."""
    return ipywidgets.HTML(layout={"width": "100%", "overflow": "auto"})


def button(label: str, icon: str = "", tooltip: str = "", *, disabled: bool = False) -> ipywidgets.Button:
    """Return a button as wide as its label."""
    layout = {"width": "auto", "flex": "0 0 auto"}
    return ipywidgets.Button(description=label, icon=icon, tooltip=tooltip, disabled=disabled, layout=layout)
