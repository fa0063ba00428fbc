"""What users see of the sidebars, in a real browser."""

from __future__ import annotations


def test_both_sidebars_open_from_their_tabs(page, screenshot):
    page.get_by_role("tab", name="Reports: run notebooks with parameters").click()
    page.get_by_role("button", name="Counting photons").wait_for()
    screenshot(page, "reports-list")
    page.get_by_role("tab", name="Methods for X-ray free-electron lasers").click()
    page.get_by_role("heading", name="Methods").wait_for()
    screenshot(page, "methods")
