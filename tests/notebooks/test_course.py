"""The course runs from a fresh kernel, and what it claims is so."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

from pulsetrain.reports import shipped_folder

COURSE = shipped_folder("course") / "spectra.ipynb"


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    notebook = nbformat.read(COURSE, 4)
    folder = tmp_path_factory.mktemp("course")
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for c in notebook.cells if c.cell_type == "code" for output in c.outputs]
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    return "".join(output.text for output in outputs if output.output_type == "stream")


def number(pattern, text):
    return float(re.search(pattern, text).group(1))


def test_the_network_misleads_and_the_estimator_does_not(printed):
    truth = number(r"truth +([\d.]+)", printed)
    middle = number(r"middle +([\d.]+)", printed)
    assert abs(number(r"network +([\d.]+)", printed) - truth) > abs(middle - truth) > 20
    assert number(r"P_conf of the network: +([\d.]+)%", printed) > 95
    assert number(r"P_conf of the linear model: +([\d.]+)%", printed) == 100
    assert abs(number(r"estimate ([\d.]+)", printed) - truth) < 1
    low, high = re.search(r"estimate [\d.]+, 90 % interval ([\d.]+) … ([\d.]+)", printed).groups()
    assert float(low) < truth < float(high)


def test_importance_lies_on_what_changes_more_than_by_chance(printed):
    share, chance = re.search(r"integrated_gradients +([\d.]+) of the importance on the ([\d.]+)", printed).groups()
    assert float(share) > 1.5 * float(chance)


def test_it_fetches_nothing_and_names_no_folder_of_anybodys():
    source = "\n".join(c.source for c in nbformat.read(COURSE, 4).cells if c.cell_type == "code")
    assert "http" not in source
    assert "/home" not in source
