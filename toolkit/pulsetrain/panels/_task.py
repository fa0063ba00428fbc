"""Heavy work of a control: in a thread, with progress, cancel, and errors in plain words."""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets

from pulsetrain.panels._loop import Loop
from pulsetrain.progress import Cancelled, Progress

__all__ = ["Task", "Told", "part", "plain"]

_EVERY = 0.15  # seconds between two updates of the page: more often costs the browser and shows the eye nothing

Told = list[dict[str, float]]


class Task:
    """One piece of work at a time, started by a button, with progress bar and cancel button.

    Parameters
    ----------
    label : str
        On the button.
    start : callable
        Called on the button; it prepares the work and calls `run`.
    loop : Loop
        Of the control.

    Attributes
    ----------
    widget : ipywidgets.VBox
        Buttons, progress bar and the line that says how things are.
    error : BaseException or None
        Of the last run, with its traceback.
    """

    def __init__(self, label: str, start: Callable[[], None], loop: Loop) -> None:
        self._loop = loop
        self._thread: threading.Thread | None = None
        self._running = False
        self.error: BaseException | None = None
        self._text = ""
        self._cancel = threading.Event()
        self.button = ipywidgets.Button(description=label, button_style="primary", icon="play")
        self.stop = ipywidgets.Button(description="Cancel", icon="stop", disabled=True)
        self._bar = ipywidgets.FloatProgress(min=0, max=1, layout={"width": "auto", "visibility": "hidden"})
        self._line = ipywidgets.HTML()
        self.widget = ipywidgets.VBox([ipywidgets.HBox([self.button, self.stop]), self._bar, self._line])
        self.button.on_click(lambda _: self.guard(start))
        self.stop.on_click(lambda _: self.cancel())

    @property
    def running(self) -> bool:
        """Whether work is under way; from before the buttons change at its start, until before they do at its end.

        That is not whether its thread lives, which may be busy still with having its own end shown.
        """
        return self._running

    @property
    def text(self) -> str:
        """What the line says, without markup."""
        return self._text

    def run(
        self,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        live: Callable[[Told], None] | None = None,
        cancelled: Callable[[], None] | None = None,
    ) -> None:
        """Start work in a thread; a second start while it runs is ignored.

        Parameters
        ----------
        work : callable
            Given a progress callable, returns the outcome; runs in the thread and touches no widget.
        done : callable
            Given the outcome, on the kernel's own thread; not called when cancelled or failed.
        live : callable, optional
            Given the values reported since the last call, several times a second.
        cancelled : callable, optional
            Called in place of `done` after a cancel, on the kernel's own thread, to say what there is all the same.
        """
        if self.running:
            return
        self._running = True
        self._cancel.clear()
        self.error = None
        self._show(busy=True)
        self.say("Starting …")
        reporter = _Reporter(self._cancel, lambda *state: self._loop.call(lambda: self._progress(live, *state)))
        self._thread = threading.Thread(target=self._work, args=(work, done, cancelled, reporter), daemon=True)
        self._thread.start()

    def cancel(self) -> None:
        """Ask the work to end at its next step."""
        if self.running:
            self._cancel.set()
            self.say("Cancelling …")

    def wait(self, timeout: float = 600.0) -> None:
        """Wait for the work, as a script or a notebook's next cell does.

        Raises
        ------
        TimeoutError
            If it is still running then.
        """
        end = time.monotonic() + timeout
        thread = self._thread
        while (self.running or (thread is not None and thread.is_alive())) and time.monotonic() < end:
            self._loop.drain()
            if thread is not None:
                thread.join(0.05)
        self._loop.drain()
        if self.running:
            raise TimeoutError(f"still running after {timeout:g} s; wait longer or cancel")

    def say(self, text: str, kind: str = "") -> None:
        """Set the line, ``kind`` being ``"error"``, ``"success"`` or nothing; screen readers are told."""
        self._text = text
        colour = {"error": "var(--jp-error-color1, #b71c1c)", "success": "var(--jp-success-color0, #1b5e20)"}.get(kind)
        style = f' style="color: {colour}"' if colour else ""
        role = "alert" if kind == "error" else "status"
        lines = html.escape(text).replace("\n", "<br>")
        self._line.value = f'<div role="{role}" class="pulsetrain-line"{style}>{lines}</div>'

    def guard(self, action: Callable[[], None]) -> None:
        """Run an action of the control's; what goes wrong is said on the line."""
        try:
            action()
        except Exception as error:  # noqa: BLE001 - a traceback in a callback is shown to nobody; it is kept in `error`
            self.error = error
            self.say(plain(error), "error")

    def _work(
        self,
        work: Callable[[Progress], Any],
        done: Callable[[Any], None],
        cancelled: Callable[[], None] | None,
        reporter: _Reporter,
    ) -> None:
        try:
            outcome = work(reporter)
        except Cancelled:

            def give_up() -> None:
                self._end("Cancelled.")
                if cancelled is not None:
                    self.guard(cancelled)

            self._loop.call(give_up)
        except Exception as error:  # noqa: BLE001 - any failure of the work is shown to the user, in plain words
            self.error, words = error, plain(error)
            self._loop.call(lambda: self._end(words, "error"))
        else:
            reporter.flush()

            def finish() -> None:
                self._end("")
                self.guard(lambda: done(outcome))

            self._loop.call(finish)

    def _progress(self, live: Callable[[Told], None] | None, share: float, message: str, told: Told) -> None:
        self._bar.value = share
        if not self._cancel.is_set():
            self.say(f"{message}: {share:.0%}" if message else f"{share:.0%}")
        if live is not None and told:
            self.guard(lambda: live(told))

    def _end(self, text: str, kind: str = "") -> None:
        self._running = False
        self._show(busy=False)
        self.say(text, kind)

    def _show(self, *, busy: bool) -> None:
        self.button.disabled, self.stop.disabled = busy, not busy
        self._bar.value = 0.0
        self._bar.layout.visibility = "visible" if busy else "hidden"


def part(progress: Progress, start: float, end: float) -> Progress:
    """Return a progress callable for a piece of work that is a part, from one share to another, of the whole."""

    def told(done: int, total: int, message: str = "", /, **values: float) -> None:
        share = start + (end - start) * done / max(total, 1)
        progress(round(1000 * share), 1000, message, **values)

    return told


class _Reporter:
    """The progress callable that work is given; batches what it is told."""

    def __init__(self, cancel: threading.Event, show: Callable[[float, str, Told], None]) -> None:
        self._cancel, self._show = cancel, show
        self._told: Told = []
        self._last, self._state = 0.0, (0.0, "")

    def __call__(self, done: int, total: int, message: str = "", /, **values: float) -> None:
        if self._cancel.is_set():
            raise Cancelled
        self._state = (done / max(total, 1), message)
        if values:
            self._told.append(values)
        if time.monotonic() - self._last > _EVERY:
            self.flush()

    def flush(self) -> None:
        """Show what has come in since the last time."""
        self._last = time.monotonic()
        told, self._told = self._told, []
        self._show(*self._state, told)


def plain(error: BaseException) -> str:
    text = str(error).strip()
    return text if isinstance(error, (ValueError, OSError)) and text else f"{type(error).__name__}: {text}"
