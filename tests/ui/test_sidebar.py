"""What users see of the sidebars, in a real browser."""

from __future__ import annotations

import json
import shutil

import pytest
from playwright.sync_api import expect

from pulsetrain.reports import shipped_folder

REPORTS = "Reports: run notebooks with parameters"
METHODS = "Methods for X-ray free-electron lasers"
WHILE_RUNNING = 60_000  # ms

# The contrast of a text with what lies behind it, as WCAG 2.2 defines it.
CONTRAST = """node => {
  const parse = text => text.match(/[\\d.]+/g).map(Number);
  const luminance = ([r, g, b]) => [r, g, b]
    .map(value => value / 255)
    .map(value => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, place) => sum + value * [0.2126, 0.7152, 0.0722][place], 0);
  const over = (front, back) => {
    const alpha = front[3] ?? 1;
    return [0, 1, 2].map(place => front[place] * alpha + back[place] * (1 - alpha));
  };
  const layers = [];
  for (let at = node; at; at = at.parentElement) layers.unshift(parse(getComputedStyle(at).backgroundColor));
  const back = layers.reduce((under, layer) => over(layer, under), [255, 255, 255]);
  const text = over(parse(getComputedStyle(node).color), back);
  const [high, low] = [luminance(text), luminance(back)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}"""


@pytest.fixture
def reports(page):
    """The sidebar of reports, open."""
    return open_reports(page)


def open_reports(page):
    panel = open_sidebar(page, REPORTS, "Pulsetrain reports")
    panel.get_by_role("button", name="Counting photons").wait_for()
    return panel


def open_methods(page):
    return open_sidebar(page, METHODS, "Pulsetrain methods")


def open_sidebar(page, tab, name):
    panel = page.get_by_role("region", name=name)
    if not panel.is_visible():  # a second click would close it
        page.get_by_role("tab", name=tab).click()
    panel.wait_for()
    return panel


def open_form(panel):
    panel.get_by_role("button", name="Counting photons").click()
    form = panel.get_by_role("form", name="Counting photons")
    form.wait_for()
    return form


def run(form, **values):
    for name, value in values.items():
        form.get_by_label(name, exact=True).fill(str(value))
    form.get_by_role("button", name="Run report").click()


def newest(panel):
    return panel.get_by_role("region", name="Jobs").locator("[data-job]").first


def test_both_sidebars_open_from_their_tabs(page, screenshot):
    panel = open_reports(page)
    assert panel.evaluate("node => node.scrollWidth <= node.clientWidth"), "no scrolling sideways"
    screenshot(page, "reports-list")
    open_methods(page).get_by_role("heading", name="Spectra").wait_for()
    screenshot(page, "methods")


def test_a_report_is_run_from_its_form_watched_and_read(page, reports, lab, screenshot):
    form = open_form(reports)
    expect(form.get_by_label("min_snr")).to_have_value("5")
    expect(form.get_by_label("calibrated").locator("option")).to_have_text(["not set", "yes", "no"])
    sample = 'it\'s "quoted"\nimport os  # {code}'
    form.get_by_label("sample").fill(sample)
    form.get_by_label("detector").select_option("JUNGFRAU")
    form.get_by_label("calibrated").select_option("no")
    form.get_by_label("masked").uncheck()
    screenshot(page, "form")
    run(form, pulses=12, pause=0.1, runs="4, 5")

    job = newest(reports)
    expect(job.get_by_text("running", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    job.get_by_role("button", name="Log").click()
    expect(job.get_by_role("log")).to_contain_text("block 1", timeout=WHILE_RUNNING)
    expect(job.get_by_text("cell 4 of 7")).to_be_visible(timeout=WHILE_RUNNING)
    screenshot(page, "job-running")
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    expect(reports.locator("[aria-live=polite]")).to_have_text("Counting photons: done")

    job.get_by_role("button", name="Report").click()
    frame = page.frame_locator("iframe[title='Report: Counting photons']")
    expect(frame.get_by_text("12 pulses on JUNGFRAU")).to_be_visible()
    assert page.locator("iframe[title^=Report]").get_attribute("sandbox") == "allow-scripts"
    assert frame.locator("body").evaluate("() => self.origin") == "null"
    screenshot(page, "report")

    record = json.loads((lab.jobs / str(job.get_attribute("data-job")) / "job.json").read_text())
    assert record["parameters"] == {
        "pulses": 12,
        "pause": 0.1,
        "sample": sample,
        "detector": "JUNGFRAU",
        "masked": False,
        "calibrated": False,
        "runs": [4, 5],
    }
    job.get_by_role("button", name="Notebook").click()
    expect(page.locator(".jp-NotebookPanel:visible")).to_contain_text("block 4, pulse 12")

    reports.get_by_role("button", name="All templates").click()
    job.get_by_role("button", name="Reuse").click()
    expect(reports.get_by_label("sample")).to_have_value(sample)
    expect(reports.get_by_label("detector")).to_have_value("1")


def test_a_refused_value_is_named_beside_its_field_and_nothing_starts(page, reports, lab, screenshot):
    before = sorted(lab.jobs.glob("*/job.json"))
    form = open_form(reports)
    run(form, pulses=999)
    expect(form.get_by_text("pulses: got 999, allowed 1 … 200")).to_be_visible()
    expect(form.get_by_label("pulses")).to_be_focused()
    expect(form.get_by_role("alert")).to_have_text("Not started. Please check: pulses")
    screenshot(page, "form-refused")
    form.get_by_label("pulses").fill("")
    form.get_by_label("pulses").press_sequentially("1e")
    expect(form.get_by_text("pulses: needs a number")).to_be_visible()
    run(form, pulses=3, runs='["none"]')  # only the server knows that these are no numbers
    expect(form.get_by_text("runs: got")).to_be_visible()
    expect(form.get_by_label("runs")).to_be_focused()
    assert sorted(lab.jobs.glob("*/job.json")) == before


def test_a_job_is_stopped_with_what_it_has_and_resumed_to_its_end(page, reports, screenshot):
    run(open_form(reports), pulses=15, pause=0.1)
    job = newest(reports)
    expect(job.get_by_text("cell 4 of 7")).to_be_visible(timeout=WHILE_RUNNING)
    job.get_by_role("button", name="Stop").click()
    expect(job.get_by_text("stopped", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    screenshot(page, "job-stopped")
    job.get_by_role("button", name="Resume").click()
    expect(job.get_by_text("running", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)


def test_a_report_is_run_by_keyboard_alone(page, lab):
    def tab_to(selector):
        for _ in range(60):
            page.keyboard.press("Tab")
            focused = page.locator("*:focus")
            if focused.and_(page.locator(selector)).count():
                return
        pytest.fail(f"the focus never comes to {selector}")

    before = len(list(lab.jobs.glob("*/job.json")))
    page.keyboard.press("Control+Shift+C")
    page.locator(".lm-CommandPalette-input:focus").wait_for()  # before, keys go elsewhere
    page.keyboard.type("Pulsetrain Reports")
    page.locator(".lm-CommandPalette-item.lm-mod-active", has_text="Reports").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Counting photons").wait_for()
    tab_to("button.pt-Template:has-text('Counting photons')")
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.get_by_role("form", name="Counting photons").wait_for()
    tab_to("[id$=-pulses]")
    page.keyboard.press("Control+A")
    page.keyboard.type("2")
    page.keyboard.press("Enter")
    panel = page.get_by_role("region", name="Pulsetrain reports")
    expect(newest(panel).get_by_title("pulses = 2")).to_be_visible()
    assert len(list(lab.jobs.glob("*/job.json"))) == before + 1
    expect(newest(panel).get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)


@pytest.mark.parametrize("theme", ["JupyterLab Light", "JupyterLab Dark"])
def test_texts_can_be_read_in_either_theme(page, reports, set_theme, theme, screenshot):
    set_theme(theme)
    form = open_form(reports)
    run(form, pulses=999)
    form.get_by_text("pulses: got 999").wait_for()
    screenshot(page, f"theme-{theme.split()[1].lower()}")
    texts = reports.locator("h2, p, label, button, .pt-Field-fault, .pt-Field-help, .pt-Field-unit, .pt-Job *")
    found = texts.evaluate_all(f"texts => texts.map(text => [text.innerText, ({CONTRAST})(text)])")
    weak = {text: round(contrast, 1) for text, contrast in found if text and contrast < 4.5}
    assert len(found) > 20
    assert not weak


def test_a_notebook_of_the_users_own_is_run_from_the_file_browser(page, lab, screenshot):
    source = (lab.root / "templates" / "counting.ipynb").read_text().replace("Counting photons", "My own counting")
    (lab.root / "my notebook #1.ipynb").write_text(source)
    page.locator(".jp-DirListing-content:visible").wait_for()
    page.evaluate("window.jupyterapp.commands.execute('filebrowser:refresh')")
    page.get_by_text("my notebook #1.ipynb").click(button="right")
    page.get_by_role("menuitem", name="Run as report…").click()
    form = page.get_by_role("form", name="My own counting")
    expect(form.get_by_label("pulses")).to_have_value("4")
    screenshot(page, "own-notebook")


def test_a_control_opens_in_a_new_notebook_or_in_the_current_one(page):
    spectra = open_methods(page).get_by_role("group", name="Spectra")
    opening = spectra.get_by_role("button", name="Open control")
    opening.click()
    cells = page.locator(".jp-NotebookPanel:visible .jp-CodeCell .jp-InputArea-editor")
    expect(cells.first).to_contain_text("SpectraPanel(", timeout=WHILE_RUNNING)
    opening.click()
    expect(page.locator(".jp-NotebookPanel")).to_have_count(1)
    expect(cells.filter(has_text="SpectraPanel(")).to_have_count(2, timeout=WHILE_RUNNING)


@pytest.mark.parametrize("front", ["spectra.ipynb", "templates/counting.ipynb"])
def test_a_control_is_not_written_into_a_course_or_a_template(page, lab, open_notebook, front):
    shutil.copy(shipped_folder("course") / "spectra.ipynb", lab.root)
    open_notebook(page, front)
    panel = open_methods(page)
    panel.get_by_role("group", name="Spectra").get_by_role("button", name="Open control").click()
    expect(page.locator(".jp-NotebookPanel")).to_have_count(2)
    cells = page.locator(".jp-NotebookPanel:visible .jp-CodeCell .jp-InputArea-editor")
    expect(cells.first).to_contain_text("SpectraPanel(", timeout=WHILE_RUNNING)
    assert "SpectraPanel(example" not in (lab.root / front).read_text()


def test_jobs_stay_in_sight_while_a_form_is_filled_in(reports, screenshot, page):
    run(open_form(reports), pulses=1)
    job = newest(reports)
    expect(job.get_by_title("pulses = 1")).to_be_visible()  # before, the job of another test is the newest
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    for end in ("pulses", "runs"):
        reports.get_by_label(end, exact=True).scroll_into_view_if_needed()
        expect(reports.get_by_label(end, exact=True)).to_be_in_viewport()
        expect(job.get_by_role("button", name="Report")).to_be_in_viewport(ratio=1)
    screenshot(page, "form-beside-jobs")


def test_a_title_as_long_as_a_paragraph_leaves_the_buttons_in_sight(page, lab, screenshot):
    source = (lab.root / "templates" / "counting.ipynb").read_text()
    (lab.root / "long.ipynb").write_text(source.replace("Counting photons", "Counting " + "very" * 200))
    page.evaluate("window.jupyterapp.commands.execute('pulsetrain:new-report', {template: 'long.ipynb'})")
    panel = page.get_by_role("region", name="Pulsetrain reports")
    run(panel.get_by_role("form"), pulses=1)
    job = newest(panel)
    expect(job.get_by_text("done", exact=True)).to_be_visible(timeout=WHILE_RUNNING)
    expect(job.get_by_role("button", name="Report")).to_be_in_viewport()
    page.wait_for_function(  # its row may be drawn anew at this moment
        """id => {
          const { offsetHeight: height } = document.querySelector(`[data-job="${id}"] .pt-Job-title`) ?? {};
          return height > 0 && height < 100;
        }""",
        arg=job.get_attribute("data-job"),
    )
    screenshot(page, "long-title")


def test_palette_and_launcher_offer_the_methods(page, screenshot):
    page.evaluate("window.jupyterapp.commands.execute('launcher:create')")
    launcher = page.locator(".jp-Launcher:visible")
    for name in ("Spectra", "Methods", "Reports"):
        expect(launcher.locator(".jp-LauncherCard", has_text=name).first).to_be_visible()
    screenshot(page, "launcher")
    page.keyboard.press("Control+Shift+C")
    page.keyboard.type("Spectra:")
    expect(page.locator(".lm-CommandPalette-item", has_text="Spectra: open control")).to_be_visible()
