"""``pulsetrain tuning PATH --geometry G --cell C -o OUT``: from patterns on disk to a tuned geometry and command."""

from __future__ import annotations

import glob
import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import xarray as xr

from pulsetrain.data import DataError, open_frames
from pulsetrain.data._inputs import HDF5, expanded
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled, Progress
from pulsetrain.tuning._journal import Journal
from pulsetrain.tuning.engines import Engine, engine_of
from pulsetrain.tuning.options import TuningOptions
from pulsetrain.tuning.path import evaluation_table
from pulsetrain.tuning.result_files import write_result_files
from pulsetrain.tuning.search import Evaluation
from pulsetrain.tuning.tuner import Tuner

__all__ = ["make_engine", "open_patterns", "run"]


def run(
    path: str,
    options: TuningOptions,
    output: Path,
    *,
    source: str | None = None,
    key: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Tune the indexing of patterns on disk.

    Parameters
    ----------
    path, source, key : str
        What `pulsetrain.open_frames` reads.
    options : TuningOptions
        ``options.geometry`` and ``options.cell`` are needed.
    output : pathlib.Path
        A new folder, or that of the same search, killed or cancelled before it was through: every evaluation is
        written there when it is made (``evaluations.jsonl``), and the search goes on after the last. At its end the
        files of `write_result_files`.
    progress : callable, optional
        Told ``(evaluation, evaluations, message, rate=…, best=…)``; may raise `pulsetrain.progress.Cancelled`.

    Returns
    -------
    str
        The evaluations, the best setting and its rate on fresh patterns; to be printed.

    Raises
    ------
    FileExistsError
        If the output holds something else or another search, or another process is at work on it.
    OptionError, DataError
        For input or options that do not fit; nothing has been written then.
    Cancelled
        At Ctrl-C; says how the search goes on.
    """
    output = Path(output)
    for place in (expanded(path).absolute(), output.absolute(), options.geometry, options.cell):
        _refuse_unwritable(str(place))
    if not glob.has_magic(path) and not expanded(path).exists():
        open_frames(path, source=source, key=key)  # refuses it by name
    engine = make_engine(options)
    patterns = open_patterns(path, engine.geometry, source=source, key=key)
    tuner = Tuner(engine, patterns, options)
    search = {
        "input": {"path": path, "source": source, "key": key},
        "fingerprint": str(patterns.attrs.get("fingerprint", "")),
        # The files themselves: a geometry that was edited since begins another search.
        "geometry": hashlib.sha256(engine.geometry.text.encode()).hexdigest(),
        "cell": engine.cell.text,
        "options": options.model_dump(mode="json", exclude={"evaluations", "processes"}),
    }
    with Journal(output, search) as journal:
        tuner.recall(journal.evaluations)
        try:
            tried = tuner.run(progress, journal.add)
            write_result_files(tuner, output, expanded(path))
        except KeyboardInterrupt:
            done = len(tuner.evaluations)
            raise Cancelled(f"stopped after {done} evaluations; the same command goes on with them") from None
    return f"{evaluation_table(tried).to_string()}\n\n{_summary(tuner)}\n{output}"


def make_engine(options: TuningOptions) -> Engine:
    """Return the engine that options ask for.

    Raises
    ------
    OptionError
        Where the geometry or the cell is not given, or cannot be read.
    """
    for name in ("geometry", "cell"):
        if not getattr(options, name):
            raise OptionError(f"{name}: missing; {type(options).model_fields[name].description}")
    with _blamed_on("geometry"):
        geometry = CrystFELGeometry.read(options.geometry)
    with _blamed_on("cell"):
        cell = UnitCell.read(options.cell)
    return engine_of(options.engine, geometry, cell, processes=options.processes)


@contextmanager
def _blamed_on(name: str) -> Iterator[None]:
    """Name the option whose file cannot be read."""
    try:
        yield
    except DataError as error:
        raise OptionError(f"{name}: {error}") from None


def open_patterns(
    path: str, geometry: CrystFELGeometry, *, source: str | None = None, key: str | None = None
) -> xr.DataArray:
    """Open patterns to be indexed: without a key, the dataset of a HDF5 file is the one that the geometry names.

    Raises
    ------
    DataError
        For what `pulsetrain.open_frames` refuses, and patterns of another detector than the geometry's.
    """
    file = expanded(path)
    named = geometry.panels[0].dataset
    if key is None and named and "%" not in named and file.is_file() and file.suffix.lower() in HDF5:
        key = named
    patterns = open_frames(path, source=source, key=key)
    if patterns.shape[1:] != geometry.shape:
        got = f"patterns of shape {patterns.shape[1:]}"
        raise DataError(path, got, f"{geometry.shape}, as in the geometry", "give this detector's geometry, or a key")
    return patterns


def _refuse_unwritable(place: str) -> None:
    """Refuse a name that no file of results could repeat, before hours are spent on them."""
    try:
        place.encode()
    except UnicodeEncodeError:
        raise DataError(
            ascii(place), "bytes that are no UTF-8", "names in UTF-8", "rename it, or give a link"
        ) from None


def _summary(tuner: Tuner) -> str:
    first, best, fresh, fresh_start = tuner.evaluations[0], tuner.best, tuner.confirmed, tuner.confirmed_start
    lines = [f"start: {_words(first)}", f"best:  {_words(best)}"]
    if fresh and fresh_start:
        lines += [f"on fresh patterns, start: {_words(fresh_start)}", f"on fresh patterns, best:  {_words(fresh)}"]
    else:
        lines.append("no patterns were left to confirm the rate, which is optimistic: the highest of many")
    return "\n".join([*lines, *(f"note: {flag}" for flag in tuner.flags)])


def _words(each: Evaluation) -> str:
    setting, (low, high) = each.setting, each.interval
    return (
        f"min-snr {setting.min_snr:.3g}, min-pix-count {setting.min_pix_count}, clen {1e3 * setting.clen:.3f} mm: "
        f"{each.n_indexed} of {each.n_patterns} indexed, {each.rate:.1%} (90 % interval {low:.1%} … {high:.1%})"
    )
