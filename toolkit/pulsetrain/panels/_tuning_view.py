"""The figures of the tuning control: the rates, and elsewhere the search, the cells or the orientations."""

from __future__ import annotations

from collections.abc import Sequence

import xarray as xr
from bokeh.layouts import column
from bokeh.models import Column

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures import tuning as figures
from pulsetrain.tuning.search import Evaluation

__all__ = ["TuningView"]


class TuningView:
    """Rates over the parameters, and a place for another figure.

    Attributes
    ----------
    layout, below_layout : bokeh.models.Column
    """

    def __init__(self) -> None:
        self.rates = figures.rates(())
        self._progress: Column | None = None
        self.layout: Column = column(self.rates, sizing_mode="stretch_width")
        self.below_layout: Column = column(sizing_mode="stretch_width")

    @property
    def searching(self) -> bool:
        """Whether the search is shown below; `update` keeps it up to date."""
        return self._progress is not None

    @property
    def below(self) -> list[Column]:
        """What is shown below the curves."""
        return list(self.below_layout.children)

    def update(self, path: figures.Evaluations, own: Sequence[Evaluation]) -> None:
        """Show what a search, and what the user, has tried."""
        figures.update_rates(self.rates, path, own)
        if self._progress is not None:
            figures.update_progress(self._progress, path)

    def search(self, path: figures.Evaluations) -> None:
        """Show below how the search goes on."""
        self._progress = figures.progress(path)
        self.below_layout.children = [self._progress]

    def cells(self, evaluations: Sequence[Evaluation], result: xr.Dataset, cell: UnitCell) -> None:
        """Show below how far the refined cells are off."""
        self.clear()
        self.below_layout.children = [figures.shift(evaluations), figures.cells(result, cell)]

    def orientations(self, result: xr.Dataset) -> None:
        """Show below how the crystals lie."""
        self.clear()
        self.below_layout.children = [figures.orientations(result)]

    def clear(self) -> None:
        """Show nothing below."""
        self._progress = None
        self.below_layout.children = []
