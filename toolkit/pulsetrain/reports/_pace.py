"""How long the rest of a job will take, as far as its cells let that be seen."""

from __future__ import annotations

import time

__all__ = ["Pace"]


class Pace:
    """Follows the cells of a job.

    A cell that says how far it is counts for itself; the others are taken to last as long as those before them did.
    """

    def __init__(self) -> None:
        self._number = self._cells = 0
        self._began = 0.0
        self._share: float | None = None  # of the present cell, where it tells
        self._silent: list[float] = []  # seconds that cells took which told nothing

    @property
    def words(self) -> str:
        """Which cell is at work."""
        return f"cell {self._number} of {self._cells}"

    def begin(self, number: int, cells: int) -> None:
        """Take note that a cell begins, counted from 1; the one before it is over."""
        now = time.monotonic()
        if self._number and self._share is None:
            self._silent.append(now - self._began)
        self._number, self._cells, self._began, self._share = number, cells, now, None

    def told(self, done: int, total: int) -> None:
        """Take note of how far the cell at work says it is."""
        self._share = done / total if total > 0 else 0.0

    def left(self) -> float | None:
        """Return the seconds that are left; None where nothing can be said yet."""
        if self._share == 0 or (self._share is None and not self._silent):
            return None
        usual = sum(self._silent) / len(self._silent) if self._silent else 0.0
        present = usual
        if self._share is not None:
            present = (time.monotonic() - self._began) * max(1 / self._share - 1, 0.0)
        return present + usual * (self._cells - self._number)
