"""A process that browses for another one: a file that hangs or crashes takes down nothing else.

A question is a line of JSON on standard input; an answer is a line of JSON on standard output, then as many bytes as
its ``length`` says. It ends with its input, or when a question takes too long.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from pulsetrain.data import browse
from pulsetrain.data._browse_folder import Entry, Listing, file_kind
from pulsetrain.data._browse_links import files_behind, overviews, places_of_run
from pulsetrain.data._browse_roots import Absent, Outside, confined
from pulsetrain.data._errors import DataError
from pulsetrain.data._run import is_run

__all__ = ["main"]

_MAP = "karabo_data_map.json"  # what EXtra-data may have noted of a run's files
Answer = tuple[dict[str, Any], bytes]


def main() -> None:
    """Answer questions until there are no more."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what a library prints is no answer
    for line in sys.stdin.buffer:
        question = json.loads(line)
        # The kernel ends a process whose asker has died while a file system hangs.
        signal.alarm(int(question["limit"]) + 5)
        content, body = _answer(question)
        signal.alarm(0)
        answers.write(json.dumps({**content, "length": len(body)}).encode() + b"\n" + body)
        answers.flush()


def _answer(question: dict[str, Any]) -> Answer:
    try:
        return _ANSWERS[question["what"]](question)
    except Outside as error:
        return {"status": 403, "message": str(error)}, b""
    except Absent as error:
        return {"status": 404, "message": str(error)}, b""
    except (DataError, MemoryError) as error:
        return {"status": 400, "message": str(error) or "more than the memory of this machine"}, b""
    except Exception as error:  # noqa: BLE001  a strange file may raise anything; the next question is answered
        return {"status": 400, "message": f"cannot be read: {type(error).__name__}: {error}"}, b""


def _list(question: dict[str, Any]) -> Answer:
    roots = question["roots"]
    if not question["path"]:
        return {"status": 200, "content": _roots(roots)}, b""
    place = confined(question["path"], roots)
    listing = browse.list_folder(place.path)
    entries = [_confined_entry(entry, listing, roots) for entry in listing.entries]
    return {
        "status": 200,
        "content": {**asdict(replace(listing, entries=())), "root": place.root, "entries": entries},
    }, b""


def _roots(roots: list[str]) -> dict[str, Any]:
    found = [root for root in dict.fromkeys(roots) if Path(root).is_dir()]
    entries = [asdict(Entry(root, "folder", None, Path(root).stat().st_mtime)) for root in found]
    return {"path": "", "root": "", "kind": "folder", "entries": entries, "total": len(found)}


def _confined_entry(entry: Entry, listing: Listing, roots: list[str]) -> dict[str, Any]:
    """Tell of a link that leads out no more than that it does."""
    if entry.link:
        try:
            confined(os.path.join(listing.path, entry.name), roots)  # noqa: PTH118  Path would normalise the name
        except (Outside, Absent):
            entry = Entry(entry.name, "outside", None, 0.0, link=True)
    return asdict(entry)


def _path(question: dict[str, Any]) -> str:
    """Return the path of a run or file that may be read, with all that is linked from it."""
    roots = question["roots"]
    path = confined(question["path"], roots).path
    places = places_of_run(question.get("source"))
    if not Path(path).is_dir():
        _check(path, roots, places)
        if not is_run(path):  # of which only what is asked for is read: one file may hold 100,000 datasets
            _check(path, roots)
        return path
    with os.scandir(path) as found:
        files = [entry for entry in found if file_kind(entry.name) != "other" or entry.name == _MAP]
    for entry in files:
        if entry.is_symlink():
            confined(entry.path, roots)
        _check(entry.path, roots, places)
    for overview in overviews(path):
        _check(overview, roots, places)
    return path


def _check(path: str, roots: list[str], places: Sequence[str] = ("/",)) -> None:
    """Refuse a file that is no plain one, whose opening might wait for ever, or of which values lie outside."""
    _refuse_pipes(path)
    for behind in files_behind(path, places) if file_kind(path) in ("hdf5", "other") else ():
        with contextlib.suppress(Absent):  # what is not there is shown as nothing
            _refuse_pipes(confined(behind, roots).path)


def _refuse_pipes(path: str) -> None:
    with contextlib.suppress(FileNotFoundError):
        mode = Path(path).stat().st_mode
        if not stat.S_ISREG(mode) and not stat.S_ISDIR(mode):
            raise DataError(path, "a pipe or a device", "a plain file", "choose another")


def _sources(question: dict[str, Any]) -> Answer:
    return {"status": 200, "content": asdict(browse.list_sources(_path(question)))}, b""


def _keys(question: dict[str, Any]) -> Answer:
    path = _path(question)
    keys = browse.keys(path, question["source"])
    return {"status": 200, "content": [{**asdict(key), "path": path} for key in keys]}, b""


def _code(question: dict[str, Any]) -> Answer:
    path = _path(question)
    return {"status": 200, "content": {"code": browse.code(path, question["source"], question["key"])}}, b""


def _thumbnail(question: dict[str, Any]) -> Answer:
    path = _path(question)
    size = question["width"], question["height"]
    drawn = browse.thumbnail(path, question["source"], question["key"], question["entry"], size, dark=question["dark"])
    return {"status": 200, "content": drawn.words}, drawn.png


_ANSWERS = {"list": _list, "sources": _sources, "keys": _keys, "code": _code, "thumbnail": _thumbnail}

if __name__ == "__main__":
    main()
