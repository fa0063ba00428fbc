"""How gallery, frame and preview follow map and sliders: the newest request counts, and the page never waits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.figures.clustering import HIT_COLOURS, static_summary
from pulsetrain.panels._clustering_layout import ClusteringLayout
from pulsetrain.panels._clustering_words import frame_caption
from pulsetrain.panels._clustering_work import ClusteringWork, Found, Look, Preview
from pulsetrain.panels._latest import Latest
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture, png
from pulsetrain.progress import Progress

__all__ = ["MOST_TILES", "Follower", "Shown"]

MOST_TILES = 60
_RIM = "#808080"


@dataclass(frozen=True)
class Shown:
    """What the control shows now.

    Attributes
    ----------
    found : Found
    result : xarray.Dataset
        Of the same frames, as changed by hand.
    options : ClusteringOptions
    """

    found: Found
    result: xr.Dataset
    options: ClusteringOptions


class _Rows(NamedTuple):
    """Frames that are asked for, by their rows in the result."""

    rows: NDArray[np.int64]
    shown: Shown


class Follower:
    """Reads and measures, in threads, what is pointed at.

    Parameters
    ----------
    work : ClusteringWork
    form : ClusteringLayout
    loop : Loop
    picture : Picture
        For the saved notebook.
    looked : callable
        Given the row and the frame that is to be shown, on the kernel's own thread.
    failed : callable
        Given an error, on the kernel's own thread.
    """

    def __init__(
        self,
        work: ClusteringWork,
        form: ClusteringLayout,
        loop: Loop,
        picture: Picture,
        *,
        looked: Callable[[int, Look], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._work, self._form, self._loop, self._picture, self._looked = work, form, loop, picture, looked
        self._gallery = Latest(self._show_gallery, failed, loop)
        self._under = Latest(self._show_under, failed, loop)
        self._look = Latest(self._show_look, failed, loop)
        self._preview = Latest(self._show_preview, failed, loop)
        self._static = Latest(self._draw, failed, loop)
        self._all = (self._gallery, self._under, self._look, self._preview, self._static)
        self.rows: NDArray[np.int64] = np.empty(0, dtype=np.int64)

    @property
    def error(self) -> Exception | None:
        """Of what was asked for last, if anything went wrong."""
        return next((each.error for each in self._all if each.error is not None), None)

    def gallery(self, chosen: NDArray[np.bool_], shown: Shown) -> int:
        """Show thumbnails of the chosen frames, or of some of them; return of how many."""
        rows = np.flatnonzero(chosen)
        if len(rows) > MOST_TILES:
            rows = rows[np.linspace(0, len(rows) - 1, MOST_TILES).astype(np.int64)]
        self._gallery.ask(_Rows(rows, shown))
        return len(rows)

    def under(self, row: int, shown: Shown) -> None:
        """Show the thumbnail of the frame under the cursor."""
        self._under.ask(_Rows(np.array([row]), shown))

    def look(self, row: int, shown: Shown) -> None:
        """Show one frame."""
        self._look.ask(_Rows(np.array([row]), shown))

    def preview(self, row: int, shown: Shown) -> None:
        """Show one frame and augmented copies of it."""
        self._preview.ask(_Rows(np.array([row]), shown))

    def draw(self, shown: Shown) -> None:
        """Draw the picture for the saved notebook."""
        self._static.ask(_Rows(np.empty(0, dtype=np.int64), shown))

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for all that was asked for."""
        for each in self._all:
            each.wait(timeout)

    def cancel(self) -> None:
        """Give up what is under way."""
        for each in self._all:
            each.cancel()

    def _tiles(self, wanted: _Rows) -> tuple[NDArray[np.uint8], list[tuple[str, str]], list[str]]:
        found, result = wanted.shown.found, wanted.shown.result
        patterns = found.patterns[wanted.rows]
        some = result.isel(pattern=wanted.rows)
        tiles = self._work.tiles(patterns, wanted.shown.options)
        captions = [frame_caption(some, k, int(pattern)) for k, pattern in enumerate(patterns)]
        return tiles, captions, [HIT_COLOURS.get(str(name), _RIM) for name in some["hit"].to_numpy()]

    def _show_gallery(self, wanted: _Rows, progress: Progress) -> None:
        if not len(wanted.rows):
            tiles, captions, rims = np.zeros((0, 1, 1), dtype=np.uint8), list[tuple[str, str]](), list[str]()
        else:
            tiles, captions, rims = self._tiles(wanted)
        progress(0, 1)

        def show() -> None:
            self.rows = wanted.rows
            self._form.gallery.show(tiles, captions, rims)

        self._loop.call(show)

    def _show_under(self, wanted: _Rows, progress: Progress) -> None:
        parts = self._tiles(wanted)
        progress(0, 1)
        self._loop.call(lambda: self._form.under.show(*parts))

    def _show_look(self, wanted: _Rows, progress: Progress) -> None:
        row = int(wanted.rows[0])
        look = self._work.look(int(wanted.shown.found.patterns[row]), wanted.shown.options)
        progress(0, 1)
        self._loop.call(lambda: self._looked(row, look))

    def _show_preview(self, wanted: _Rows, progress: Progress) -> None:
        shown = wanted.shown
        pattern = int(shown.found.patterns[wanted.rows[0]])
        made = self._work.preview(pattern, shown.options, shown.found.clusterer, shown.options)
        progress(0, 1)
        self._loop.call(lambda: _show_preview(self._form, made, pattern))

    def _draw(self, wanted: _Rows, progress: Progress) -> None:
        picture = png(static_summary(wanted.shown.result, wanted.shown.found.map))
        progress(0, 1)
        kinds = ", ".join(f"{np.sum(wanted.shown.result['hit'] == name):,} {name}" for name in HIT_COLOURS)
        self._loop.call(lambda: self._picture.show(picture, f"Frames sorted: {kinds}"))


def _show_preview(form: ClusteringLayout, made: Preview, pattern: int) -> None:
    words = [f"frame {pattern}"] + [f"copy {k}" for k in range(1, len(made.tiles))]
    if made.cosine is not None:
        words[1:] = [f"cos {value:.3f}" for value in made.cosine[1:]]
    full = [f"{word}, augmented" if k else word for k, word in enumerate(words)]
    rims = [_RIM] * len(words)
    form.preview.show(made.tiles, list(zip(words, full, strict=True)), rims)
    form.cosine.value = (
        "<i>Nothing is learnt yet: after a fit with epochs above 0, the cosine of each copy's latent vector with the "
        "frame's stands here.</i>"
        if made.cosine is None
        else f"Cosine of the latent vectors of frame and copies: {made.cosine[1:].min():.3f} … "
        f"{made.cosine[1:].max():.3f}, mean <b>{made.cosine[1:].mean():.3f}</b>"
    )
