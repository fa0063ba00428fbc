"""The widgets of the panel of reports, and where they stand; what they do is the panel's matter."""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any

import ipywidgets

from pulsetrain.panels._layout import button
from pulsetrain.panels._reports_words import STYLE, frame_html
from pulsetrain.panels._tree import close_tree

__all__ = ["ReportsLayout", "said"]

NEW, JOBS, PAGE = range(3)


class ReportsLayout:
    """Three pages: what is submitted, the jobs, and a report or comparison.

    Parameters
    ----------
    new, jobs, task : ipywidgets.Widget
        The fields of the next job, the list, and the line that says what is being done to jobs.

    Attributes
    ----------
    compare, enter, again, stop, resume : ipywidgets.Button
        What is done to jobs that are ticked.
    where, details : ipywidgets.HTML
        What is listed; what is to be said of the job ticked last.
    widget : ipywidgets.VBox
        All of it.
    """

    def __init__(self, new: ipywidgets.Widget, jobs: ipywidgets.Widget, task: ipywidgets.Widget) -> None:
        self.compare = button("Compare two", "columns", "Two jobs side by side")
        self.enter = button("Show its jobs", "list", "The jobs of this batch")
        self.again = button("Run again with changes", "pencil", "Fill the form with its values")
        self.stop = button("Stop", "stop", "Save what there is, and end")
        self.resume = button("Resume", "repeat", "Run once more what did not finish")
        self.where, self.details = ipywidgets.HTML(), said()
        self._title = ipywidgets.HTML("Tick a job or a batch under Jobs, then Open.")
        self._page = ipywidgets.VBox()
        row = task.children[0]
        opening, cancel = row.children
        row.children = (opening, self.compare, self.enter, self.again, self.stop, self.resume, cancel)
        for each in (opening, cancel):
            each.layout.width = "auto"
        row.layout.flex_flow = "row wrap"
        pages = [
            new,
            ipywidgets.VBox([self.where, jobs, task, self.details]),
            ipywidgets.VBox([self._title, self._page]),
        ]
        self._tabs = ipywidgets.Tab(pages, titles=("New", "Jobs", "Page"))
        style = ipywidgets.HTML(STYLE, layout={"height": "0", "margin": "0"})
        self.widget: Any = ipywidgets.VBox([style, self._tabs])
        self.widget.add_class("pulsetrain-reports")

    def turn_to(self, page: int) -> None:
        """Show one of the three pages."""
        self._tabs.selected_index = page

    def show(self, page: str, name: str | Path, *, themed: bool = False) -> None:
        """Show a page of HTML, as dark as the notebook is if it is `themed`.

        It goes into a widget of its own: a server may hold back a long message that changes a widget, and none that
        opens one.
        """
        old = self._page.children
        frame = ipywidgets.HTML(frame_html(page, str(name), themed=themed), layout={"width": "auto"})
        self._page.children = (frame,)
        for each in old:
            close_tree(each)
        self._title.value = f"<code>{html.escape(str(name))}</code>"
        self.turn_to(PAGE)


def said() -> ipywidgets.HTML:
    """Return the place for what is said of a plan or of jobs.

    As wide as the page by itself: at 100 % its margins would make the page a little wider than there is room for.
    """
    return ipywidgets.HTML(layout={"width": "auto", "overflow": "auto"})
