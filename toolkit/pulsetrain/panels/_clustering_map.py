"""A map of many points in the browser, which the kernel hears of only when something is chosen.

jupyter-scatter, measured on a million points: each move of the view sends zoom level and label tiles to the kernel, a
picture takes seconds where WebGL is computed in software, and 2.1 MB of bundle go with each plot. Here the page counts
the points into pixels by itself, in about 0.1 s.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

__all__ = ["PointMap"]

_JS = Path(__file__).parent / "js"


class PointMap(anywidget.AnyWidget):
    """Points in a plane, to be moved about, looked at and chosen by a lasso.

    Parameters
    ----------
    height : int, pixels of the screen

    Attributes
    ----------
    chosen : numpy.ndarray of bool, shape (point,)
        What is selected now.
    on_chosen, on_hover, on_open : callable
        Called without argument when another selection was made; with the point under the resting cursor, or None; with
        a point that was clicked.
    """

    _esm = _JS / "map.js"
    _css = _JS / "map.css"

    places = traitlets.Bytes().tag(sync=True)
    categories = traitlets.Bytes().tag(sync=True)
    palette = traitlets.List(traitlets.Unicode()).tag(sync=True)
    selected = traitlets.Bytes().tag(sync=True)
    axes = traitlets.List(traitlets.Unicode(), ["", ""]).tag(sync=True)
    label = traitlets.Unicode("Map of the frames").tag(sync=True)
    height = traitlets.Int(430).tag(sync=True)

    def __init__(self, height: int = 430) -> None:
        self.chosen: NDArray[np.bool_] = np.zeros(0, dtype=bool)
        self.on_chosen: Callable[[], None] = lambda: None
        self.on_hover: Callable[[int | None], None] = lambda _point: None
        self.on_open: Callable[[int], None] = lambda _point: None
        super().__init__(height=height)
        self.on_msg(self._on_message)

    def show(
        self, places: NDArray[np.floating], axes: tuple[str, str], categories: NDArray[np.uint8], palette: Sequence[str]
    ) -> None:
        """Show other points; a selection stays where their number does.

        Parameters
        ----------
        places : float, shape (point, 2)
            In any unit; NaN: not shown.
        axes : (str, str)
        categories : uint8, shape (point,)
            Positions in the palette.
        palette : sequence of str
            Colours.
        """
        if len(places) != len(self.chosen):
            self.chosen = np.zeros(len(places), dtype=bool)
        with self.hold_sync():
            self.places, self.axes = _spread(places).tobytes(), list(axes)
            self.categories, self.palette = categories.astype(np.uint8).tobytes(), list(palette)
            self.selected = np.packbits(self.chosen).tobytes()

    def choose(self, chosen: NDArray[np.bool_]) -> None:
        """Select points."""
        self.chosen = np.asarray(chosen, dtype=bool)
        # What the page has selected since is not known to the trait: it is sent anew even where it seems the same.
        self.set_trait("selected", b"")
        self.selected = np.packbits(self.chosen).tobytes()
        self.on_chosen()

    def _on_message(self, _widget: Any, content: dict[str, Any], buffers: Sequence[Any]) -> None:
        if content["kind"] == "selection":
            count = len(self.chosen)
            bits = np.frombuffer(buffers[0], dtype=np.uint8) if buffers else np.zeros(-(-count // 8), dtype=np.uint8)
            if len(bits) == -(-count // 8):  # else it is of points that have been replaced in the meantime
                self.chosen = np.unpackbits(bits, count=count).astype(bool)
                self.on_chosen()
        elif content["kind"] == "hover":
            self.on_hover(content["index"])
        elif content["kind"] == "open":
            self.on_open(content["index"])


def _spread(places: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return places from −1 to 1 along both axes."""
    if not len(places):
        return np.zeros((0, 2), dtype=np.float32)
    known = np.where(np.isfinite(places), places, np.nan)
    if not np.isfinite(known).all(axis=1).any():
        return np.full(places.shape, np.nan, dtype=np.float32)
    low, high = np.nanmin(known, axis=0), np.nanmax(known, axis=0)
    half = np.where(high > low, (high - low) / 2, 1.0)
    return np.asarray((known - (high + low) / 2) / half, dtype=np.float32)
