"""Evaluations on disk as they are made, so that a search that was killed goes on where it stood."""

from __future__ import annotations

import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pulsetrain.tuning.search import Evaluation, Setting

__all__ = ["Journal"]

_SEARCH, _EVALUATIONS = "search.json", "evaluations.jsonl"


class Journal:
    """The evaluations of one search, one line of JSON each.

    Parameters
    ----------
    folder : pathlib.Path
        Of the search; made where it is missing.
    search : dict
        What makes the search what it is: input and options.

    Attributes
    ----------
    evaluations : list of Evaluation
        Those that are on disk already. A last line that was cut off by a crash is dropped.

    Raises
    ------
    FileExistsError
        If the folder holds something else, or another search.
    """

    def __init__(self, folder: Path, search: dict[str, Any]) -> None:
        self._file = folder / _EVALUATIONS
        record = folder / _SEARCH
        text = json.dumps(search, indent=1, sort_keys=True)
        if folder.exists():
            if not record.is_file():
                raise FileExistsError(f"{folder}: exists already and holds no search; give a new folder, or remove it")
            if record.read_text(encoding="utf-8") != text:
                raise FileExistsError(
                    f"{folder}: holds a search with other input or options ({record.name}); give a new folder"
                )
        else:
            folder.mkdir(parents=True)
            draft = folder / f".{_SEARCH}"
            draft.write_text(text, encoding="utf-8")
            draft.replace(record)
        whole = self._file.read_bytes() if self._file.is_file() else b""
        whole = whole[: whole.rfind(b"\n") + 1]
        self.evaluations = [_read(line) for line in whole.decode("utf-8").splitlines()]
        self._file.write_bytes(whole)

    def add(self, evaluation: Evaluation) -> None:
        """Write an evaluation; it is on disk when this returns."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(evaluation)) + "\n")
            file.flush()
            os.fsync(file.fileno())


def _read(line: str) -> Evaluation:
    values = json.loads(line)
    return Evaluation(**{**values, "setting": Setting(**values["setting"])})
