"""The list of jobs in an output of its own: what a notebook shows that is opened without a kernel."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from IPython.display import display

from pulsetrain.panels._picture import Picture
from pulsetrain.panels._reports_list import cells_of, table_html
from pulsetrain.panels._reports_watch import Entry

if TYPE_CHECKING:
    import ipywidgets

__all__ = ["SavedTable"]

_EVERY = 10.0  # s; each change makes the notebook one that is to be saved


class SavedTable(Picture):
    """Keeps the table of the newest jobs below the control."""

    def __init__(self) -> None:
        super().__init__()
        self._kept, self._last = "", float("-inf")

    def display_below(self, control: ipywidgets.DOMWidget) -> None:
        """Display a control and take the place right below it, which the control's style hides while it lives."""
        display(control)
        self.display()

    def display(self) -> None:
        """Take a place in the output of the present cell; the theme's colours suit a table."""
        handle = display(self._data, raw=True, display_id=True)
        if handle is not None:
            self._places.append(handle)

    def keep(self, entries: Sequence[Entry]) -> None:
        """Take other entries; those at work are kept up to date now and then only."""
        ended = all(entry.ended for entry in entries)
        if not ended and time.monotonic() - self._last < _EVERY:
            return
        table = table_html(entries)
        if table == self._kept:
            return
        self._kept, self._last = table, time.monotonic()
        lines = [" ".join((entry.title, *cells_of(entry).values())) for entry in entries[:10]]
        self._data = {"text/html": table, "text/plain": "\n".join(lines)}
        for place in self._places:
            place.update(self._data, raw=True)
