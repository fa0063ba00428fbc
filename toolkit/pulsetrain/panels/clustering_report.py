"""What the report template of the clustering method is given: the input, then the method's own options.

The template's ``parameters`` cell is written from the model here, never by hand::

    python -m pulsetrain.panels.clustering_report
"""

from __future__ import annotations

from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.data.input_options import InputOptions
from pulsetrain.options import Options, option
from pulsetrain.panels._template import rewrite_parameters

__all__ = ["ClusteringReport"]


class _First(Options):
    """What a user has to give, at the head of the form; what each is, the models below say."""

    path: str = ""
    geometry: str = ""


class ClusteringReport(ClusteringOptions, InputOptions, _First):
    """Parameters of ``notebooks/reports/clustering.ipynb``, in their order."""

    path: str = option("", "Run folder, file or pattern of the frames; empty: SIMULATED particles, an example.")


if __name__ == "__main__":
    rewrite_parameters("clustering.ipynb", ClusteringReport)
