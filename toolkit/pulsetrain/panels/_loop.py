"""From a working thread back to the kernel's own: widgets and figures are touched there alone."""

from __future__ import annotations

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable

__all__ = ["Loop"]


class Loop:
    """Runs what threads hand over on the event loop that was running when it was made.

    Without a running loop (a script, a test) it runs at once, one at a time, in the thread that hands it over: then
    no front end is listening either.
    """

    def __init__(self) -> None:
        self._waiting: deque[Callable[[], None]] = deque()
        self._lock = threading.RLock()
        # What is printed or displayed later belongs to the cell that made the control.
        self._context = contextvars.copy_context()
        try:
            self._loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            self._loop = None

    def call(self, action: Callable[[], None]) -> None:
        """Run an action on the loop, soon, in the order of the calls."""
        if self._loop is None:
            with self._lock:
                action()
            return
        self._waiting.append(action)
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self.drain, context=self._context)

    def drain(self) -> None:
        """Run all that waits; for code on the loop's own thread that keeps the loop from turning."""
        while self._waiting:
            self._waiting.popleft()()
