"""Work that rests for a while and goes on."""

from __future__ import annotations

import threading
import time

import ipywidgets

from pulsetrain.progress import Progress

__all__ = ["Pause"]


class Pause:
    """Lets work in a thread rest, at its next step, until it may go on.

    Parameters
    ----------
    button : ipywidgets.Button
        That says what a press would do.
    """

    def __init__(self, button: ipywidgets.Button) -> None:
        self._button, self._resting = button, threading.Event()

    def turn(self) -> None:
        """Rest, or go on."""
        if self._resting.is_set():
            self.end()
        else:
            self._resting.set()
            self._button.description, self._button.icon = "Go on", "play"

    def end(self) -> None:
        """Go on, if it rests."""
        self._resting.clear()
        self._button.description, self._button.icon = "Pause", "pause"

    def of(self, progress: Progress) -> Progress:
        """Return a progress that does not return while the work is to rest, but where it is cancelled."""

        def told(done: int, total: int, message: str = "", /, **values: float) -> None:
            progress(done, total, message, **values)
            while self._resting.is_set():
                time.sleep(0.05)
                progress(done, total, "Paused")

        return told
