"""The widgets of the tuning control, and where they stand; what they do is the control's matter."""

from __future__ import annotations

import html

import ipywidgets
from bokeh.models import LayoutDOM

from pulsetrain.figures.tuning import key_html
from pulsetrain.panels._layout import button, choices, side_by_side, words
from pulsetrain.panels._stage import Stage

__all__ = ["TuningLayout"]

_BELOW = ("Search", "Cell", "Orientations", "Table", "Export", "Code")
_WIDTH = 410  # px


class TuningLayout:
    """Settings and search on the left, the pattern on the right (or below, on a narrow page), the figures under both.

    Parameters
    ----------
    title, shape : str
        Name and size of the input.
    n_patterns : int
    options, task, report, image : ipywidgets.Widget
        The form of the options, the search, the report and the detector image.
    figures, below : bokeh.models.LayoutDOM
        The curves, and what the buttons choose.

    Attributes
    ----------
    rate, seen, words : ipywidgets.HTML
        The live rate; what was found in the pattern shown; what is said of what the buttons choose.
    pattern : ipywidgets.IntSlider
        Which pattern is shown.
    back, on : ipywidgets.Button
        To the hit before and after.
    pause, step, use, refine, confirm, save : ipywidgets.Button
    folder : ipywidgets.Text
        Where `save` writes to.
    below : ipywidgets.ToggleButtons
        What stands below the curves.
    widget : ipywidgets.Box
        All of it.
    """

    def __init__(
        self,
        title: str,
        shape: str,
        n_patterns: int,
        *,
        options: ipywidgets.Widget,
        task: ipywidgets.Widget,
        report: ipywidgets.Widget,
        image: ipywidgets.Widget,
        figures: LayoutDOM,
        below: LayoutDOM,
    ) -> None:
        head = ipywidgets.HTML(f"<b>{html.escape(title)}</b><br>{html.escape(shape)}")
        self.rate = ipywidgets.HTML(layout={"margin": "6px 0"})
        self.pause = button("Pause", "pause", "Pause after the setting that is being tried", disabled=True)
        self.step = button("Step", "step-forward", "Try one more setting")
        self.use = button("Use best setting", "check", "Set the sliders to the best setting found", disabled=True)
        self.refine = button("Refine clen", "crosshairs", "Camera length at which the indexed cells come out right")
        self.confirm = button("Confirm", "repeat", "Index fresh patterns with the best setting", disabled=True)
        self.pattern = ipywidgets.IntSlider(
            min=0, max=n_patterns - 1, description="Pattern", continuous_update=False,
            style={"description_width": "initial"}, layout={"flex": "1 1 auto", "width": "0"},
        )  # fmt: skip
        self.back = button("Hit before", "chevron-left", "Show the hit before this pattern")
        self.on = button("Next hit", "chevron-right", "Show the next hit after this pattern")
        self.seen = ipywidgets.HTML()
        self.below, self.words = choices(_BELOW), words()
        self.folder = ipywidgets.Text(value="tuned", description="Folder", layout={"width": "320px"})
        self.save = button("Save all", "save", "Write these files into the folder")
        self._export = ipywidgets.HBox([self.folder, self.save], layout={"display": "none"})
        upper = side_by_side(
            [
                head, options, self.rate, task, ipywidgets.HBox([self.pause, self.step]),
                ipywidgets.HBox([self.use, self.refine, self.confirm]), report,
            ],
            [ipywidgets.HBox([self.pattern, self.back, self.on]), self.seen, image],
            width=_WIDTH,
        )  # fmt: skip
        self.widget = ipywidgets.VBox(
            [upper, Stage(figures), ipywidgets.HTML(key_html()), self.below, self._export, self.words, Stage(below)],
            layout={"width": "100%", "overflow": "hidden"},
        )

    def show_export(self, *, shown: bool) -> None:
        """Show the line that saves the results, or hide it."""
        self._export.layout.display = "flex" if shown else "none"
