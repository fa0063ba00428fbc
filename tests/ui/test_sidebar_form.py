"""The form of a report under the pointer: nothing is lost or started by a click that was meant for something else."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

# What the middle of each button shows now: the button itself, or nothing that can be pressed.
TAKEN = """(form, places) => places
  .map(([name, x, y]) => [name, document.elementFromPoint(x, y)?.closest('button')?.textContent])
  .filter(([name, found]) => found && found !== name)"""
PLACES = """form => [...form.querySelectorAll('button')].map(button => {
  const {x, y, width, height} = button.getBoundingClientRect();
  return [button.textContent, x + width / 2, y + height / 2];
})"""


@pytest.fixture
def form(page):
    """The form of a template in the sidebar of reports."""
    page.get_by_role("tab", name="Reports: run notebooks with parameters").click()
    reports = page.get_by_role("region", name="Pulsetrain reports")
    reports.get_by_role("button", name="Counting photons").click()
    form = reports.get_by_role("form", name="Counting photons")
    form.wait_for()
    return form


@pytest.mark.parametrize("height", [900, 600])
def test_no_button_takes_the_place_of_another(page, form, lab, height, screenshot):
    before = sorted(lab.jobs.glob("*"))
    page.set_viewport_size({"width": 1300, "height": height})
    form.get_by_label("sample").fill("mine")
    form.get_by_label("pulses").fill("999")
    places = form.evaluate(PLACES)
    form.get_by_role("button", name="Batch…").dblclick()
    form.get_by_label("Run on").wait_for()
    assert form.evaluate(TAKEN, places) == []
    expect(form.get_by_label("sample")).to_have_value("mine")
    form.evaluate("node => node.closest('section').scrollTo(0, node.scrollHeight)")
    places = form.evaluate(PLACES)
    form.get_by_role("button", name="Run report").dblclick()
    expect(form.get_by_role("alert")).to_have_text("Not started. Please check: pulses")
    assert form.evaluate(TAKEN, places) == []
    expect(form.get_by_label("pulses")).to_be_in_viewport(ratio=1)
    screenshot(page, f"form-not-started-{height}")
    form.get_by_label("pulses").fill("3")
    expect(form.get_by_role("alert")).to_have_count(0)
    assert form.evaluate(TAKEN, places) == []
    form.get_by_role("button", name="Defaults").dblclick()
    expect(form.get_by_label("sample")).not_to_have_value("mine")
    form.get_by_role("button", name="Undo").click()
    expect(form.get_by_label("sample")).to_have_value("mine")
    assert sorted(lab.jobs.glob("*")) == before
