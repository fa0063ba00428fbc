"""The ``parameters`` cell of a method's report template, written from the model and never by hand."""

from __future__ import annotations

import nbformat

from pulsetrain.options import Options
from pulsetrain.reports import parameters_cell, shipped_folder

__all__ = ["rewrite_parameters"]


def rewrite_parameters(template: str, model: type[Options]) -> None:
    """Write the parameters cell of a template in the checkout anew.

    Parameters
    ----------
    template : str
        File name in ``notebooks/reports``.
    model
        Its parameters, in their order.
    """
    path = shipped_folder("reports") / template
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if "parameters" in cell.metadata.get("tags", []):
            cell.source = parameters_cell(model)
    nbformat.write(notebook, path)
