"""The comparison of a batch: what it shows is what the jobs' folders hold, on a page that opens anywhere."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from pulsetrain.reports import Batch, Job, compare_jobs, comparison_table, plan_batch, write_comparison
from pulsetrain.reports import _comparison_plots as drawing
from pulsetrain.reports._comparison_axes import plan
from pulsetrain.reports._comparison_numbers import Digits, duration
from pulsetrain.reports._comparison_pictures import Picture, first_picture, scaled
from pulsetrain.reports._comparison_rows import compared
from pulsetrain.reports.comparison import comparison_page
from pulsetrain.reports.status import Status

HOSTILE = "\"'></script><script>alert(1)</script><img src=x onerror=alert(2)>&$x"
PARAMETERS = "run = 0\nmin_snr = 5.0  # Least signal-to-noise ratio. [σ] {1 ..}\npath = ''\nsteps = 100"


class Page(HTMLParser):
    """What a browser would make of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._inside = self._cell = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        self._inside = tag
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self._cell = tag
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if tag == self._cell:
            self._cell = ""

    def handle_data(self, data: str) -> None:
        if self._inside in ("script", "style"):
            return
        self.text += data
        if self._cell:
            self.rows[-1][-1] += data

    def row(self, first: str) -> list[str]:
        return next(row for row in self.rows if row and row[0] == first)

    def named(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def png(colour: Any, size: tuple[int, int] = (640, 480)) -> str:
    """Return a picture as a notebook holds it: of one colour, or of an array."""
    image = Image.new("RGB", size, colour) if isinstance(colour, str) else Image.fromarray(colour)
    file = io.BytesIO()
    image.save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


def cell(picture: str = "", *, tags: tuple[str, ...] = (), kind: str = "image/png") -> dict[str, Any]:
    output = {"output_type": "display_data", "metadata": {}, "data": {kind: picture, "text/plain": "figure"}}
    metadata = {"tags": list(tags)}
    return {"cell_type": "code", "metadata": metadata, "source": "draw()", "outputs": [output] * bool(picture)}


def write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content), encoding="utf-8")


def notebook(*cells: dict[str, Any]) -> dict[str, Any]:
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": list(cells)}


@pytest.fixture
def batch(tmp_path):
    """Write a batch whose jobs have ended; of each: its parameters, its metrics (None: it failed), its cells."""

    def make(*jobs: dict[str, Any], varied: list[str] | None = None, name: str = "b", **record: Any) -> Batch:
        folder = tmp_path / name
        folder.mkdir()
        names = [f"{name}.{number:04d}" for number in range(1, len(jobs) + 1)]
        for one, job in zip(names, jobs, strict=True):
            (folder / one).mkdir()
            given, metrics = job.get("parameters", {}), job.get("metrics")
            about = {"id": one, "parameters": given, "defaults": {"run": 0, "min_snr": 5.0, "path": "", "steps": 100}}
            write(folder / one / "job.json", about | {"batch": name} | job.get("record", {}))
            state, message = ("failed", job.get("message", "no peaks")) if metrics is None else ("done", "")
            status = Status(state, message, started=1000.0, finished=1000.0 + job.get("seconds", 12.0), host="node")
            status.write(folder / one / "status.json")
            if metrics is not None:
                write(folder / one / "metrics.json", metrics)
                (folder / one / "report.html").touch()
            write(folder / one / "notebook.ipynb", notebook(*job.get("cells", ())))
        tagged = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": PARAMETERS, "outputs": []}
        write(folder / "template.ipynb", notebook(tagged))
        about = {"id": name, "template": {"title": "Trial", "path": "/trial.ipynb", "sha256": "ab"}, "jobs": names}
        write(folder / "batch.json", about | {"varied": varied or []} | record)
        return Batch(folder)

    return make


def grid(make: Any, runs: range, ratios: list[float], value: Any) -> Batch:
    jobs = [{"parameters": {"run": run, "min_snr": snr}, "metrics": value(run, snr)} for run in runs for snr in ratios]
    return make(*jobs, varied=["run", "min_snr"])


def page_of(found: Batch) -> Page:
    return Page(write_comparison(found).read_text(encoding="utf-8"))


def test_what_differs_is_a_column_and_what_is_common_stands_once_above(batch):
    found = batch(*[{"parameters": {"path": "/data", "min_snr": snr}, "metrics": {"hits": 3}} for snr in (4.0, 5.0)])
    page = page_of(found)
    assert page.row("Job")[:4] == ["Job", "min_snr (σ)", "State", "Duration"]
    assert page.row("path") == ["path", "/data"]
    assert page.row("0002")[:4] == ["0002", "5.000", "done", "12.0 s"]


def test_a_default_beside_a_given_value_is_shown_as_the_value_it_is(batch):
    page = page_of(batch({"parameters": {"steps": 50}, "metrics": {}}, {"parameters": {}, "metrics": {}}))
    assert page.row("0002")[1] == "100"


def test_metrics_are_flat_with_units_what_is_missing_is_a_dash_and_nan_is_nan(batch):
    cell_a = {"value": 78.912, "unit": "Å"}
    page = page_of(
        batch(
            {"parameters": {"run": 1}, "metrics": {"fit": {"a": cell_a, "n": 7}, "rate": "nan", "engine": "xds"}},
            {"parameters": {"run": 2}, "metrics": {"rate": 0.25}},
            {"parameters": {"run": 3}, "metrics": {"rate": "-inf"}},
        )
    )
    assert page.row("Job") == ["Job", "run", "State", "Duration", "fit.a (Å)", "fit.n", "rate", "engine"]
    assert page.row("0001")[4:] == ["78.91", "7", "NaN", "xds"]
    assert page.row("0002")[4:] == ["–", "–", "0.2500", "–"]
    assert page.row("0003")[6] == "−∞"


def test_a_metric_called_like_a_parameter_is_told_apart_from_it(batch):
    found = batch(*[{"parameters": {"run": run}, "metrics": {"run": 10 * run, "state": 1}} for run in (1, 2)])
    table = comparison_table(found)
    assert list(table.columns) == ["run", "state", "seconds", "metrics.run", "metrics.state"]
    assert list(table["metrics.run"]) == [10, 20]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([0.98765, 0.98712], ["0.987650", "0.987120"]),  # three digits of what tells them apart
        ([1000.12, 3.0], ["1000", "3"]),
        ([1.25e-5, 3e-7], ["1.25e-05", "3e-07"]),
        ([12, 3], ["12", "3"]),
        ([float("nan"), 2.0], ["NaN", "2.000"]),
        ([0.0, 0.0], ["0.000", "0.000"]),
        ([True, None], ["True", "None"]),
    ],
)
def test_numbers_have_the_digits_that_tell_a_columns_rows_apart(values, shown):
    digits = Digits(values)
    assert [digits.written(value) for value in values] == shown


@pytest.mark.parametrize(
    ("seconds", "words"), [(3.04, "3.0 s"), (75, "1 min 15 s"), (3600 * 2 + 60 * 5, "2 h 05 min"), (None, "–")]
)
def test_durations_are_said_as_people_say_them(seconds, words):
    assert duration(seconds) == words


def test_the_csv_file_keeps_all_digits_and_reads_back(batch):
    found = grid(batch, range(1, 3), [4.0], lambda run, _: {"rate": 1 / 3 * run, "bad": "nan", HOSTILE: HOSTILE})
    write_comparison(found)
    with (found.folder / "comparison.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["rate"]) for row in rows] == [1 / 3, 2 / 3]
    assert math.isnan(float(rows[0]["bad"]))
    assert rows[0][HOSTILE] == HOSTILE
    assert rows[1]["job"] == "b.0002"


def test_the_table_is_what_pandas_can_work_with(batch):
    found = grid(
        batch, range(1, 3), [4.0, 5.0], lambda run, snr: None if run == 2 and snr == 5 else {"rate": run / snr}
    )
    table = comparison_table(found)
    assert table.index.name == "job"
    assert list(table.index) == [f"b.{number:04d}" for number in range(1, 5)]
    assert table.attrs["units"] == {"seconds": "s", "min_snr": "σ"}
    assert list(table.state) == ["done", "done", "done", "failed"]
    wide = table.pivot_table("rate", index="run", columns="min_snr")
    assert wide.loc[1, 5.0] == 0.2
    assert np.isnan(table.rate.iloc[3])


def test_nothing_that_jobs_hold_becomes_markup(batch):
    job = {"parameters": {HOSTILE: HOSTILE}, "metrics": {HOSTILE: HOSTILE, "n": {"value": 1, "unit": HOSTILE}}}
    bad = {"parameters": {HOSTILE: 2}, "message": HOSTILE}
    about = {"template": {"title": HOSTILE, "path": HOSTILE}, "provenance": {"command": HOSTILE}}
    found = batch(job, bad, {**job, "metrics": {"n": {"value": 2, "unit": HOSTILE}}}, varied=[HOSTILE], **about)
    page = page_of(found)
    assert len(page.named("script")) == 1
    assert all((image["src"] or "").startswith("data:image/png") for image in page.named("img"))
    assert page.text.count(HOSTILE) >= 8
    pair = Page(compare_jobs(*found.jobs()[:2]))
    assert pair.named("script") == pair.named("img") == []


def test_the_page_loads_nothing_and_runs_its_own_script_alone(batch):
    found = grid(batch, range(1, 4), [4.0, 5.0], lambda run, snr: {"rate": run * snr})
    page = page_of(found)
    policy = next(a["content"] or "" for a in page.named("meta") if a.get("http-equiv") == "Content-Security-Policy")
    nonce = re.search(r"script-src 'nonce-([\w-]{16,})'", policy)
    assert nonce is not None
    assert "default-src 'none'" in policy
    assert [script.get("nonce") for script in page.named("script")] == [nonce.group(1)]
    loaded = [a.get(name) for tag, a in page.tags if tag != "a" for name in ("src", "srcset", "href") if a.get(name)]
    assert all((source or "").startswith("data:") for source in loaded)
    assert nonce.group(1) not in comparison_page(found)


def test_links_lead_to_the_reports_that_are_there(batch):
    found = batch({"parameters": {"run": 1}, "metrics": {}}, {"parameters": {"run": 2}}, name="b ü#?")
    links = [link["href"] or "" for link in page_of(found).named("a")]
    assert links == ["b%20%C3%BC%23%3F.0001/report.html"]
    assert Page(comparison_page(found, links=False)).named("a") == []


def test_failed_jobs_say_why_and_are_counted(batch):
    found = grid(batch, range(1, 4), [4.0], lambda run, _: {"rate": run} if run != 2 else None)
    page = page_of(found)
    assert "3 jobs: 2 done, 1 failed" in page.text
    assert page.row("0002")[2] == "failedno peaks"
    assert page.row("b.0002") == ["b.0002", "failed: no peaks"]
    (plot,) = drawing.plots(compared(found))
    assert plot.remark == "1 ended without a finite value (×)"
    assert plot.words == "rate over run, 2 jobs, from 1 to 3"


def test_torn_records_cost_a_row_its_values_and_nobody_else_anything(batch):
    found = batch(*[{"parameters": {"run": run}, "metrics": {"rate": run}} for run in (1, 2, 3)])
    for name in ("job.json", "status.json", "metrics.json", "notebook.ipynb"):
        (found.folder / "b.0002" / name).write_text('{"torn', encoding="utf-8")
    page = page_of(found)
    assert page.row("0002")[2].startswith("dead")
    assert page.row("0003")[-1] == "3"


@pytest.mark.parametrize(
    "text",
    [
        '{"m": ' + "[" * 30 + "]" * 30 + "}",
        '{"m": "\\ud800", "\\udfff": ["\\ud800"]}',
        '{"m": 1.7e308, "n": 5e-324}',
    ],
    ids=["deep", "surrogates", "largest"],
)
def test_metrics_that_no_page_can_show_as_they_are_spoil_no_comparison(batch, text):
    found = grid(batch, range(1, 4), [0.1], lambda run, _: {"m": -1.7e308 / run})
    (found.jobs()[0].folder / "metrics.json").write_text(text, encoding="utf-8")

    assert len(page_of(found).rows) >= 4
    assert write_comparison(found).is_file()
    assert "</html>" in compare_jobs(found.jobs()[0], found.jobs()[1])


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_smaller_than_its_thumbnail_is_shown_too(kind):
    file = io.BytesIO()
    Image.new("RGB", (60, 40), "red").save(file, kind)

    assert scaled(Picture(f"image/{kind.lower()}", file.getvalue(), 1), 100, 100).startswith("data:image/jpeg")


def test_the_thumbnail_is_the_tagged_cells_picture_else_the_first(batch):
    tagged = [cell(png("red")), cell(png("blue"), tags=("thumbnail",))]
    found = batch(
        {"parameters": {"run": 1}, "metrics": {}, "cells": tagged},
        {"parameters": {"run": 2}, "metrics": {}, "cells": [cell(), cell(png("lime")), cell(png("red"))]},
    )
    images = [picture["src"] or "" for picture in page_of(found).named("img")]
    shown = [Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))) for source in images]
    middles = [image.convert("RGB").getpixel((image.width // 2, image.height // 2)) for image in shown]
    assert np.abs(np.array(middles) - [[0, 0, 255], [0, 255, 0]]).max() < 8
    assert all(image.size == (280, 210) for image in shown)


def test_drawings_keep_their_form_where_they_are_short_and_are_left_out_where_not(tmp_path):
    write(tmp_path / "n.ipynb", notebook(cell("<svg xmlns='http://www.w3.org/2000/svg'/>", kind="image/svg+xml")))
    picture = first_picture(tmp_path / "n.ipynb")
    assert picture is not None
    assert scaled(picture, 10, 10).startswith("data:image/svg+xml;base64,")
    assert not scaled(Picture("image/svg+xml", b" " * 100_000, 1), 10, 10)


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\x89PNG\r\n\x1a\n" + b"\0" * 40])
def test_what_is_no_picture_has_no_thumbnail(data):
    assert not scaled(Picture("image/png", data, 1), 10, 10)


@pytest.mark.parametrize(("mode", "colour"), [("RGBA", (0, 0, 0, 0)), ("LA", (0, 0)), ("L", 255), ("I;16", 65535)])
def test_pictures_of_every_kind_lie_on_white_paper(mode, colour):
    file = io.BytesIO()
    Image.new(mode, (40, 30), colour).save(file, "PNG")
    uri = scaled(Picture("image/png", file.getvalue(), 1), 20, 20)
    small = Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2])))
    assert small.size == (20, 15)
    assert small.getpixel((10, 7)) == (255, 255, 255)


def test_a_thousand_jobs_are_compared_within_seconds_on_a_page_below_5_mb(batch):
    jobs = 1000
    found = grid(
        batch, range(200), [3.0, 4.0, 5.0, 6.0, 7.0], lambda run, snr: {f"m{k}": k + run / snr for k in range(8)}
    )
    rng = np.random.default_rng(1)
    fine = rng.integers(0, 255, (240, 320, 3), dtype=np.uint8)  # nothing is harder to make small
    write(found.folder / "seen.ipynb", notebook(cell(png(fine))))
    for job in found.jobs():
        job.notebook.unlink()
        job.notebook.hardlink_to(found.folder / "seen.ipynb")
    began = time.process_time()
    path = write_comparison(found)
    assert time.process_time() - began < 20  # half of it, where nothing else is in the way
    assert path.stat().st_size < 5_000_000
    page = Page(path.read_text(encoding="utf-8"))
    pictures = len(page.named("img")) - 8  # one is of each metric
    assert 300 < pictures <= jobs
    if pictures < jobs:
        assert f"Pictures of the first {pictures} jobs only" in page.text


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ([{"min_snr": snr} for snr in (4, 5, 6)], ("points", "min_snr (σ)", None)),
        ([{"path": f"/gpfs/raw/r00{run}/x"} for run in (10, 11, 21)], ("points", "number in path", None)),
        ([{"run": run, "path": f"r{run}"} for run in (1, 2, 3)], ("points", "run", None)),
        ([{"path": name} for name in ("water", "lysozyme")], ("points", "path", None)),
        ([{"run": run, "min_snr": snr} for run in (1, 2, 3) for snr in (4, 5, 6)], ("map", "run", "min_snr (σ)")),
        ([{"run": run, "min_snr": snr} for run in (1, 2, 3) for snr in (4, 5)], ("lines", "run", "min_snr (σ)")),
        ([{"run": run, "path": name} for run in (1, 2, 3) for name in ("a", "b")], ("lines", "run", "path")),
        ([{"run": k, "min_snr": (7 * k) % 11} for k in range(11)], ("colours", "run", "min_snr (σ)")),
        (
            [{"run": run, "min_snr": snr, "steps": steps} for run in (1, 2, 3) for snr in (4, 5) for steps in (1, 2)],
            ("points", "run", None),
        ),
    ],
)
def test_metrics_are_drawn_over_what_was_varied(batch, parameters, expected):
    found = batch(*[{"parameters": each, "metrics": {"rate": k}} for k, each in enumerate(parameters)])
    how = plan(compared(found))
    assert (how.kind, how.x.label, how.y.label if how.y else None) == expected
    assert len(drawing.plots(compared(found))) == 1


def test_a_map_has_each_value_at_its_place_and_a_cross_where_there_is_none(batch):
    found = grid(
        batch,
        range(1, 4),
        [4.0, 6.0, 7.0],
        lambda run, snr: {"rate": 10 * run + snr} if (run, snr) != (2, 6.0) else None,
    )
    comparison = compared(found)
    how, axes = plan(comparison), Figure().subplots()
    drawing._map(axes, how.x, how.y, drawing._Measure.of(comparison, "rate"))
    shown = axes.images[0].get_array()
    expected = np.array([[14.0, 24, 34], [16, np.nan, 36], [17, 27, 37]])  # min_snr upwards, run to the right
    np.testing.assert_array_equal(shown.filled(np.nan), expected)
    (cross,) = axes.lines
    assert (cross.get_xdata()[0], cross.get_ydata()[0]) == (1, 1)


def test_constant_metrics_and_texts_are_not_drawn(batch):
    found = grid(batch, range(1, 4), [4.0], lambda run, _: {"same": 1.0, "words": "a" * run, "rate": run})
    assert [plot.metric for plot in drawing.plots(compared(found))] == ["rate"]


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


def test_a_real_batch_is_compared_from_its_folders(template, root):
    path = template(
        "from pulsetrain.reports import show_metrics",
        "show_metrics({'square': steps**2, 'share': {'value': 1 / (steps - 2), 'unit': '%'}})",
        parameters="steps = 3  # How many.",
    )
    made = plan_batch(path, grid={"steps": [1, 2, 4]}, root=root).submit()
    made.wait(120)
    table = comparison_table(made)
    assert list(table.steps) == [1, 2, 4]
    assert list(table.state) == ["done", "failed", "done"]
    assert list(table.square.dropna()) == [1, 16]
    page = page_of(made)
    assert page.row("0003")[-2:] == ["16", "0.500"]
    assert "ZeroDivisionError" in page.row("0002")[2]
    assert all((made.folder / (link["href"] or "")).is_file() for link in page.named("a"))
    assert "pulsetrain batch run" in page.text
    assert isinstance(made.jobs()[0], Job)
