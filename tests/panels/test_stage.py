"""Where figures stand: what a browser says late, and of what is no longer there."""

from __future__ import annotations

from bokeh.layouts import column
from bokeh.plotting import figure

from pulsetrain.panels._stage import Stage


def told(stage, model, value):
    """Have the stage told by a browser that the end of an axis has moved."""
    content = {"event": "jsevent", "kind": "ModelChanged", "model": {"id": model.id}, "attr": "end", "new": value}
    stage._bokeh._sync_model(stage._bokeh, content, [])


def test_what_a_browser_says_of_a_replaced_figure_is_passed_over():
    old, new = figure(x_range=(0, 1)), figure(x_range=(0, 1))
    layout = column(old)
    stage = Stage(layout)
    told(stage, old.x_range, 2.0)
    assert old.x_range.end == 2.0
    layout.children = [new]
    told(stage, old.x_range, 3.0)  # on its way while the figure was replaced
    assert old.x_range.end == 2.0
    told(stage, new.x_range, 4.0)
    assert new.x_range.end == 4.0
    stage.close()
