"""European XFEL runs, opened through EXtra-data with errors that say what to do."""

from __future__ import annotations

import difflib
import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeGuard

import h5py

from pulsetrain.data._errors import DataError
from pulsetrain.data._fingerprint import fingerprint
from pulsetrain.data._inputs import expanded, is_hdf5

__all__ = [
    "RunPath",
    "fingerprint_of_run",
    "is_run",
    "open_run",
    "require_key",
    "require_source",
    "run_place",
    "run_that_fits",
    "unreadable_files",
]

RunPath = tuple[int | str, int | str]

_ALLOWED = "a European XFEL run folder with readable HDF5 files, or (proposal, run)"


def is_run(path: Any) -> bool:
    """Say whether this is (proposal, run), or a folder or file in the European XFEL's own format."""
    if _is_number_pair(path):
        return True
    if not isinstance(path, (str, os.PathLike)):
        return False
    place = expanded(path)
    if place.is_dir():
        first = next(iter(sorted(place.glob("*.h5"))), None)
        return first is not None and (_is_run_name(first) or _is_run_file(first))
    return place.is_file() and is_hdf5(place) and _is_run_file(place)


def open_run(path: Any, data: str = "proc") -> Any:
    """Open a run.

    Parameters
    ----------
    path : path or (proposal, run)
    data : {'proc', 'raw', 'all'}
        For (proposal, run): the corrected data, the raw, or both with the corrected where there are some.

    Returns
    -------
    extra_data.DataCollection
    """
    import extra_data

    if data not in ("proc", "raw", "all"):
        raise DataError("data", repr(data), "'proc', 'raw' or 'all'", "choose one of these")
    try:
        if _is_number_pair(path):
            return _by_numbers(path, data)
        place = expanded(path)
        if place.is_dir():
            return extra_data.RunDirectory(str(place), parallelize=False)
        return extra_data.H5File(str(place))
    except PermissionError:
        raise DataError(path, "no permission to read it", _ALLOWED, "ask for access to the proposal") from None
    except Exception as error:
        # EXtra-data raises bare Exception for an unknown proposal and for a folder in which no file can be read.
        if type(error) is not Exception and not isinstance(error, (OSError, KeyError, RuntimeError)):
            raise
        root = os.environ.get("EXTRA_DATA_DATA_ROOT", "/gpfs/exfel/exp")
        hint = f"look for {data!r} data below {root} (EXTRA_DATA_DATA_ROOT)" if _is_number_pair(path) else "check it"
        got = "no such run" if isinstance(error, FileNotFoundError) else _reason(error)
        raise DataError(_text(path), got, _ALLOWED, hint) from None


@contextmanager
def run_that_fits(run: Any) -> Iterator[None]:
    """Turn what EXtra-data raises while it aligns the files of a run into DataError with the run's name."""
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        # EXtra-data raises bare Exception for modules with other trains or pulses, as a cut off file leaves them.
        if type(error) is not Exception and not isinstance(error, (OSError, LookupError, RuntimeError, ValueError)):
            raise
        place = run_place(run)
        unread = unreadable_files(run, place)
        got = _reason(error) + (f" (unreadable_files: {', '.join(unread)})" if unread else "")
        raise DataError(place, got, "files that are whole and agree", "copy the run's files again") from error


def _by_numbers(path: RunPath, data: str) -> Any:
    import extra_data

    with warnings.catch_warnings():
        # "all" warns of a run that is not corrected yet; the attribute `data` of the result says what it is.
        warnings.filterwarnings("ignore", "No data available for this run at origin")
        try:
            return extra_data.open_run(*path, data=data, parallelize=False)
        except FileNotFoundError:
            if data != "all":
                raise
            return extra_data.open_run(*path, data="proc", parallelize=False)


def run_place(run: Any) -> str:
    """Return the folder of an opened run."""
    folders = [Path(file.filename).absolute().parent for file in run.files]
    return os.path.commonpath(folders) if folders else "run"


def fingerprint_of_run(run: Any, sources: Any) -> str:
    """Hash the files that hold these sources."""
    files = {file.filename for source in sources for file in run[source].files}
    return fingerprint(files)


def unreadable_files(run: Any, place: str) -> list[str]:
    """Return files of the run's folder that EXtra-data passed over because they are cut off or no HDF5."""
    opened = {Path(file.filename).name for file in run.files}
    if any(name.lower() == "overview.h5" for name in opened) or not Path(place).is_dir():
        return []
    return sorted(file.name for file in Path(place).glob("*.h5") if file.name not in opened | {"overview.h5"})


def require_source(run: Any, source: str, place: str) -> str:
    """Return the source if the run has it; else name the nearest ones."""
    if source in run.all_sources:
        return source
    raise DataError(place, f"source={source!r}", f"a source of the run: {_some(run.all_sources, source)}", "choose one")


def require_key(run: Any, source: str, key: str, place: str) -> str:
    """Return the key if the source has it; else name those it has."""
    keys = run[source].keys()
    if key in keys:
        return key
    if f"{key}.value" in keys:
        return f"{key}.value"
    raise DataError(f"{place}, {source}", f"key={key!r}", f"a key of the source: {_some(keys, key)}", "choose one")


def _is_number_pair(path: Any) -> TypeGuard[RunPath]:
    if not isinstance(path, tuple) or len(path) != 2:
        return False
    proposal, run = map(str, path)
    return bool(re.fullmatch(r"p?\d+", proposal) and re.fullmatch(r"r?\d+", run))


def _is_run_name(file: Path) -> bool:
    return bool(re.match(r"(RAW|CORR)-R\d+-", file.name))


def _is_run_file(file: Path) -> bool:
    try:
        with h5py.File(file) as handle:
            return "INDEX/trainId" in handle and "METADATA" in handle
    except (OSError, RuntimeError, KeyError):
        return False


def _some(names: Any, wanted: str) -> str:
    near = difflib.get_close_matches(wanted, names, n=6, cutoff=0.0)
    more = len(names) - len(near)
    return ", ".join(near) + (f" and {more} more" if more > 0 else "")


def _reason(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)


def _text(path: Any) -> str:
    return f"proposal {path[0]}, run {path[1]}" if _is_number_pair(path) else str(path)
