"""What the report template of the spectra method is given: the input, then the method's own options.

The template's ``parameters`` cell is written from the model here, never by hand::

    python -m pulsetrain.panels.spectra_report
"""

from __future__ import annotations

from pulsetrain.data.input_options import InputOptions
from pulsetrain.options import option
from pulsetrain.panels._template import rewrite_parameters
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["SpectraReport"]


class SpectraInput(InputOptions):
    """Where a series comes from."""

    path: str = option("", "Folder, pattern or file of the series, or a run folder; empty: a simulated example.")


class SpectraReport(SpectraOptions, SpectraInput):
    """Parameters of ``notebooks/reports/spectra.ipynb``, in their order."""


if __name__ == "__main__":
    rewrite_parameters("spectra.ipynb", SpectraReport)
