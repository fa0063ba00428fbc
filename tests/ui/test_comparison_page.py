"""The comparison of a batch as a file that somebody opens: read in either theme, by keyboard, and printed."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.reports.comparison.jobs import batch, cell, grid, png

from pulsetrain.reports import write_comparison

__all__ = ["batch"]

AXE = Path(__file__).parents[2] / "labextension/node_modules/axe-core/axe.min.js"
WHITE, DARK = "rgb(255, 255, 255)", "rgb(26, 26, 26)"
TURNED = "() => getComputedStyle(document.querySelector('.plots img')).filter"


@pytest.fixture
def comparison(context, batch):
    """Open the comparison of twelve jobs with 120 metrics, of which every fifth differs."""

    def measured(run, snr):
        return {f"m{k}": k + (run * snr if k % 5 == 0 and k < 150 else 0) for k in range(150)}

    path = write_comparison(grid(batch, range(1, 5), [4.0, 5.0, 6.0], measured))
    page = context.new_page()
    yield page, path.as_uri()
    page.close()


def serious(page):
    """Return what axe finds that keeps people out."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("() => axe.run(document)")["violations"]
    return [each["id"] for each in found if each["impact"] in ("serious", "critical")]


def test_it_is_as_dark_as_the_reader_has_it_unless_its_address_says_otherwise(comparison, screenshot):
    page, address = comparison
    for system, said, paper in (("light", "", WHITE), ("dark", "", DARK), ("light", "#dark", DARK)):
        page.emulate_media(color_scheme=system)
        page.goto(f"{address}{said}")
        expect(page.locator("body")).to_have_css("background-color", paper)
        assert ("invert(0.9)" in page.evaluate(TURNED)) == (paper == DARK)
        screenshot(page, f"comparison-page-{system}{said.replace('#', '-')}")
        assert serious(page) == []
    page.emulate_media(color_scheme="dark")
    page.goto(f"{address}#light")
    expect(page.locator("body")).to_have_css("background-color", WHITE)
    page.goto(address)
    page.emulate_media(color_scheme="dark", media="print")
    expect(page.locator("body")).to_have_css("background-color", WHITE)
    assert "invert(0)" in page.evaluate(TURNED)


def test_metrics_without_a_column_are_unfolded_by_keyboard(comparison):
    page, address = comparison
    page.goto(address)
    expect(
        page.get_by_text("The table has 24 of 150 metrics: the first of 30 that differ between jobs.")
    ).to_be_visible()
    expect(page.get_by_role("columnheader")).to_have_count(5 + 24)
    folded = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="m145", exact=True))
    expect(folded).not_to_be_visible()
    page.locator("summary", has_text="6 more metrics in which jobs differ").press("Enter")
    expect(folded).to_contain_text("149.0 … 169.0, median 157.0")
    page.locator("summary", has_text="120 metrics that are the same in all jobs").press("Enter")
    expect(page.get_by_role("rowheader", name="m149", exact=True)).to_be_visible()


def test_least_median_and_greatest_are_those_of_the_rows_shown(context, batch):
    jobs = [
        {"parameters": {"run": run}, "metrics": {"hits": 3 * run, "rate": run / 8, "tiny": run * 1e-7}}
        for run in range(1, 5)
    ]
    page = context.new_page()
    page.goto(write_comparison(batch(*jobs, {"parameters": {"run": 5}, "message": "no peaks"})).as_uri())

    def foot(way):
        return page.get_by_role("row", name=way).get_by_role("cell").all_inner_texts()[3:]

    ofall = [foot(way) for way in ("least", "median", "greatest")]
    assert ofall == [["3", "0.1250", "1e-07"], ["7.5", "0.3125", "2.5e-07"], ["12", "0.5000", "4e-07"]]
    page.get_by_label("Filter").fill("000 done")
    expect(page.get_by_text("4 of 5 jobs")).to_be_visible()
    assert [foot(way) for way in ("least", "greatest")] == ofall[::2]
    assert foot("median") == ["7.5", "0.3125", "2.5e-7"]
    page.get_by_label("Filter").fill("0003")
    expect(page.get_by_text("1 of 5 jobs")).to_be_visible()
    assert foot("least") == foot("median") == foot("greatest") == ["9", "0.3750", "3e-07"]
    page.get_by_label("Filter").fill("peaks")
    expect(page.get_by_text("1 of 5 jobs")).to_be_visible()
    assert foot("median") == ["–", "–", "–"]
    page.get_by_label("Filter").fill("")
    expect(page.get_by_text("of 5 jobs")).to_have_count(0)
    assert [foot(way) for way in ("least", "median", "greatest")] == ofall
    page.close()


def test_pictures_and_numbers_stand_side_by_side_where_an_error_is_long(context, batch):
    drawn = [cell(png("red"))]
    bad = {"parameters": {"run": 2}, "message": f"FileNotFoundError: /gpfs/{'x' * 900}", "cells": drawn}
    page = context.new_page()
    page.set_viewport_size({"width": 1300, "height": 900})
    metrics = dict.fromkeys(("square", "zero", "eighty", "boundary_at"), 1.0)
    page.goto(write_comparison(batch({"parameters": {"run": 1}, "metrics": metrics, "cells": drawn}, bad)).as_uri())
    assert (
        page.evaluate(
            "() => (({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)(document.querySelector('.scroll'))"
        )
        == 0
    )
    assert page.locator("#jobs td img").first.bounding_box()["x"] < 200
    why = page.locator("#jobs .why summary")
    assert why.bounding_box()["width"] <= 240
    why.press("Enter")
    expect(page.locator("#jobs .why")).to_contain_text("x" * 800)
    page.close()
