"""How the image follows the slider, and the saved picture the image: the newest counts, and the page never waits."""

from __future__ import annotations

from collections.abc import Callable

from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.figures.boosting import static_summary
from pulsetrain.panels._boosting_outcome import Look, Outcome
from pulsetrain.panels._boosting_work import BoostingWork
from pulsetrain.panels._latest import Latest
from pulsetrain.panels._loop import Loop
from pulsetrain.panels._picture import Picture, png
from pulsetrain.progress import Progress

__all__ = ["Follower"]

_Asked = tuple[int, Outcome | None, BoostingOptions]


class Follower:
    """Boosts, in threads, what is pointed at.

    Parameters
    ----------
    work : BoostingWork
    loop : Loop
    picture : Picture
        For the saved notebook.
    looked : callable
        Given the frame that is to be shown, on the kernel's own thread.
    failed : callable
        Given an error, on the kernel's own thread.
    """

    def __init__(
        self,
        work: BoostingWork,
        loop: Loop,
        picture: Picture,
        *,
        looked: Callable[[Look], None],
        failed: Callable[[Exception], None],
    ) -> None:
        self._work, self._loop, self._picture, self._looked = work, loop, picture, looked
        self._look = Latest(self._show, failed, loop)
        self._static = Latest(self._draw, failed, loop)

    @property
    def error(self) -> Exception | None:
        """Of what was asked for last, if anything went wrong."""
        return self._look.error or self._static.error

    def look(self, pattern: int, outcome: Outcome | None, options: BoostingOptions) -> None:
        """Show a frame."""
        self._look.ask((pattern, outcome, options))

    def draw(self, look: Look, outcome: Outcome, words: str) -> None:
        """Draw the picture for the saved notebook."""
        self._static.ask((look, outcome, words))

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for all that was asked for."""
        for each in (self._look, self._static):
            each.wait(timeout)

    def cancel(self) -> None:
        """Give up what is under way."""
        for each in (self._look, self._static):
            each.cancel()

    def _show(self, asked: _Asked, progress: Progress) -> None:
        found = self._work.look(*asked)
        progress(0, 1)
        self._loop.call(lambda: self._looked(found))

    def _draw(self, asked: tuple[Look, Outcome, str], progress: Progress) -> None:
        look, outcome, words = asked
        booster = outcome.booster
        drawing = static_summary(
            look.before, look.shown, look.std, truth=look.truth, content=booster.options.content,
            calibrated=booster.calibration_ is not None, title=f"Frame {look.pattern}",
        )  # fmt: skip
        picture = png(drawing)
        progress(0, 1)
        self._loop.call(lambda: self._picture.show(picture, words))
