"""What the report template of the spectra method is given: the input, then the method's own options.

The template's ``parameters`` cell is written from the model here, never by hand::

    python -m pulsetrain.panels.spectra_report
"""

from __future__ import annotations

import nbformat

from pulsetrain.data.input_options import InputOptions
from pulsetrain.options import option
from pulsetrain.reports import parameters_cell, shipped_folder
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["SpectraReport", "update"]


class SpectraInput(InputOptions):
    """Where a series comes from."""

    path: str = option("", "Folder, pattern or file of the series, or a run folder; empty: a simulated example.")


class SpectraReport(SpectraOptions, SpectraInput):
    """Parameters of ``notebooks/reports/spectra.ipynb``, in their order."""


def update() -> None:
    """Write the parameters cell of the template in the checkout anew."""
    path = shipped_folder("reports") / "spectra.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = parameters_cell(SpectraReport)
    nbformat.write(notebook, path)


if __name__ == "__main__":
    update()
