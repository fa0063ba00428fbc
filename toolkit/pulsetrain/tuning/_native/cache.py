"""What was worked out already, within a limit of memory."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Any

__all__ = ["Cache"]

_OVERHEAD = 256  # bytes of an entry besides its arrays


class Cache:
    """Values by key, the oldest given up first.

    What was used in the present round (see `begin`) is kept: a sweep over more patterns than there is room for would
    otherwise throw each one out just before it comes round again. What finds no room is simply worked out anew.

    Parameters
    ----------
    limit : int, bytes
    """

    def __init__(self, limit: int) -> None:
        self.limit, self.size = limit, 0
        self._entries: OrderedDict[Hashable, tuple[Any, int, int]] = OrderedDict()
        self._round = 0
        self._lock = Lock()

    def begin(self) -> None:
        """Begin a round: from now on everything is old until it is used."""
        with self._lock:
            self._round += 1

    def get(self, key: Hashable) -> Any:
        """Return the value of a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            self._entries[key] = (entry[0], entry[1], self._round)
            self._entries.move_to_end(key)
            return entry[0]

    def put(self, key: Hashable, value: Any, nbytes: int) -> None:
        """Keep a value, if there is room or something older can go."""
        size = nbytes + _OVERHEAD
        with self._lock:
            if key in self._entries:
                self.size -= self._entries.pop(key)[1]
            while self.size + size > self.limit and self._entries:
                oldest, (_, freed, used) = next(iter(self._entries.items()))
                if used == self._round:
                    return
                del self._entries[oldest]
                self.size -= freed
            if self.size + size <= self.limit:
                self._entries[key] = (value, size, self._round)
                self.size += size
