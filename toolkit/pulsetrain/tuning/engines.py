"""What an engine is, and the one that a name stands for."""

from __future__ import annotations

from typing import Literal, Protocol

import xarray as xr

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.progress import Progress
from pulsetrain.tuning.options import IndexingOptions

__all__ = ["Engine", "engine_of"]


class Engine(Protocol):
    """Who finds peaks and indexes: `NativeEngine` or `CrystFELEngine`."""

    geometry: CrystFELGeometry
    cell: UnitCell

    def evaluate(
        self, patterns: xr.DataArray, options: IndexingOptions, progress: Progress | None = None
    ) -> xr.Dataset:
        """Index patterns; the layout is that of `pulsetrain.tuning.results.indexing_result`."""


def engine_of(
    name: Literal["native", "crystfel"], geometry: CrystFELGeometry, cell: UnitCell, *, processes: int | None = None
) -> Engine:
    """Return the engine of that name; numba, or the search for an indexamajig, waits until then."""
    if name == "crystfel":
        from pulsetrain.tuning.crystfel import CrystFELEngine

        return CrystFELEngine(geometry, cell, processes=processes)
    from pulsetrain.tuning.native import NativeEngine

    return NativeEngine(geometry, cell, processes=processes)
