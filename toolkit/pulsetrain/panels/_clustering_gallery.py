"""Thumbnails of frames in the browser."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import numpy as np
import traitlets
from numpy.typing import NDArray

__all__ = ["Gallery"]

_JS = Path(__file__).parent / "js"


class Gallery(anywidget.AnyWidget):
    """Small pictures in rows, each a button.

    Parameters
    ----------
    label : str
        What they are, for those who do not see them.
    width : int, pixels of the screen
        Of each.

    Attributes
    ----------
    on_open : callable
        Given the position of a picture that was chosen.
    """

    _esm = _JS / "gallery.js"
    _css = _JS / "gallery.css"

    tiles = traitlets.Bytes().tag(sync=True)
    side = traitlets.Int(1).tag(sync=True)
    captions = traitlets.List(traitlets.List(traitlets.Unicode())).tag(sync=True)
    rims = traitlets.List(traitlets.Unicode()).tag(sync=True)
    palette = traitlets.Bytes().tag(sync=True)
    label = traitlets.Unicode().tag(sync=True)
    width = traitlets.Int(96).tag(sync=True)
    version = traitlets.Int().tag(sync=True)

    def __init__(self, label: str, width: int = 96) -> None:
        self.on_open: Callable[[int], None] = lambda _position: None
        super().__init__(label=label, width=width, palette=_viridis())
        self.on_msg(self._on_message)

    def show(self, tiles: NDArray[np.uint8], captions: Sequence[tuple[str, str]], rims: Sequence[str]) -> None:
        """Show other pictures.

        Parameters
        ----------
        tiles : uint8, shape (n, side, side)
            As of `pulsetrain.figures.clustering.thumbnails`.
        captions : sequence of (str, str)
            Below each, and in full.
        rims : sequence of str
            A colour of each.
        """
        with self.hold_sync():
            self.tiles, self.side = np.ascontiguousarray(tiles).tobytes(), max(int(tiles.shape[-1]), 1)
            self.captions, self.rims = [list(each) for each in captions], list(rims)
            self.version += 1

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content["kind"] == "open":
            self.on_open(int(content["position"]))


@cache
def _viridis() -> bytes:
    import matplotlib as mpl

    colours = mpl.colormaps["viridis"](np.linspace(0, 1, 255))[:, :3]
    return (255 * colours).round().astype(np.uint8).tobytes()
