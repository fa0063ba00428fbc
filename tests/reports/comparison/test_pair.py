"""Two jobs side by side."""

from __future__ import annotations

from tests.reports.comparison.jobs import Page, cell, png

from pulsetrain.reports import compare_jobs


def test_two_jobs_are_compared_differences_first(batch):
    versions = {"numpy": "2.1", "scipy": "1.15"}
    found = batch(
        {
            "parameters": {"min_snr": 4.0},
            "metrics": {"rate": 0.25, "cell": {"a": {"value": 80.0, "unit": "Å"}}, "zero": 0},
            "cells": [cell(png("red")), cell(png("blue"))],
            "record": {"provenance": {"versions": versions, "python": "3.12"}},
        },
        {
            "parameters": {"min_snr": 6.0},
            "metrics": {"rate": 0.5, "cell": {"a": {"value": 79.0, "unit": "Å"}}, "zero": 2},
            "cells": [cell(tags=("injected-parameters",)), cell(png("lime"))],
            "record": {"provenance": {"versions": versions | {"scipy": "1.16"}, "python": "3.12"}},
        },
    )
    page = Page(compare_jobs(*found.jobs()))
    assert page.rows[1] == ["min_snr", "4", "6"]
    assert page.row("steps") == ["steps", "100", "100"]
    assert page.row("rate") == ["rate", "0.2500", "0.5000", "+0.25", "2"]
    assert page.row("cell.a (Å)")[3:] == ["-1", "0.9875"]
    assert page.row("zero")[3:] == ["+2", "–"]
    assert page.row("scipy, version") == ["scipy, version", "1.15", "1.16"]
    assert "numpy, version" not in page.text
    assert "Python" not in page.text
    assert [image["alt"] for image in page.named("img")] == ["Cell 1 of b.0001", "Cell 1 of b.0002", "Cell 2 of b.0001"]
    assert "no picture from this cell" in page.text
