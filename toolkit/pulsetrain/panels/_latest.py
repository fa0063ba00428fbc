"""Work that follows a moving slider: only the newest request counts, older ones end at their next step."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Generic, TypeVar

from pulsetrain.panels._loop import Loop
from pulsetrain.progress import Cancelled, Progress

__all__ = ["Latest"]

Request = TypeVar("Request")


class Latest(Generic[Request]):
    """Does the newest of what is asked for, in a thread.

    Parameters
    ----------
    work : callable
        Given a request and a progress callable, in the thread; the latter raises `Cancelled` once a newer request is
        there. It touches no widget but through ``loop.call``.
    failed : callable
        Given an error of the work, on the kernel's own thread.
    loop : Loop
        Of the control.

    Attributes
    ----------
    error : Exception or None
        Of the last request that was worked on.
    """

    def __init__(
        self, work: Callable[[Request, Progress], None], failed: Callable[[Exception], None], loop: Loop
    ) -> None:
        self._work, self._failed, self._loop = work, failed, loop
        self._lock = threading.Condition()
        self._waiting: list[Request] = []
        self._given_up = False
        self._thread: threading.Thread | None = None
        self.error: Exception | None = None

    @property
    def busy(self) -> bool:
        """Whether something is asked for or under way."""
        with self._lock:
            return self._thread is not None

    def ask(self, request: Request) -> None:
        """Ask for something; what was asked before and is not done is given up."""
        with self._lock:
            self._waiting = [request]
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, daemon=True)
                self._thread.start()

    def cancel(self) -> None:
        """Give up what is under way, and ask for nothing."""
        with self._lock:
            self._waiting, self._given_up = [], True

    def idle(self, timeout: float | None = None) -> bool:
        """Wait, in a thread that is not the kernel's own, until all is done; return whether it is."""
        with self._lock:
            return self._lock.wait_for(lambda: self._thread is None, timeout)

    def wait(self, timeout: float = 600.0) -> None:
        """Wait on the kernel's own thread, as a script or a notebook's next cell does.

        Raises
        ------
        TimeoutError
            If it is still at work then.
        """
        end = time.monotonic() + timeout
        while self.busy and time.monotonic() < end:
            self._loop.drain()
            self.idle(0.05)
        self._loop.drain()
        if self.busy:
            raise TimeoutError(f"still at work after {timeout:g} s; wait longer")

    def _run(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._thread = None
                    self._lock.notify_all()
                    return
                request, self._given_up = self._waiting.pop(), False
            try:
                self.error = None
                self._work(request, self._progress)
            except Cancelled:
                continue
            except Exception as error:  # noqa: BLE001 - any failure is shown to the user, in plain words
                self.error = error
                self._loop.call(partial(self._failed, error))

    def _progress(self, _done: int, _total: int, _message: str = "", /, **_values: float) -> None:
        with self._lock:
            if self._waiting or self._given_up:
                raise Cancelled
