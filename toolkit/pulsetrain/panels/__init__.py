"""The interactive control of each method, for notebooks.

The names below are imported on first use: a list of methods must not open any widget.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use
from pulsetrain.panels._handover import register

if TYPE_CHECKING:
    from pulsetrain.panels._stage import show
    from pulsetrain.panels.boosting import BoostingPanel
    from pulsetrain.panels.clustering import ClusteringPanel
    from pulsetrain.panels.compare import CompareImage
    from pulsetrain.panels.image import FrameImage, Readout
    from pulsetrain.panels.reports import ReportsPanel
    from pulsetrain.panels.spectra import SpectraPanel
    from pulsetrain.panels.tuning import TuningPanel

__all__ = [
    "BoostingPanel",
    "ClusteringPanel",
    "CompareImage",
    "FrameImage",
    "Readout",
    "ReportsPanel",
    "SpectraPanel",
    "TuningPanel",
    "show",
]

_PLACES = {
    "BoostingPanel": "boosting",
    "ClusteringPanel": "clustering",
    "CompareImage": "compare",
    "FrameImage": "image",
    "Readout": "image",
    "ReportsPanel": "reports",
    "SpectraPanel": "spectra",
    "TuningPanel": "tuning",
    "show": "_stage",
}

__getattr__, __dir__ = on_first_use(__name__, _PLACES)
register()
