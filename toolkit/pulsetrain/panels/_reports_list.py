"""The list of jobs and batches, a page at a time: thousands of jobs are never thousands of widgets."""

from __future__ import annotations

import datetime as dt
import html
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets

from pulsetrain.panels._layout import button
from pulsetrain.panels._reports_watch import Entry
from pulsetrain.reports import Batch
from pulsetrain.reports._comparison_numbers import duration, written

__all__ = ["EntryList", "cells_of", "table_html"]

_ROWS = 10  # of a page
_STATES = ("every state", "queued", "running", "stopping", "done", "failed", "stopped", "dead")
_ORDERS = ("as usual", "reversed", "by state", "by name")
_COLUMNS = ("state", "progress", "time", "when", "what")


class EntryList:
    """Search, filter and order above, the rows of one page with a box to tick each, and the way to other pages below.

    Parameters
    ----------
    changed : callable
        Called without arguments when other rows are ticked.

    Attributes
    ----------
    widget : ipywidgets.VBox
    entries : list of Entry
        All, whatever the filter shows.
    chosen : list of Entry
        Those ticked, in the order of their ticking; on other pages too.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self.entries: list[Entry] = []
        self._ticked: list[str] = []
        self._page, self._writing = 0, False
        self.search = ipywidgets.Text(
            description="Filter", placeholder="words of titles, values or messages", continuous_update=False
        )
        self.state = ipywidgets.Dropdown(options=_STATES, description="State")
        self.order = ipywidgets.Dropdown(
            options=_ORDERS, description="Order", tooltip="As usual: the newest first, the jobs of a batch as planned"
        )
        self.back = button("Before", "chevron-left", "Page before")
        self.on = button("Next", "chevron-right", "Next page")
        self.count = ipywidgets.HTML()
        self._boxes = [ipywidgets.Checkbox(indent=False, layout={"width": "190px"}) for _ in range(_ROWS)]
        self._texts = [ipywidgets.HTML(layout={"flex": "1 1 auto", "width": "0"}) for _ in range(_ROWS)]
        self._rows = [
            ipywidgets.HBox([box, text], layout={"display": "none"})
            for box, text in zip(self._boxes, self._texts, strict=True)
        ]
        for row in self._rows:
            row.add_class("pt-row")
        for box in self._boxes:
            box.observe(self._on_tick, "value")
        for control in (self.search, self.state, self.order):
            control.observe(lambda _: self._turn_to(0), "value")
        self.back.on_click(lambda _: self._turn_to(self._page - 1))
        self.on.on_click(lambda _: self._turn_to(self._page + 1))
        tools = ipywidgets.HBox([self.search, self.state, self.order], layout={"flex_flow": "row wrap"})
        pages = ipywidgets.HBox([self.back, self.on, self.count], layout={"align_items": "center"})
        self.widget = ipywidgets.VBox([tools, *self._rows, pages])

    @property
    def chosen(self) -> list[Entry]:
        """Entries that are ticked."""
        by_id = {entry.id: entry for entry in self.entries}
        return [by_id[name] for name in self._ticked if name in by_id]

    @property
    def shown(self) -> list[Entry]:
        """Entries that pass the filter, in their order."""
        words = self.search.value.lower().split()
        state = None if self.state.value == _STATES[0] else self.state.value
        found = [
            entry
            for entry in self.entries
            if (state is None or state == entry.state or state in entry.counts) and (not words or _has(entry, words))
        ]
        match self.order.value:
            case "reversed":
                return found[::-1]
            case "by state":
                return sorted(found, key=lambda entry: _STATES.index(entry.state))
            case "by name":
                return sorted(found, key=lambda entry: (entry.title, entry.id))
        return found

    def update(self, entries: Sequence[Entry]) -> None:
        """Show other entries, keeping page and ticks."""
        self.entries = list(entries)
        self._draw()

    def choose(self, *names: str) -> None:
        """Tick these entries and no others."""
        self._ticked = list(names)
        self._draw()
        self._changed()

    def _turn_to(self, page: int) -> None:
        self._page = page
        self._draw()

    def _draw(self) -> None:
        shown = self.shown
        last = max(0, (len(shown) - 1) // _ROWS)
        self._page = min(max(self._page, 0), last)
        part = shown[self._page * _ROWS : (self._page + 1) * _ROWS]
        self._writing = True
        try:
            for number, (row, box, text) in enumerate(zip(self._rows, self._boxes, self._texts, strict=True)):
                if number < len(part):
                    _fill(box, text, part[number], ticked=part[number].id in self._ticked)
                row.layout.display = "flex" if number < len(part) else "none"
        finally:
            self._writing = False
        self._part = part
        self.back.disabled, self.on.disabled = self._page == 0, self._page == last
        first = self._page * _ROWS
        words = f"{first + 1}–{first + len(part)} of {len(shown)}" if part else "Nothing here."
        hidden = len(self.entries) - len(shown)
        _set(self.count, f'<span role="status">{words}{f", {hidden} filtered out" if hidden else ""}</span>')

    def _on_tick(self, change: dict[str, Any]) -> None:
        if self._writing:
            return
        entry = self._part[self._boxes.index(change["owner"])]
        self._ticked = [name for name in self._ticked if name != entry.id] + [entry.id] * bool(change["new"])
        self._changed()


def cells_of(entry: Entry) -> dict[str, str]:
    """Return what a row says, by column, as text."""
    if not entry.ended:
        time = "" if entry.eta is None else f"{duration(entry.eta)} left"
    else:
        time = "" if entry.started is None or entry.finished is None else duration(entry.finished - entry.started)
    when = "" if entry.submitted is None else f"{dt.datetime.fromtimestamp(entry.submitted).astimezone():%d %b %H:%M}"
    values = ", ".join(f"{name} = {written(value)}" for name, value in entry.values.items())
    message = entry.message if entry.state != "done" or entry.counts else ""
    return {
        "state": entry.state,
        "progress": f"{entry.done}/{entry.total}" if entry.total else "",
        "time": time,
        "when": when,
        "what": " · ".join(filter(None, (entry.over, values, message))),
    }


def table_html(entries: Sequence[Entry], most: int = 50) -> str:
    """Return a plain table of the newest entries, for a notebook that is opened without a kernel."""
    head = "".join(f"<th>{name}</th>" for name in ("name", *_COLUMNS))
    rows = "".join(
        f"<tr><td>{html.escape(_name(entry))}</td>"
        + "".join(f"<td>{html.escape(text)}</td>" for text in cells_of(entry).values())
        + "</tr>"
        for entry in entries[:most]
    )
    more = f"<p>The newest {most} of {len(entries)}.</p>" if len(entries) > most else ""
    return f'<table class="pulsetrain-saved"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>{more}'


def _fill(box: Any, text: Any, entry: Entry, *, ticked: bool) -> None:
    cells = {name: html.escape(value) for name, value in cells_of(entry).items()}
    done = entry.done if entry.counts or entry.ended else max(0, entry.done - 1)  # a cell that has begun is not done
    bar = (
        f'<progress max="{entry.total}" value="{done}" aria-label="progress"></progress> {cells["progress"]}'
        if entry.total
        else ""
    )
    parts = {**cells, "progress": bar, "state": f'<b class="pt-{entry.state}">{cells["state"]}</b>'}
    _set(text, f'<div class="pt-cells">{"".join(f"<span>{parts[name]}</span>" for name in _COLUMNS)}</div>')
    box.description, box.tooltip, box.value = _name(entry), entry.id, ticked


def _name(entry: Entry) -> str:
    if isinstance(entry.item, Batch):
        return f"Batch: {entry.title}"
    number = entry.id.rpartition(".")[2] if entry.item.batch is not None else ""
    return f"{number} {entry.title}".strip()


def _has(entry: Entry, words: Sequence[str]) -> bool:
    text = " ".join((entry.id, _name(entry), *cells_of(entry).values())).lower()
    return all(word in text for word in words)


def _set(widget: Any, value: str) -> None:
    if widget.value != value:
        widget.value = value
