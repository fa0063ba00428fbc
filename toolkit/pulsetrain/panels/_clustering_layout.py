"""The widgets of the clustering control, and where they stand; what they do is the control's matter."""

from __future__ import annotations

import html

import ipywidgets
from bokeh.models import LayoutDOM

from pulsetrain.clustering.results import HITS
from pulsetrain.panels._clustering_gallery import Gallery
from pulsetrain.panels._clustering_map import PointMap
from pulsetrain.panels._layout import button, choices, side_by_side, words
from pulsetrain.panels._stage import Stage
from pulsetrain.panels.image import FrameImage

__all__ = ["ClusteringLayout"]

_BELOW = (
    "Clusters",
    "Augmentations",
    "Scores",
    "Composition",
    "Trains",
    "Confidence",
    "Labels",
    "Learning",
    "Export",
    "Code",
)
_WIDTH = 390  # px
_ROW = {"flex_flow": "row wrap", "align_items": "center"}


class ClusteringLayout:
    """Settings and counts on the left, the map on the right; below them frames, and what the buttons choose.

    Parameters
    ----------
    title, shape : str
        Name and size of the input.
    options, strengths, task, report : ipywidgets.Widget
        The forms of the options and of the augmentations, the learning and the report.
    below : bokeh.models.LayoutDOM
        The figures that the buttons choose.

    Attributes
    ----------
    map : PointMap
    plane, colour : ipywidgets.Dropdown
        What the map shows, and what its points are coloured by.
    key, counts, selected, seen, words : ipywidgets.HTML
        Key to the colours; frames of each kind; what is selected; the frame shown; what is said below.
    under : Gallery
        The frame under the cursor.
    gallery : Gallery
        Those that are selected.
    image, power : FrameImage
        The frame that is shown, and its autocorrelation.
    pause : ipywidgets.Button
    below : ipywidgets.ToggleButtons
    cluster, into, kind : ipywidgets.Dropdown
    name, file : ipywidgets.Text
    rename, merge, split, move, call, pick, undo, save, keep : ipywidgets.Button
    preview : Gallery
    widget : ipywidgets.Box
    """

    def __init__(
        self,
        title: str,
        shape: str,
        *,
        options: ipywidgets.Widget,
        strengths: ipywidgets.Widget,
        task: ipywidgets.Widget,
        report: ipywidgets.Widget,
        below: LayoutDOM,
    ) -> None:
        head = ipywidgets.HTML(f"<b>{html.escape(title)}</b><br>{html.escape(shape)}")
        self.counts = ipywidgets.HTML(layout={"margin": "6px 0"})
        self.pause = button("Pause", "pause", "Pause the learning; press again to go on", disabled=True)
        self.map = PointMap()
        self.plane = _dropdown("Map", [("physics scores", "scores")], "What the map shows")
        self.colour = _dropdown("Colour", [("hit", "hit")], "What the points are coloured by")
        self.key = ipywidgets.HTML()
        upper = side_by_side(
            [head, options, task, ipywidgets.HBox([self.pause]), self.counts, report],
            [ipywidgets.HBox([self.plane, self.colour], layout=_ROW), self.map, self.key],
            width=_WIDTH,
        )
        self.selected, self.seen = ipywidgets.HTML(), ipywidgets.HTML()
        self.under = Gallery("The frame under the cursor", 128)
        self.gallery = Gallery("Selected frames")
        under = ipywidgets.VBox(
            [ipywidgets.HTML("Under the cursor"), self.under], layout={"width": "146px", "flex": "0 0 auto"}
        )
        chosen = ipywidgets.VBox([self.selected, self.gallery], layout={"flex": "1 1 300px", "min_width": "0"})
        self.image = FrameImage(units="photons", height=380)
        self.power = FrameImage(
            units="log(1 + power)", title="Autocorrelation", scale="linear", colour_map="magma", height=380
        )
        images = ipywidgets.Box(
            [
                ipywidgets.VBox([self.seen], layout={"width": "330px", "flex": "0 0 auto"}),
                ipywidgets.VBox([self.image], layout={"flex": "3 1 330px", "min_width": "0"}),
                ipywidgets.VBox([self.power], layout={"flex": "2 1 300px", "min_width": "0", "padding": "0 0 0 12px"}),
            ],
            layout={"display": "flex", "flex_flow": "row wrap", "width": "100%"},
        )
        self.below, self.words = choices(_BELOW), words()
        self._parts = {"Clusters": self._edits(), "Augmentations": self._preview(strengths), "Export": self._export()}
        self.widget = ipywidgets.VBox(
            [
                upper,
                ipywidgets.HBox([under, chosen], layout={"width": "100%", "min_height": "176px"}),
                images, self.below, *self._parts.values(), self.words, Stage(below),
            ],
            layout={"width": "100%", "overflow": "hidden"},
        )  # fmt: skip

    def show(self, chosen: str) -> None:
        """Show the buttons that belong to what is chosen to stand below, and hide the others."""
        for name, part in self._parts.items():
            part.layout.display = "flex" if name == chosen else "none"

    def _edits(self) -> ipywidgets.Widget:
        self.cluster = _dropdown("Cluster", [], "Which cluster the buttons beside are about")
        self.into = _dropdown("into", [], "The cluster that is merged or moved into")
        self.kind = _dropdown("as", HITS, "What the selected frames show")
        self.name = ipywidgets.Text(placeholder="new name", layout={"width": "150px"}, tooltip="A name for the cluster")
        self.pick = button("Select its frames", "mouse-pointer", "Select the cluster's frames on the map")
        self.rename = button("Name", "tag", "Give the cluster the name that is written beside")
        self.merge = button("Merge", "compress", "Let all frames of the cluster be of the other")
        self.split = button("Split off", "expand", "Make a new cluster of the selected frames")
        self.move = button("Move selection", "arrow-right", "Move the selected frames into the other cluster")
        self.call = button("Call selection", "check", "Say what the selected frames show")
        self.undo = button("Undo", "undo", "Take the last change back", disabled=True)
        lines = [
            ipywidgets.HBox([self.cluster, self.pick, self.name, self.rename, self.split], layout=_ROW),
            ipywidgets.HBox([self.into, self.merge, self.move, self.kind, self.call, self.undo], layout=_ROW),
        ]
        return ipywidgets.VBox(lines)

    def _preview(self, strengths: ipywidgets.Widget) -> ipywidgets.Widget:
        self.cosine = ipywidgets.HTML()
        self.preview = Gallery("The frame shown, and augmented copies of it", 128)
        strengths.layout.width, strengths.layout.flex = f"{_WIDTH}px", "0 0 auto"
        copies = ipywidgets.VBox(
            [self.cosine, self.preview], layout={"flex": "1 1 300px", "min_width": "0", "padding": "0 0 0 12px"}
        )
        return ipywidgets.Box([strengths, copies], layout={"flex_flow": "row wrap", "width": "100%"})

    def _export(self) -> ipywidgets.Widget:
        self.file = ipywidgets.Text(value="selection.csv", description="File", layout={"width": "320px"})
        self.save = button(
            "Save selection", "save", "Train and pulse of the selected frames, as CSV or HDF5 by the name"
        )
        self.keep = button("Save result", "save", "All that was found of all frames, as netCDF (.nc)")
        return ipywidgets.HBox([self.file, self.save, self.keep], layout=_ROW)


def _dropdown(label: str, options: object, tooltip: str) -> ipywidgets.Dropdown:
    style, layout = {"description_width": "52px"}, {"width": "250px"}
    return ipywidgets.Dropdown(options=options, description=label, tooltip=tooltip, style=style, layout=layout)
