"""Image quality: from a poor condition of an instrument to a good one, learnt without pairs.

The names below are imported on first use: torch waits until it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use
from pulsetrain.methods import Method

if TYPE_CHECKING:
    from pulsetrain.boosting.booster import Booster
    from pulsetrain.boosting.options import BoostingOptions

_PLACES = {"Booster": "booster", "BoostingOptions": "options"}

__all__ = ["METHOD", "Booster", "BoostingOptions"]

METHOD = Method(
    name="boosting",
    title="Boosting",
    summary="Better images of a poor condition, learnt without pairs, with honest uncertainty.",
    options="pulsetrain.boosting.options:BoostingOptions",
    command="pulsetrain.boosting.command:run",
    bench="pulsetrain.boosting.bench:bench",
    panel="pulsetrain.panels:BoostingPanel",
    opening=(
        "from pulsetrain.panels import BoostingPanel\n"
        "\n"
        "BoostingPanel()  # simulated images; your own: BoostingPanel(pulsetrain.open_frames(path))"
    ),
    template="boosting.ipynb",
    course="boosting.ipynb",
    example="pulsetrain.simulate.images:write_example",
)

__getattr__, __dir__ = on_first_use(__name__, _PLACES, "METHOD")
