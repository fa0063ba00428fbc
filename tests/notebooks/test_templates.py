"""What holds for the report template and the course of every method."""

from __future__ import annotations

import importlib

import nbformat
import pytest

from pulsetrain.methods import methods
from pulsetrain.options import Options
from pulsetrain.reports import parameters_cell, read_parameters, shipped_folder

METHODS = pytest.mark.parametrize("method", methods().values(), ids=lambda method: method.name)


def report_model(name: str) -> type[Options]:
    model: type[Options] = getattr(importlib.import_module(f"pulsetrain.panels.{name}_report"), f"{name.title()}Report")
    return model


@METHODS
def test_the_parameters_cell_is_the_one_generated_from_the_model(method):
    notebook = nbformat.read(shipped_folder("reports") / method.template, 4)
    [cell] = [cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", [])]
    assert cell.source == parameters_cell(report_model(method.name))


@METHODS
def test_the_form_asks_for_the_input_first_and_then_for_every_option_of_the_method(method):
    names = list(read_parameters(shipped_folder("reports") / method.template).model_fields)
    assert names[0] == "path"
    given = {"path", "source", "key", "geometry", "cell", "high", "model", "test_low", "test_truth"}
    assert set(names) >= {"source", "key"}
    options = list(method.load(method.options).model_fields)
    assert [name for name in names if name not in given] == [name for name in options if name not in given]
    assert set(options) <= set(names)


@METHODS
@pytest.mark.parametrize("folder", ["reports", "course"])
def test_shipped_notebooks_hold_no_output(method, folder):
    name = method.template if folder == "reports" else method.course
    notebook = nbformat.read(shipped_folder(folder) / name, 4)
    nbformat.validate(notebook)
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if cell.cell_type == "code")
