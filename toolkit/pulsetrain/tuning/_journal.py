"""Evaluations on disk as they are made, so that a search that was killed goes on where it stood."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from pydantic import TypeAdapter, ValidationError

from pulsetrain._shared_files import take_lock, write_text
from pulsetrain.data import DataError
from pulsetrain.options import OptionError
from pulsetrain.tuning.options import IndexingOptions
from pulsetrain.tuning.search import Evaluation

__all__ = ["Journal"]

_SEARCH, _EVALUATIONS = "search.json", "evaluations.jsonl"
_EVALUATION = TypeAdapter(Evaluation)


class Journal:
    """The evaluations of one search, one line of JSON each; a context, in which no other process may add to it.

    Parameters
    ----------
    folder : pathlib.Path
        Of the search; made where it is missing, and removed again at the context's end if nothing was evaluated.
    search : dict
        What makes the search what it is: input and options.

    Attributes
    ----------
    evaluations : list of Evaluation
        Those that are on disk already. A last line that was cut off by a crash is dropped.

    Raises
    ------
    FileExistsError
        If the folder holds something else, or another search, or another process is at work on it.
    DataError
        If an evaluation cannot be read.
    """

    def __init__(self, folder: Path, search: dict[str, Any]) -> None:
        self._folder, self._record, self._file = folder, folder / _SEARCH, folder / _EVALUATIONS
        self._made = not folder.exists()
        # A run that was killed at its very beginning leaves no record, but nothing of anybody else either.
        if not self._made and not self._record.is_file() and (not folder.is_dir() or _others_in(folder)):
            raise FileExistsError(f"{folder}: exists already and holds no search; give a new folder, or remove it")
        folder.mkdir(parents=True, exist_ok=True)
        self._lock = take_lock(self._file)
        if self._lock is None:
            raise FileExistsError(f"{folder}: another run is at work on it; wait for its end, or give a new folder")
        try:
            self.evaluations = self._take_up(json.dumps(search, indent=1, sort_keys=True))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the search to others; a folder that was made for nothing is removed."""
        if self._lock is None:
            return
        if self._made and not self._file.stat().st_size:
            for file in (self._record, self._file):
                file.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                self._folder.rmdir()
        os.close(self._lock)
        self._lock = None

    def add(self, evaluation: Evaluation) -> None:
        """Write an evaluation; it is on disk when this returns."""
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(evaluation)) + "\n")
            file.flush()
            os.fsync(file.fileno())

    def _take_up(self, search: str) -> list[Evaluation]:
        whole = self._file.read_bytes()
        whole = whole[: whole.rfind(b"\n") + 1]
        if not self._record.is_file() or self._record.read_text(encoding="utf-8", errors="replace") != search:
            if whole:
                raise FileExistsError(
                    f"{self._folder}: holds a search with other input or options ({_SEARCH}); give a new folder"
                )
            write_text(self._record, search)
        lines = whole.split(b"\n")[:-1]
        evaluations = [self._read(number, line) for number, line in enumerate(lines, start=1)]
        os.truncate(self._file, len(whole))
        return evaluations

    def _read(self, number: int, line: bytes) -> Evaluation:
        try:
            evaluation = _EVALUATION.validate_json(line)
            IndexingOptions(**asdict(evaluation.setting))
            if 0 <= evaluation.n_indexed <= evaluation.n_patterns > 0:
                return evaluation
        except (ValidationError, OptionError):
            pass
        next_step = "remove that line, which is then evaluated anew, or give a new folder"
        raise DataError(f"{self._file}, line {number}", repr(line[:60]), "an evaluation in JSON", next_step)


def _others_in(folder: Path) -> bool:
    """Whether a folder holds more than what a search writes before its first evaluation."""
    begun = {file for file in folder.iterdir() if file.name == _EVALUATIONS and not file.stat().st_size}
    return any(file not in begun and not file.name.startswith(f".{_SEARCH}.") for file in folder.iterdir())
