"""The widgets of the tuning control, and where they stand; what they do is the control's matter."""

from __future__ import annotations

import html

import ipywidgets
from bokeh.models import LayoutDOM

from pulsetrain.panels._stage import Stage

__all__ = ["TuningLayout"]

_BELOW = ("Search", "Cell", "Orientations", "Table", "Export", "Code")
_LABEL = {"description_width": "118px"}


class TuningLayout:
    """Settings and search on the left, the pattern on the right (or below, on a narrow page), the figures under both.

    Parameters
    ----------
    title, shape : str
        Name and size of the input.
    n_patterns : int
    options, task, report, image : ipywidgets.Widget
        The form of the options, the search, the report and the detector image.
    figures : bokeh.models.LayoutDOM

    Attributes
    ----------
    rate, seen, words : ipywidgets.HTML
        The live rate; what was found in the pattern shown; what stands below where that is no figure.
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
    ) -> None:
        head = ipywidgets.HTML(f"<b>{html.escape(title)}</b><br>{html.escape(shape)}")
        self.rate = ipywidgets.HTML(layout={"margin": "6px 0"})
        self.pause = _button("Pause", "pause", "Pause after the setting that is being tried", disabled=True)
        self.step = _button("Step", "step-forward", "Try one more setting")
        self.use = _button("Use best setting", "check", "Set the sliders to the best setting found", disabled=True)
        self.refine = _button("Refine clen", "crosshairs", "Camera length at which the indexed cells come out right")
        self.confirm = _button("Confirm", "repeat", "Index fresh patterns with the best setting", disabled=True)
        left = ipywidgets.VBox(
            [
                head, options, self.rate, task, ipywidgets.HBox([self.pause, self.step]),
                ipywidgets.HBox([self.use, self.refine, self.confirm]), report,
            ],
            layout={"width": "380px", "flex": "0 0 auto", "padding": "0 8px 0 0"},
        )  # fmt: skip
        self.pattern = ipywidgets.IntSlider(
            min=0, max=n_patterns - 1, description="Pattern", continuous_update=False, layout={"flex": "1 1 auto"}
        )
        self.back = _button("Hit before", "chevron-left", "Show the hit before this pattern")
        self.on = _button("Next hit", "chevron-right", "Show the next hit after this pattern")
        self.seen = ipywidgets.HTML()
        self.below = ipywidgets.ToggleButtons(options=_BELOW, style={"button_width": "auto"})
        self.words = ipywidgets.HTML(layout={"width": "100%", "overflow": "auto"})
        self.folder = ipywidgets.Text(value="tuned", description="Folder", layout={"width": "320px"})
        self.save = _button("Save all three", "save", "Write tuned.geom, indexamajig.sh and xwiz.toml into the folder")
        self._export = ipywidgets.HBox([self.folder, self.save], layout={"display": "none"})
        row = ipywidgets.HBox([self.pattern, self.back, self.on])
        right = ipywidgets.VBox([row, self.seen, image], layout={"flex": "1 1 480px", "min_width": "0"})
        upper = ipywidgets.Box([left, right], layout={"display": "flex", "flex_flow": "row wrap", "width": "100%"})
        self.widget = ipywidgets.VBox(
            [upper, Stage(figures), self.below, self._export, self.words],
            layout={"width": "100%", "overflow": "hidden"},
        )

    def show_export(self, *, shown: bool) -> None:
        """Show the line that saves the results, or hide it."""
        self._export.layout.display = "flex" if shown else "none"


def _button(words: str, icon: str, tooltip: str, *, disabled: bool = False) -> ipywidgets.Button:
    return ipywidgets.Button(description=words, icon=icon, tooltip=tooltip, disabled=disabled, layout={"width": "auto"})
