"""The lines of a CrystFEL stream as they are read: numbered, and refused where they are damaged."""

from __future__ import annotations

import math
from pathlib import Path
from typing import BinaryIO, NoReturn

from pulsetrain.data._errors import DataError

__all__ = ["BEGIN_CHUNK", "END_CHUNK", "FORMAT", "Lines"]

FORMAT = "CrystFEL stream format 2.3"
BEGIN_CHUNK, END_CHUNK = "----- Begin chunk -----", "----- End chunk -----"

_LONGEST_LINE = 2**20


class Lines:
    """Lines of a file with their numbers; damage is refused by name and line."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path, self.number = path, 0
        self._stream = stream
        self._line = ""
        self._again = False

    def next_or_end(self) -> str:
        """Return the next line with its end, or an empty text at the end of the file."""
        if self._again:
            self._again = False
            return self._line
        raw = self._stream.readline(_LONGEST_LINE)
        self.number += bool(raw)
        if len(raw) == _LONGEST_LINE or b"\0" in raw:
            self.refuse("bytes that are no text", "lines of text", "check that it is a stream, and make it again")
        self._line = raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return self._line

    def next(self) -> str:
        line = self.next_or_end()
        if not line:
            self.refuse("the end of the file", f"{END_CHUNK!r} before it", "make the stream again: it is cut off")
        return line.rstrip("\n")

    def push_back(self) -> None:
        self._again = True

    def refuse(self, got: str, allowed: str, next_step: str) -> NoReturn:
        raise DataError(f"{self.path}, line {max(self.number, 1)}", got, allowed, next_step)

    def number_in(self, text: str) -> float:
        """Return the first word of a text as a number."""
        try:
            return float(text.split(None, 1)[0])
        except (ValueError, IndexError):
            self.refuse(f"{text.strip()[:60]!r}", "a number", "make the stream again")

    def count_in(self, text: str) -> int:
        """Return the first word of a text as a whole number."""
        value = self.number_in(text)
        if not value.is_integer() or abs(value) > 2**31:
            self.refuse(f"{text.strip()[:60]!r}", "a whole number", "make the stream again")
        return int(value)

    def numbers_in(self, words: list[str]) -> list[float]:
        try:
            numbers = [float(word) for word in words]
        except ValueError:
            self.refuse(f"{' '.join(words)[:60]!r}", "numbers", "make the stream again")
        if not all(map(math.isfinite, numbers)):
            self.refuse(f"{' '.join(words)[:60]!r}", "finite numbers", "make the stream again")
        return numbers
