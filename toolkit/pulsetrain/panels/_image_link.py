"""Hands frames and markers to the browser, never faster than it draws them."""

from __future__ import annotations

import time
from collections.abc import Callable

from pulsetrain.panels._image_overlays import Overlay
from pulsetrain.panels._image_planes import Packed

__all__ = ["Link"]

_PATIENCE = 1.0  # s; a page that has been closed never says that it has drawn


class Link:
    """What a browser that asks is given, and what one that has asked is told of changes.

    Nothing is sent before somebody asks: a kernel that makes a report has no browser, and its notebook would keep
    every frame. Of frames that come faster than they are drawn, only the last is sent.

    Parameters
    ----------
    send : callable
        Of a widget: content and buffers of a message.
    """

    def __init__(self, send: Callable[..., None]) -> None:
        self._send = send
        self._packed: Packed | None = None
        self._overlays: dict[str, Overlay] = {}
        self._version = 0
        self._asked = False
        self._sent: tuple[int, float] | None = None  # version on its way, and since when
        self._frame_waits = False
        self._overlays_wait: dict[str, None] = {}  # a set that keeps its order

    def frame(self, packed: Packed | None) -> None:
        """Show another frame."""
        self._packed, self._frame_waits = packed, True
        self._version += 1
        self._flush()

    def overlay(self, name: str, overlay: Overlay | None) -> None:
        """Show, change or take away markers."""
        if overlay is None:
            self._overlays.pop(name, None)
        else:
            self._overlays[name] = overlay
        self._overlays_wait[name] = None
        self._flush()

    def hello(self) -> None:
        """Tell a browser that has just opened everything."""
        self._asked, self._sent, self._frame_waits = True, None, True
        self._overlays_wait |= dict.fromkeys(self._overlays)
        self._flush()

    def drawn(self, version: int) -> None:
        """Take note that a frame is on the screen."""
        if self._sent is not None and version >= self._sent[0]:
            self._sent = None
            self._flush()

    @property
    def on_screen(self) -> bool:
        """Whether the browser has drawn all that it was given."""
        return self._asked and self._sent is None and not self._frame_waits

    def _flush(self) -> None:
        if not self._asked:
            return
        if self._frame_waits:
            if self._sent is not None and time.monotonic() - self._sent[1] < _PATIENCE:
                return  # the markers wait with their frame
            self._send_frame()
        for name in self._overlays_wait:
            if name in self._overlays:
                self._send(*self._overlays[name].message())
            else:
                self._send({"kind": "no overlay", "name": name})
        self._overlays_wait = {}

    def _send_frame(self) -> None:
        self._frame_waits = False
        if self._packed is None:
            self._send({"kind": "no frame", "version": self._version})
        else:
            self._sent = self._version, time.monotonic()
            for message in self._packed.messages(self._version):
                self._send(*message)
