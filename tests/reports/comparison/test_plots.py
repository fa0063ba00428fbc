"""The drawings of metrics over what was varied."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.reports.comparison.jobs import grid, page_of

from pulsetrain.reports import _comparison_plots as drawing
from pulsetrain.reports._comparison_axes import plan
from pulsetrain.reports._comparison_rows import compared


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
            ("lines", "run", "min_snr (σ)"),
        ),
        (
            [{"path": path, "words": one, "mode": two} for path in "ab" for one in "cd" for two in "ef"],
            ("lines", "job", "path"),
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


def test_of_three_that_vary_the_second_has_its_colours_and_the_third_is_told(batch):
    given = [{"run": run, "min_snr": snr, "steps": steps} for run in (1, 2, 3) for snr in (4, 5) for steps in (1, 2)]
    comparison = compared(batch(*[{"parameters": each, "metrics": {"rate": each["min_snr"]}} for each in given]))
    how, axes = plan(comparison), Figure().subplots()
    drawing._lines(axes, how, drawing._Measure.of(comparison, "rate"))
    shown = {line.get_label(): set(line.get_ydata()) for line in axes.lines if line.get_label().startswith("min_snr")}
    assert shown == {"min_snr = 4": {4.0}, "min_snr = 5": {5.0}}
    assert {line.get_linestyle() for line in axes.lines} == {"None"}, "nothing orders the jobs of one colour"
    (plot,) = drawing.plots(comparison)
    assert plot.remarks == ("1 more parameter varies",)


def test_what_all_pictures_have_in_common_is_said_once(batch):
    jobs = [{"parameters": {"run": run}, "metrics": {"a": run, "b": -run} if run > 1 else None} for run in range(4)]
    jobs[3]["metrics"]["c"] = 1
    jobs[2]["metrics"]["c"] = 2
    jobs[1]["metrics"] = {"c": 3}
    page = page_of(batch(*jobs))
    assert page.text.count("2 ended without a finite value (×)") == 2  # c has one more
    assert page.text.count("1 ended without a finite value (×)") == 1
    same = page_of(grid(batch, range(3), [4.0], lambda run, _: {"a": run, "b": -run} if run else None, name="same"))
    assert same.text.count("1 ended without a finite value (×)") == 1


def test_names_that_the_font_lacks_are_numbered_and_no_warning_comes(batch):
    jobs = [
        {"parameters": {"path": name, "run": run}, "metrics": {"速さ": run}}
        for name in ("試料甲", "試料乙")
        for run in (1, 2)
    ]
    found = batch(*jobs)
    (plot,) = drawing.plots(compared(found))  # warnings are errors here
    assert plot.remarks == ("path: #1 甲, #2 乙",)
    assert "path: #1 甲, #2 乙" in page_of(found).text


def test_constant_metrics_and_texts_are_not_drawn(batch):
    found = grid(batch, range(1, 4), [4.0], lambda run, _: {"same": 1.0, "words": "a" * run, "rate": run})
    assert [plot.metric for plot in drawing.plots(compared(found))] == ["rate"]
