"""What is chosen to stand below the frames of the clustering control."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from bokeh.layouts import column
from bokeh.models import Column, ColumnDataSource, LayoutDOM
from numpy.typing import NDArray

from pulsetrain.figures import clustering as figures
from pulsetrain.options import OptionError
from pulsetrain.panels._code import as_html

__all__ = ["ClusteringView", "State"]

_NOTHING = "<i>Nothing to show yet.</i>"


@dataclass(frozen=True)
class State:
    """What there is to show.

    Attributes
    ----------
    result : xarray.Dataset or None
        As changed by hand.
    names : dict of int to str
        Of the clusters.
    labels : numpy.ndarray of str, shape (pattern,), or None
    losses : dict of str to list of float
    nulls : dict of str to float
        Scores that are hardly ever exceeded by chance.
    threshold : float
        Confidence below which frames are unsure.
    code : callable
        Returns the lines of Python.
    """

    result: xr.Dataset | None
    names: dict[int, str]
    labels: NDArray[np.str_] | None
    losses: dict[str, list[float]]
    nulls: dict[str, float]
    threshold: float
    code: Callable[[], str]


class ClusteringView:
    """The figures and words below.

    Attributes
    ----------
    layout : bokeh.models.Column
    """

    def __init__(self) -> None:
        self.layout: Column = column(sizing_mode="stretch_width")

    @property
    def shown(self) -> list[LayoutDOM]:
        """The figures."""
        return list(self.layout.children)

    def show(self, chosen: str, state: State) -> str:
        """Show a figure, or return what is said in its place."""
        try:
            plot, words = self._drawn(chosen, state)
        except (OptionError, ValueError) as error:
            plot, words = None, as_html(f"# {error}")
        self.layout.children = [] if plot is None else [plot]
        return words

    def stream(self, losses: dict[str, list[float]]) -> None:
        """Go on with the curves of the learning."""
        known = {line.name: line.data_source for line in self._lines()}
        if set(known) != {name for name, curve in losses.items() if curve}:
            self.layout.children = [figures.training(losses)]
            return
        for name, curve in losses.items():
            source: ColumnDataSource = known[name]
            first = len(source.data["x"])
            source.stream({"x": np.arange(first + 1, len(curve) + 1), "y": np.asarray(curve[first:])})

    def _lines(self) -> list[Any]:
        return [line for plot in self.layout.children for line in getattr(plot, "renderers", []) if line.name]

    def _drawn(self, chosen: str, state: State) -> tuple[LayoutDOM | None, str]:
        if chosen == "Code":
            return None, as_html(state.code())
        if chosen == "Learning":
            if any(state.losses.values()):
                return figures.training(state.losses), ""
            return None, "<i>Nothing was learnt yet: press Fit, with epochs above 0.</i>"
        if state.result is None:
            return None, _NOTHING
        return self._of_result(chosen, state, state.result)

    def _of_result(self, chosen: str, state: State, result: xr.Dataset) -> tuple[LayoutDOM | None, str]:
        if chosen == "Labels":
            if state.labels is None:
                return None, "<i>No labels were given; ClusteringPanel(frames, labels=…) takes one a frame.</i>"
            return figures.confusion(result, state.labels), ""
        if chosen == "Clusters":
            return None, figures.table(result, state.names, "Clusters: shares of kinds, medians of scores")
        if chosen == "Composition":
            return figures.composition(result), figures.counts_table(result)
        plots = {
            "Scores": lambda: figures.score_plane(result, state.nulls),
            "Trains": lambda: figures.rate(result),
            "Confidence": lambda: figures.confidence(result, state.threshold),
        }
        return (plots[chosen]() if chosen in plots else None), ""
