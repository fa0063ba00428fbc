"""How pattern and rate follow the sliders of the tuning control: the newest value counts, and the page never waits."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import xarray as xr

from pulsetrain.panels._latest import Latest
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture, png
from pulsetrain.panels._task import plain
from pulsetrain.panels._tuning_display import TuningDisplay
from pulsetrain.panels._tuning_words import rate_html, setting_words
from pulsetrain.panels._tuning_work import TuningWork
from pulsetrain.progress import Progress
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.search import Evaluation

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Follower"]

_COMPILING = "compiling the engine, once: the first rate takes longer …"


class _Wanted(NamedTuple):
    """What is to be shown: options, a pattern, whether the rate is asked for, and whether the pattern is a new one."""

    options: TuningOptions
    pattern: int
    rate: bool
    picture: bool


class Follower:
    """Indexes in a thread what the sliders are set to.

    Parameters
    ----------
    work : TuningWork
    shows : TuningDisplay
    loop : Loop
    rated : callable
        Given options, evaluation and the engine's result, on the kernel's own thread.
    picture : Picture
        For the saved notebook.
    drawing : callable
        Draws it, in the thread.
    """

    def __init__(
        self,
        work: TuningWork,
        shows: TuningDisplay,
        loop: Loop,
        rated: Callable[[TuningOptions, Evaluation, xr.Dataset], None],
        *,
        picture: Picture,
        drawing: Callable[[], Figure],
    ) -> None:
        self._work, self._shows, self._loop, self._rated = work, shows, loop, rated
        self._picture, self._drawing = picture, drawing
        self._latest = Latest(self._follow, self._failed, loop)
        self._pending, self._undrawn = False, ""
        self.idle, self.wait, self.cancel = self._latest.idle, self._latest.wait, self._latest.cancel

    @property
    def error(self) -> Exception | None:
        """Of the last work."""
        return self._latest.error

    def ask(self, options: TuningOptions, shown: Evaluation | None, *, rate: bool, picture: bool) -> None:
        """Let the page follow options; what it followed before is given up.

        Parameters
        ----------
        options : TuningOptions
        shown : Evaluation or None
            Whose rate stands there until the new one is known.
        rate : bool
            The rate is asked for; else only the pattern is.
        picture : bool
            The pattern is a new one.
        """
        if rate:
            note = "indexing …" if self._work.warm else _COMPILING
            self._shows.form.rate.value = rate_html(shown, note=note)
        self._pending = rate or self._pending
        picture = picture or self._shows.image.frame is None
        self._latest.ask(_Wanted(options, self._shows.form.pattern.value, self._pending, picture))

    def _follow(self, wanted: _Wanted, progress: Progress) -> None:
        look = self._work.look(wanted.pattern, wanted.options, progress, picture=wanted.picture)
        self._loop.call(partial(self._shows.look, look))
        if wanted.rate:
            evaluation, result = self._work.rate(wanted.options, progress, self._quick)
            self._loop.call(partial(self._found, wanted.options, evaluation, result))
            self._undrawn = f"Settings tried: {setting_words(evaluation)}"
        if self._undrawn:
            progress(0, 1)  # a pattern that somebody waits for comes before the picture for the saved notebook
            picture, words, self._undrawn = png(self._drawing()), self._undrawn, ""
            self._loop.call(lambda: self._picture.show(picture, words))

    def _quick(self, evaluation: Evaluation) -> None:
        self._loop.call(partial(self._say, rate_html(evaluation, quick=True, note="indexing …")))

    def _found(self, options: TuningOptions, evaluation: Evaluation, result: xr.Dataset) -> None:
        self._pending = False
        self._say(rate_html(evaluation))
        self._rated(options, evaluation, result)

    def _failed(self, error: Exception) -> None:
        self._pending = False
        self._say(rate_html(None, error=plain(error)))

    def _say(self, words: str) -> None:
        self._shows.form.rate.value = words
