"""Tuning of indexing parameters: min-snr, min-pix-count and clen for the best indexing rate, with or without CrystFEL.

The names below are imported on first use: numba and torch wait until they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use
from pulsetrain.methods import Method

if TYPE_CHECKING:
    from pulsetrain.tuning.clen import refine_clen
    from pulsetrain.tuning.crystfel import CrystFELEngine
    from pulsetrain.tuning.environment import TuningEnvironment
    from pulsetrain.tuning.native import NativeEngine
    from pulsetrain.tuning.optimisers import make_optimiser
    from pulsetrain.tuning.options import IndexingOptions, TuningOptions
    from pulsetrain.tuning.path import evaluation_table
    from pulsetrain.tuning.search import Evaluation, Optimiser, SearchSpace, Setting
    from pulsetrain.tuning.tuner import Tuner

_PLACES = {
    "CrystFELEngine": "crystfel",
    "Evaluation": "search",
    "IndexingOptions": "options",
    "NativeEngine": "native",
    "Optimiser": "search",
    "SearchSpace": "search",
    "Setting": "search",
    "Tuner": "tuner",
    "TuningEnvironment": "environment",
    "TuningOptions": "options",
    "evaluation_table": "path",
    "make_optimiser": "optimisers",
    "refine_clen": "clen",
}

__all__ = [
    "METHOD",
    "CrystFELEngine",
    "Evaluation",
    "IndexingOptions",
    "NativeEngine",
    "Optimiser",
    "SearchSpace",
    "Setting",
    "Tuner",
    "TuningEnvironment",
    "TuningOptions",
    "evaluation_table",
    "make_optimiser",
    "refine_clen",
]

METHOD = Method(
    name="tuning",
    title="Tuning",
    summary="The min-snr, min-pix-count and clen that index most patterns, found by an agent in few evaluations.",
    options="pulsetrain.tuning.options:TuningOptions",
    command="pulsetrain.tuning.command:run",
    bench="pulsetrain.tuning.bench:bench",
    panel="pulsetrain.panels:TuningPanel",
    opening=(
        "from pulsetrain.panels import TuningPanel\n"
        "\n"
        "TuningPanel()  # simulated crystals; your own: TuningPanel(path, geometry, cell)"
    ),
    template="tuning.ipynb",
    course="tuning.ipynb",
    example="pulsetrain.simulate.crystals:write_example",
)

__getattr__, __dir__ = on_first_use(__name__, _PLACES, "METHOD")
