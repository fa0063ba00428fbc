"""Figures of sorted frames: what physics says of them, how they lie in the latent space, how many are of each kind.

All take the results as `pulsetrain.clustering` gives them and return Bokeh figures, but for `table` and
`counts_table`, which return HTML, `cluster_table`, `confusion_table` and `counts`, pandas.DataFrames, `thumbnails`, an
array, `map_latent`, places, and `static_summary`, `gallery` and `frame`, matplotlib figures.
"""

from __future__ import annotations

from pulsetrain.figures.clustering._bars import composition, confidence, rate, training
from pulsetrain.figures.clustering._confusion import confusion, confusion_table
from pulsetrain.figures.clustering._gallery import MASKED, frame, gallery, thumbnails
from pulsetrain.figures.clustering._hits import HIT_COLOURS, cluster_colours, counts, hits_of
from pulsetrain.figures.clustering._latent import map_latent
from pulsetrain.figures.clustering._plane import cluster_map, score_plane
from pulsetrain.figures.clustering._scales import drawn, score_label
from pulsetrain.figures.clustering._static import static_summary
from pulsetrain.figures.clustering._table import cluster_table, counts_table, table

__all__ = [
    "HIT_COLOURS",
    "MASKED",
    "cluster_colours",
    "cluster_map",
    "cluster_table",
    "composition",
    "confidence",
    "confusion",
    "confusion_table",
    "counts",
    "counts_table",
    "drawn",
    "frame",
    "gallery",
    "hits_of",
    "map_latent",
    "rate",
    "score_label",
    "score_plane",
    "static_summary",
    "table",
    "thumbnails",
    "training",
]
