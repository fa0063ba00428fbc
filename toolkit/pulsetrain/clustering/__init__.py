"""Label-free clustering of frames: which show one particle, which several, which none.

The names below are imported on first use: torch, umap and faiss wait until they are needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pulsetrain._first_use import on_first_use
from pulsetrain.methods import Method

if TYPE_CHECKING:
    from pulsetrain.clustering.clusterer import FrameClusterer
    from pulsetrain.clustering.options import Augmentations, ClusteringOptions
    from pulsetrain.clustering.scores import FrameScorer

_PLACES = {
    "Augmentations": "options",
    "ClusteringOptions": "options",
    "FrameClusterer": "clusterer",
    "FrameScorer": "scores",
}

__all__ = ["METHOD", "Augmentations", "ClusteringOptions", "FrameClusterer", "FrameScorer"]

METHOD = Method(
    name="clustering",
    title="Clustering",
    summary="Which frames show one particle, several or none, learnt without labels.",
    options="pulsetrain.clustering.options:ClusteringOptions",
    command="pulsetrain.clustering.command:run",
    bench="pulsetrain.clustering.bench:bench",
    panel="pulsetrain.panels:ClusteringPanel",
    opening=(
        "from pulsetrain.panels import ClusteringPanel\n"
        "\n"
        "ClusteringPanel()  # simulated particles; your own: ClusteringPanel(pulsetrain.open_frames(path))"
    ),
    template="clustering.ipynb",
    course="clustering.ipynb",
    example="pulsetrain.simulate.particles:write_example",
)

__getattr__, __dir__ = on_first_use(__name__, _PLACES, "METHOD")
