"""JSON that anybody may have written, parsed within bounds: a small file can ask for a great deal of memory."""

from __future__ import annotations

import json
import os
import re
from typing import Any, BinaryIO

__all__ = ["LARGEST_BATCH", "LARGEST_NOTEBOOK", "LARGEST_RECORD", "parsed"]

LARGEST_RECORD = 16 * 2**20  # bytes
LARGEST_BATCH = 64 * 2**20  # bytes; 100,000 jobs over as many long paths write half of that
LARGEST_NOTEBOOK = 256 * 2**20  # bytes
_MOST = 2_000_000  # lists and objects, which take a hundred times the memory of their two characters
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\\?\Z)', re.DOTALL)  # one pass, closed or not


def parsed(file: BinaryIO, largest: int) -> Any:
    """Return what a file of JSON holds.

    Parameters
    ----------
    file
        A plain file, from its present position on.
    largest : int, bytes

    Raises
    ------
    ValueError
        If it is no JSON in UTF-8, or too much of it.
    """
    try:
        if os.fstat(file.fileno()).st_size > largest:
            raise ValueError(f"larger than {largest / 2**20:g} MB")
        text = file.read(largest)  # it may be growing
        if _containers(text) > _MOST and _containers(_STRING.sub(b"", text)) > _MOST:
            raise ValueError(f"more than {_MOST:,} lists and objects")
        return json.loads(text.decode("utf-8"))
    except RecursionError as error:
        raise ValueError(str(error)) from None
    except MemoryError:
        raise ValueError("more than there is memory for") from None


def _containers(text: bytes) -> int:
    return text.count(b"[") + text.count(b"{")
