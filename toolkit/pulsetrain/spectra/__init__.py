"""Classification of ordered series of spectra: where the sample switches, how sure that is, which peaks say so.

The names below are imported on first use: torch and scipy wait until they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use
from pulsetrain.methods import Method

if TYPE_CHECKING:
    from pulsetrain.spectra._attention import attention
    from pulsetrain.spectra._boundary import boundary_interval, find_boundary, p_conf
    from pulsetrain.spectra._compare import compare
    from pulsetrain.spectra._importance import ImportanceMethod, attribution_share, importance
    from pulsetrain.spectra._references import references
    from pulsetrain.spectra.catalogue import NETWORKS
    from pulsetrain.spectra.classifier import SpectraClassifier
    from pulsetrain.spectra.labels import as_labels, gap_middle, parse_labels
    from pulsetrain.spectra.options import SpectraOptions
    from pulsetrain.spectra.ordering import order_at, order_name
    from pulsetrain.spectra.transition import TransitionEstimator, TransitionOptions

_PLACES = {
    "ImportanceMethod": "_importance",
    "NETWORKS": "catalogue",
    "SpectraClassifier": "classifier",
    "SpectraOptions": "options",
    "TransitionEstimator": "transition",
    "TransitionOptions": "transition",
    "as_labels": "labels",
    "attention": "_attention",
    "attribution_share": "_importance",
    "boundary_interval": "_boundary",
    "compare": "_compare",
    "find_boundary": "_boundary",
    "gap_middle": "labels",
    "importance": "_importance",
    "order_at": "ordering",
    "order_name": "ordering",
    "p_conf": "_boundary",
    "parse_labels": "labels",
    "references": "_references",
}

__all__ = [
    "METHOD",
    "NETWORKS",
    "ImportanceMethod",
    "SpectraClassifier",
    "SpectraOptions",
    "TransitionEstimator",
    "TransitionOptions",
    "as_labels",
    "attention",
    "attribution_share",
    "boundary_interval",
    "compare",
    "find_boundary",
    "gap_middle",
    "importance",
    "order_at",
    "order_name",
    "p_conf",
    "parse_labels",
    "references",
]

METHOD = Method(
    name="spectra",
    title="Spectra",
    summary="Where in an ordered series of spectra the sample switches, how sure that is and which peaks say so.",
    options="pulsetrain.spectra.options:SpectraOptions",
    command="pulsetrain.spectra.command:run",
    bench="pulsetrain.spectra.bench:bench",
    panel="pulsetrain.panels:SpectraPanel",
    opening=(
        "from pulsetrain.panels import SpectraPanel\n"
        "from pulsetrain.simulate.spectra import simulate_series\n"
        "\n"
        "example = simulate_series(seed=1)  # your own: pulsetrain.open_spectra(path)\n"
        "SpectraPanel(example.intensity, example.labels)"
    ),
    template="spectra.ipynb",
    course="spectra.ipynb",
    example="pulsetrain.simulate.spectra:write_example",
)

__getattr__, __dir__ = on_first_use(__name__, _PLACES, "METHOD")
