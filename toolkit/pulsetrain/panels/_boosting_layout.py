"""The widgets of the boosting control, and where they stand; what they do is the control's matter."""

from __future__ import annotations

import html

import ipywidgets
from bokeh.models import LayoutDOM

from pulsetrain.panels._boosting_view import TRUTH
from pulsetrain.panels._layout import button, choices, side_by_side, words
from pulsetrain.panels._stage import Stage
from pulsetrain.panels.compare import CompareImage

__all__ = ["BoostingLayout"]

_BELOW = ("Training", "Condition", "Residuals", "Power")
_ROW = {"flex_flow": "row wrap", "align_items": "center", "width": "100%"}


class BoostingLayout:
    """Settings on the left, the comparison on the right; below them what the buttons choose.

    Parameters
    ----------
    title, shape : str
        Name and size of the input.
    frames : int
    truth : bool
        Whether the truth of the frames is known.
    options, task, report : ipywidgets.Widget
        The form of the options, the training and the report.
    image : CompareImage
    below : bokeh.models.LayoutDOM
        The figures that the buttons choose.

    Attributes
    ----------
    frame : ipywidgets.IntSlider
    against : ipywidgets.Dropdown
        What the boosted frame is compared with: ``"poor"`` or ``"truth"``.
    seen, trust, warning, words : ipywidgets.HTML
        The frame shown; what σ is worth; how the frames differ from those learnt; what is said below.
    calibrate, save, keep : ipywidgets.Button
    below : ipywidgets.ToggleButtons
    folder, file : ipywidgets.Text
        For the booster and for the result.
    widget : ipywidgets.Box
    """

    def __init__(
        self,
        title: str,
        shape: str,
        frames: int,
        *,
        truth: bool,
        options: ipywidgets.Widget,
        task: ipywidgets.Widget,
        report: ipywidgets.Widget,
        image: CompareImage,
        below: LayoutDOM,
    ) -> None:
        head = ipywidgets.HTML(
            f'<div style="line-height: 1.45"><b>{html.escape(title)}</b><br>{html.escape(shape)}</div>'
        )
        self.warning, self.seen = ipywidgets.HTML(), ipywidgets.HTML()
        self.trust = ipywidgets.HTML(layout={"flex": "1 1 0", "min_width": "0"})
        self.frame = ipywidgets.IntSlider(
            min=0, max=frames - 1, description="Frame", tooltip="Arrow keys go from one to the next",
            style={"description_width": "48px"}, layout={"flex": "1 1 260px", "width": "auto"},
        )  # fmt: skip
        self.against = ipywidgets.Dropdown(
            options=[("poor frame", "poor"), ("truth", "truth")], description="Beside",
            tooltip="What the boosted frame is compared with", style={"description_width": "52px"},
            layout={"display": None if truth else "none", "flex": "0 0 auto", "width": "190px"},
        )  # fmt: skip
        self.calibrate = button("Calibrate", "balance-scale", "Stretch the intervals by the test sample", disabled=True)
        right = [
            self.warning,
            ipywidgets.HBox([self.frame, self.against], layout=_ROW),
            ipywidgets.HBox([self.calibrate, self.trust], layout={"align_items": "center", "width": "100%"}),
            image,
            self.seen,
        ]
        upper = side_by_side([head, options, task, report], right, width=350)
        self.below, self.words = choices((*_BELOW, *(TRUTH if truth else ()), "Save", "Code")), words()
        self._saving = self._save()
        self.widget = ipywidgets.VBox(
            [upper, self.below, self._saving, Stage(below), self.words], layout={"width": "100%", "overflow": "hidden"}
        )

    def show(self, chosen: str) -> None:
        """Show the buttons that belong to what is chosen to stand below."""
        self._saving.layout.display = "flex" if chosen == "Save" else "none"

    def _save(self) -> ipywidgets.Widget:
        self.folder = ipywidgets.Text(value="booster", description="Folder", layout={"width": "320px"})
        self.save = button("Save booster", "save", "What was learnt, as a new folder that Booster.load reads")
        self.file = ipywidgets.Text(value="boosted.nc", description="File", layout={"width": "320px"})
        self.keep = button("Save result", "save", "All frames, boosted, with σ, as netCDF (.nc)")
        rows = [ipywidgets.HBox([self.folder, self.save]), ipywidgets.HBox([self.file, self.keep])]
        return ipywidgets.VBox(rows, layout={"display": "none"})
