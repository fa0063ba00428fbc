"""Columns of numbers out of a text file, whatever stands above, between or below them."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pulsetrain.data._errors import DataError

__all__ = ["Table", "read_table"]

Floats = NDArray[np.float64]

_COMMENT = ("#", "!", "%", "//", ";", "'", "@")
_ALLOWED = "two or more columns of numbers"


@dataclass(frozen=True)
class Table:
    """One text file.

    Attributes
    ----------
    header : str
        All lines above the numbers.
    titles : list of str
        Titles of the columns, empty where there are none.
    values : (rows, columns) float64
    """

    header: str
    titles: list[str]
    values: Floats


@dataclass(frozen=True)
class _Block:
    first: int  # line index of the first row
    end: int  # line index after the last row
    values: Floats


def read_table(path: Path) -> Table:
    """Read the columns of numbers of a text file; the header is found by itself.

    Headers of azimuthal integration and PDF programs hold small tables of numbers of their own: the longest run of
    rows with equally many columns is taken. Values are read exactly (correctly rounded).

    Raises
    ------
    DataError
        For a file that is empty, binary, has no such columns, is cut off in a row, or has text amid its numbers.
    """
    text = _text(path)
    lines = text.splitlines()
    blocks = _blocks(lines)
    if not blocks:
        raise DataError(path, _instead(lines), _ALLOWED, "check that this is a file of spectra with decimal points")
    block = max(blocks, key=lambda block: len(block.values))
    _refuse_gap(path, lines, blocks, block)
    _refuse_cut(path, block)
    titles = _titles(lines, block)
    values = block.values
    if titles and titles[0] in ("", "Unnamed: 0") and values.shape[1] > 2:
        # The row number that pandas writes as a first column without a title.
        titles, values = titles[1:], values[:, 1:]
    return Table("\n".join(lines[: block.first]), titles, values)


def _text(path: Path) -> str:
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", _ALLOWED, "check the path") from None
    if not raw.strip():
        raise DataError(path, "an empty file", _ALLOWED, "leave the file out or write it again")
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise DataError(path, "text in UTF-16", f"{_ALLOWED} in UTF-8", "save the file as UTF-8")
    if b"\0" in raw:
        raise DataError(path, "a binary file", _ALLOWED, "convert it to text, or open HDF5 by its own ending")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def _blocks(lines: list[str]) -> list[_Block]:
    """Find the runs of rows with equally many numbers; blank lines and comments do not end a run."""
    blocks = []
    start = 0
    while (first := _next_row(lines, start)) is not None:
        # Nearly always everything below the header is numbers, and NumPy's own reader takes it whole.
        end, values = len(lines), _parsed(lines[first:], _delimiter(lines[first]))
        if values is None:
            end, values = _run(lines, first)
        blocks.append(_Block(first, end, values))
        start = end
    return blocks


def _run(lines: list[str], first: int) -> tuple[int, Floats]:
    delimiter = _delimiter(lines[first])
    rows: list[list[float]] = []
    end = first
    for number in range(first, len(lines)):
        line = _without_comment(lines[number])
        if not line:
            continue
        row = _numbers(line, delimiter)
        if row is None or (rows and len(row) != len(rows[0])):
            break
        rows.append(row)
        end = number + 1
    return end, np.array(rows, dtype=np.float64)


def _next_row(lines: list[str], start: int) -> int | None:
    for number in range(start, len(lines)):
        line = _without_comment(lines[number])
        if line and len(_numbers(line, _delimiter(line)) or ()) > 1:
            return number
    return None


def _parsed(lines: list[str], delimiter: str | None) -> Floats | None:
    if delimiter == ";":
        lines = [line.replace(",", ".") for line in lines]
    try:
        return np.loadtxt(lines, delimiter=delimiter, comments=None, ndmin=2)
    except ValueError:
        return None


def _delimiter(line: str) -> str | None:
    # Where ";" parts the columns, "," is the decimal sign.
    return ";" if ";" in line else "," if "," in line else None


def _without_comment(line: str) -> str:
    line = line.strip()
    return "" if line.startswith(_COMMENT) else line.split("#", 1)[0].strip()


def _numbers(line: str, delimiter: str | None) -> list[float] | None:
    if delimiter == ";":
        line = line.replace(",", ".")
    try:
        return [float(part) for part in line.split(delimiter)]
    except ValueError:
        return None


def _titles(lines: list[str], block: _Block) -> list[str]:
    above = [line for line in lines[: block.first] if line.strip()]
    if not above:
        return []
    line = above[-1].strip().lstrip("#!%/;'").rstrip()
    delimiter = _delimiter(lines[block.first])
    titles = [title.strip().strip('"') for title in line.split(delimiter)]
    return titles if len(titles) == block.values.shape[1] else []


def _refuse_gap(path: Path, lines: list[str], blocks: list[_Block], block: _Block) -> None:
    """Refuse text amid the numbers: half a spectrum must not pass for a whole one."""
    previous = [other for other in blocks if other.end <= block.first and _goes_on(other.values, block.values)]
    after = previous[-1] if previous else block
    below = [number for number in range(after.end, len(lines)) if _without_comment(lines[number])]
    if any(_starts_with_number(_without_comment(lines[number])) for number in below):
        got = f"{lines[below[0]].strip()[:60]!r} in line {below[0] + 1}, amid the numbers"
        raise DataError(path, got, f"rows of {block.values.shape[1]} numbers", _mend(lines, below[0]))


def _refuse_cut(path: Path, block: _Block) -> None:
    if len(block.values) < 2:
        got = f"a single row of numbers (line {block.first + 1})"
        raise DataError(path, got, "at least two rows", "leave the file out or write it again")


def _goes_on(before: Floats, after: Floats) -> bool:
    if before.shape[1] != after.shape[1] or len(after) < 2:
        return False
    step = float(np.median(np.diff(after[:, 0])))
    gap = (after[0, 0] - before[-1, 0]) / step if step else np.inf
    return bool(0 < gap <= 3)


def _starts_with_number(line: str) -> bool:
    return _numbers(re.split(r"[\s,;]+", line)[0], None) is not None


def _mend(lines: list[str], number: int) -> str:
    rest = any(_without_comment(line) for line in lines[number + 1 :])
    return "mend the line" if rest else "the file seems cut off: copy or write it again"


def _instead(lines: list[str]) -> str:
    texts = [_without_comment(line) for line in lines]
    single = sum(_numbers(text, None) is not None for text in texts if text)
    if single > 1:
        return f"one column of {single} numbers"
    line = next((text for text in texts if text), lines[0])
    return f"text without columns of numbers, such as {line[:60]!r}"
