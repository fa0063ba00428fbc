"""The figures of the spectra control: one Bokeh layout, whose parts share their cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import xarray as xr
from bokeh.events import MouseLeave, MouseMove, Tap
from bokeh.layouts import column
from bokeh.models import Column, ColumnDataSource, CustomJS, LayoutDOM, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures import spectra as figures
from pulsetrain.figures.spectra import Scale

__all__ = ["SpectraView"]

# The figures stand in two documents, above and below the buttons: cursors are found by their ids in all of them.
_SET = """
const set = (ids, values) => {
  for (const document of Bokeh.documents) {
    for (const id of ids) document.get_model_by_id(id)?.setv({...values}, {sync: false});
  }
};
"""
_MOVE = (
    f"{_SET}set(along_x, {{location: cb_obj.x, visible: true}}); set(along_y, {{location: cb_obj.y, visible: true}});"
)
_LEAVE = f"{_SET}set([...along_x, ...along_y], {{visible: false}});"


class SpectraView:
    """Waterfall and probability, and below them importance, attention or training.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    tapped : callable
        Given the index of a spectrum that was clicked on the waterfall.

    Attributes
    ----------
    layout : bokeh.models.Column
        Waterfall and probability.
    below_layout : bokeh.models.Column
        What is chosen to stand below them; a layout of its own, so that the buttons that choose can stand between.
    """

    def __init__(self, series: xr.DataArray, tapped: Callable[[int], None]) -> None:
        self._series, self._tapped = series, tapped
        self._scale: Scale = "linear"
        self._labels: NDArray[np.int64] = np.full(len(series), -1)
        self._result: xr.Dataset | None = None
        self._estimate: xr.Dataset | None = None
        self._cursors, self._cursors_below = _cursors(), _cursors()
        self._top, self._middle, self._below = (column(sizing_mode="stretch_width") for _ in range(3))
        self.layout: Column = column(self._top, self._middle, sizing_mode="stretch_width")
        self.below_layout: Column = self._below
        self._draw_series()
        self._draw_curves()

    @property
    def waterfall(self) -> figure:
        """The map of the series."""
        return self._top.children[0]

    @property
    def below(self) -> list[LayoutDOM]:
        """What is shown below the curves."""
        return list(self._below.children)

    def rescale(self, scale: Scale) -> None:
        """Draw the waterfall's colours on another scale."""
        self._scale = scale
        self._draw_series()

    def mark(self, labels: NDArray[np.int64]) -> None:
        """Show labels."""
        self._labels = labels
        figures.update_waterfall(self.waterfall, self._series, labels, self._result, self._estimate)
        if self._result is None:
            self._draw_curves()

    def show(self, result: xr.Dataset | None, estimate: xr.Dataset | None) -> None:
        """Show what a network and the transition estimator found, each as far as it is there."""
        self._result, self._estimate = result, estimate
        figures.update_waterfall(self.waterfall, self._series, self._labels, result, estimate)
        self._draw_curves()

    def importance(self, importances: xr.DataArray | None) -> None:
        """Show below what the decision rests on."""
        if importances is None:
            self.clear()
            return
        drawn = figures.importance(self._series, importances, self._labels)
        for plot in drawn.children:
            self._link(plot, self._cursors_below, x="axis")
        self._below.children = [drawn]

    def attention(self, maps: xr.Dataset | None) -> None:
        """Show the attention maps below; that along the series follows the cursor."""
        if not maps:
            self.clear()
            return
        drawn = figures.attention(maps, self._series)
        for plot in drawn.children:
            if plot.select({"name": "temporal"}):
                self._link(plot, self._cursors_below, x="column", y="row")
        self._below.children = [drawn]

    def posterior(self, estimate: xr.Dataset | None) -> None:
        """Show below how likely each place is for the boundary."""
        self._below.children = [] if estimate is None else [figures.posterior(estimate)]

    def loss(self, history: Sequence[float]) -> None:
        """Show below the loss of the training so far; `stream` adds to it."""
        self._below.children = [figures.loss(history)] if len(history) else []

    def stream(self, losses: Sequence[float]) -> None:
        """Add to the loss that is shown."""
        if not self._below.children:
            self.loss(losses)
            return
        for source in self._below.select({"type": ColumnDataSource}):
            start = len(source.data["x"]) + 1
            source.stream({"x": np.arange(start, start + len(losses)), "y": np.asarray(losses)})

    def clear(self) -> None:
        """Show nothing below."""
        self._below.children = []

    def _draw_series(self) -> None:
        plot = figures.waterfall(
            self._series, self._labels, self._result, self._estimate, scale=self._scale, height=400
        )
        plot.on_event(Tap, self._on_tap)
        self._link(plot, self._cursors, x="axis", y="row")
        self._top.children = [plot]

    def _draw_curves(self) -> None:
        plot = figures.probability(self._series, self._result, self._estimate, self._labels, height=260)
        self._link(plot, self._cursors, x="column")
        self._middle.children = [plot]

    def _on_tap(self, event: Any) -> None:
        spectrum = round(event.y)
        if 0 <= spectrum < len(self._series):
            self._tapped(spectrum)

    def _link(self, plot: figure, cursors: dict[str, Span], x: str = "", y: str = "") -> None:
        """Let a figure's cursor move those of all others; it all happens in the browser."""
        same = {"axis": ("axis",), "row": ("row", "column"), "column": ("row", "column"), "": ()}
        for name in filter(None, (x, y)):
            plot.add_layout(cursors[name])
        both = (self._cursors, self._cursors_below)
        spans = {
            "along_x": [each[name].id for name in same[x] for each in both],
            "along_y": [each[name].id for name in same[y] for each in both],
        }
        plot.js_on_event(MouseMove, CustomJS(args=spans, code=_MOVE))
        plot.js_on_event(MouseLeave, CustomJS(args=spans, code=_LEAVE))


def _cursors() -> dict[str, Span]:
    """Return the cursor at a place of the axis, and at a spectrum where spectra lie along y and along x."""
    places = (("axis", "height"), ("row", "width"), ("column", "height"))
    return {
        name: Span(dimension=dimension, location=0, line_color="#808080", line_width=1, visible=False)
        for name, dimension in places
    }
