"""A matplotlib figure that a notebook shows by itself, without pyplot and its backends."""

from __future__ import annotations

import io

from matplotlib.figure import Figure

__all__ = ["Drawing"]


class Drawing(Figure):
    """A figure with the PNG that a notebook shows for the last value of a cell."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()
