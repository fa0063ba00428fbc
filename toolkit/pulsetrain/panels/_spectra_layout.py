"""The widgets of the spectra control, and where they stand; what they do is the control's matter."""

from __future__ import annotations

import html
from typing import get_args

import ipywidgets
from bokeh.models import LayoutDOM

from pulsetrain.figures.spectra import Scale
from pulsetrain.panels._layout import button, choices, side_by_side, words
from pulsetrain.panels._stage import Stage
from pulsetrain.spectra import SpectraOptions

__all__ = ["SpectraLayout"]

_BELOW = ("Importance", "Attention", "Posterior", "Training", "Table", "Code")
_LABEL = {"description_width": "118px"}


class SpectraLayout:
    """Settings on the left, figures on the right; below each other where the page is narrow.

    Parameters
    ----------
    title, shape : str
        Name and size of the series.
    options, task, report : ipywidgets.Widget
        The form of the options, the training and the report.
    figures, below : bokeh.models.LayoutDOM
        Those always there, and those that the buttons choose.

    Attributes
    ----------
    classes : ipywidgets.ToggleButtons
        What a click on the waterfall makes of a spectrum: class 0, 1 or −1 for none.
    labels : ipywidgets.Text
        All labels as written.
    every : ipywidgets.Button
        Trains all networks.
    scale, below : ipywidgets.ToggleButtons
        Of the colours; what stands below the curves.
    words : ipywidgets.HTML
        Stands below where that is no figure.
    widget : ipywidgets.Box
        All of it.
    """

    def __init__(
        self,
        title: str,
        shape: str,
        *,
        options: ipywidgets.Widget,
        task: ipywidgets.Widget,
        report: ipywidgets.Widget,
        figures: LayoutDOM,
        below: LayoutDOM,
    ) -> None:
        head = ipywidgets.HTML(f"<b>{html.escape(title)}</b>: {shape}")
        self.classes = ipywidgets.ToggleButtons(
            options=[("0", 0), ("1", 1), ("clear", -1)], description="Click sets",
            tooltips=["A click labels a spectrum 0", "A click labels a spectrum 1", "A click takes a label away"],
            style={"button_width": "56px", **_LABEL},
        )  # fmt: skip
        self.labels = ipywidgets.Text(
            description="Labels",
            continuous_update=False,
            style=_LABEL,
            layout={"width": "auto"},
            tooltip=SpectraOptions.model_fields["labels"].description,
        )
        self.every = button("Train all networks")
        self.scale = ipywidgets.ToggleButtons(
            options=get_args(Scale), description="Intensity", style={"button_width": "72px"}
        )
        self.below, self.words = choices(_BELOW), words()
        self.widget = side_by_side(
            [head, self.classes, self.labels, options, task, self.every, report],
            [self.scale, Stage(figures), self.below, Stage(below), self.words],
            width=350,
        )
