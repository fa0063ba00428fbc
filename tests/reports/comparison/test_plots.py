"""The drawings of metrics over what was varied."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from tests.reports.comparison.jobs import grid

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
