"""``pulsetrain tuning PATH --geometry G --cell C -o OUT``: from patterns on disk to a tuned geometry and command."""

from __future__ import annotations

import glob
import hashlib
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import xarray as xr

from pulsetrain.data import DataError, open_frames
from pulsetrain.data._inputs import HDF5
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.options import OptionError
from pulsetrain.progress import Cancelled, Progress
from pulsetrain.tuning._journal import Journal
from pulsetrain.tuning.engines import Engine, engine_of
from pulsetrain.tuning.export import indexamajig_command, tuned_geometry, xwiz_toml
from pulsetrain.tuning.options import TuningOptions
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
        written there when it is made (``evaluations.jsonl``), and the search goes on after the last. At its end
        ``path.nc``, ``evaluations.csv``, ``best.nc`` (peaks and crystals at the best setting), ``tuned.geom``,
        ``sample.cell``, ``files.lst``, ``indexamajig.sh`` and ``xwiz.toml``.
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
    if not glob.has_magic(path) and not Path(path).expanduser().exists():
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
            _write(tuner, tuner.run(progress, journal.add), Path(path).expanduser(), output)
        except KeyboardInterrupt:
            done = len(tuner.evaluations)
            raise Cancelled(f"stopped after {done} evaluations; the same command goes on with them") from None
    table = _table(tuner.evaluations).to_string(float_format="{:.4g}".format, formatters={"clen_mm": "{:.3f}".format})
    return f"{table}\n\n{_summary(tuner)}\n{output}"


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
    file = Path(path).expanduser()
    named = geometry.panels[0].dataset
    if key is None and named and "%" not in named and file.is_file() and file.suffix.lower() in HDF5:
        key = named
    patterns = open_frames(path, source=source, key=key)
    if patterns.shape[1:] != geometry.shape:
        got = f"patterns of shape {patterns.shape[1:]}"
        raise DataError(path, got, f"{geometry.shape}, as in the geometry", "give this detector's geometry, or a key")
    return patterns


def _write(tuner: Tuner, tried: xr.Dataset, path: Path, output: Path) -> None:
    engine, best = tuner.engine, tuner.best.setting
    tuned = best.put_into(tuner.options)
    # Each file appears whole: one that a kill or a full disk cut off might be taken for a result.
    draft = output / ".results"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    # By way of memory: on a full disk HDF5 itself ends in a crash.
    for name, dataset in {"path.nc": tried, "best.nc": tuner.index_best()}.items():
        (draft / name).write_bytes(dataset.to_netcdf(engine="h5netcdf"))
    _table(tuner.evaluations).to_csv(draft / "evaluations.csv")
    # The folder is whole in itself: indexamajig.sh runs in it as it stands.
    (draft / "tuned.geom").write_text(tuned_geometry(engine.geometry, best.clen), encoding="utf-8")
    engine.cell.write(draft / "sample.cell")
    if path.is_file():
        (draft / "files.lst").write_text(f"{path.resolve()}\n", encoding="utf-8")
    command = indexamajig_command(tuned, "tuned.geom", "sample.cell")
    (draft / "indexamajig.sh").write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    (draft / "indexamajig.sh").chmod(0o755)
    (draft / "xwiz.toml").write_text(xwiz_toml(tuned, geometry="tuned.geom", cell="sample.cell"), encoding="utf-8")
    for file in draft.iterdir():
        file.replace(output / file.name)
    draft.rmdir()


def _table(evaluations: list[Evaluation]) -> pd.DataFrame:
    rows = [
        {
            "min_snr": each.setting.min_snr,
            "min_pix_count": each.setting.min_pix_count,
            "clen_mm": 1e3 * each.setting.clen,
            "hits": each.n_hits,
            "indexed": each.n_indexed,
            "patterns": each.n_patterns,
            "rate": each.rate,
            "low": each.interval[0],
            "high": each.interval[1],
            "cell_shift_percent": 100 * each.cell_shift,
            "seconds": each.seconds,
        }
        for each in evaluations
    ]
    return pd.DataFrame(rows, index=pd.RangeIndex(1, len(rows) + 1, name="evaluation"))


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
