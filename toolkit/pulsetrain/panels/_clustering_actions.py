"""What the buttons below the clustering control's clusters do."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import ipywidgets
import numpy as np

from pulsetrain.panels._clustering_edit import Edits
from pulsetrain.panels._clustering_layout import ClusteringLayout

__all__ = ["EditButtons"]


class EditButtons:
    """Buttons that name, merge, split and move.

    Parameters
    ----------
    form : ClusteringLayout
    edits : callable
        Returns what is changed, or None while there is nothing.
    changed : callable
        Called with what was done, in words.
    guard : callable
        Runs an action and says what goes wrong.
    """

    def __init__(
        self,
        form: ClusteringLayout,
        edits: Callable[[], Edits | None],
        changed: Callable[[str], None],
        guard: Callable[[Callable[[], None]], None],
    ) -> None:
        self._form, self._edits, self._changed = form, edits, changed
        actions = {
            form.rename: self._rename, form.merge: self._merge, form.split: self._split, form.move: self._move,
            form.call: self._call, form.pick: self._pick, form.undo: self._undo,
        }  # fmt: skip
        for button, action in actions.items():
            button.on_click(lambda _, action=action: guard(partial(self._act, action)))

    def refresh(self) -> None:
        """Offer the clusters that there are."""
        edits = self._edits()
        if edits is None:
            return
        choices = [(f"{edits.names[number]}", number) for number in edits.clusters]
        for field in (self._form.cluster, self._form.into):
            _offer(field, choices)
        self._form.undo.disabled = not edits.last
        self._form.undo.tooltip = f"Take back: {edits.last}" if edits.last else "Take the last change back"

    def _act(self, action: Callable[[Edits], str]) -> None:
        edits = self._edits()
        if edits is None:
            raise ValueError("nothing is sorted yet; wait for the scores, or press Fit")
        if words := action(edits):
            self._changed(words)

    def _rename(self, edits: Edits) -> str:
        before = edits.names[self._chosen(self._form.cluster)]
        edits.rename(self._chosen(self._form.cluster), self._form.name.value)
        return f"{before} is called {self._form.name.value.strip()}."

    def _merge(self, edits: Edits) -> str:
        one, other = self._chosen(self._form.cluster), self._chosen(self._form.into)
        edits.merge(one, other)
        return f"{edits.names[one]} is part of {edits.names[other]}."

    def _split(self, edits: Edits) -> str:
        number = edits.split(self._form.map.chosen, self._form.name.value)
        return f"{edits.names[number]}: a new cluster of {int(self._form.map.chosen.sum()):,} frames."

    def _move(self, edits: Edits) -> str:
        into = self._chosen(self._form.into)
        edits.move(self._form.map.chosen, into)
        return f"{int(self._form.map.chosen.sum()):,} frames moved to {edits.names[into]}."

    def _call(self, edits: Edits) -> str:
        edits.call(self._form.map.chosen, self._form.kind.value)
        return f"{int(self._form.map.chosen.sum()):,} frames called {self._form.kind.value}."

    def _pick(self, edits: Edits) -> str:
        self._form.map.choose(np.asarray(edits.cluster == self._chosen(self._form.cluster)))
        return ""

    def _undo(self, edits: Edits) -> str:
        return f"Taken back: {words}." if (words := edits.undo()) else "Nothing to take back."

    @staticmethod
    def _chosen(field: ipywidgets.Dropdown) -> int:
        if field.value is None:
            raise ValueError("no cluster is chosen; choose one beside")
        return int(field.value)


def _offer(field: ipywidgets.Dropdown, choices: list[tuple[str, int]]) -> None:
    before = field.value
    if list(field.options) != choices:
        field.options = choices
        field.value = before if before in [number for _, number in choices] else (choices[0][1] if choices else None)
