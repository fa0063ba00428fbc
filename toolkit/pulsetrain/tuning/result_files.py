"""What a search hands over as files: its path, the best setting's crystals, and all that indexes with it elsewhere."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pulsetrain.tuning.export import indexamajig_command, tuned_geometry, xwiz_toml
from pulsetrain.tuning.path import evaluation_table
from pulsetrain.tuning.tuner import Tuner

__all__ = ["write_result_files"]


def write_result_files(tuner: Tuner, folder: Path, patterns: Path | None = None) -> list[Path]:
    """Write the results of a search; each file appears whole, or keeps what it held.

    The folder is whole in itself: ``indexamajig.sh`` runs in it as it stands, where `patterns` is a file.

    Parameters
    ----------
    tuner : Tuner
        With at least one evaluation.
    folder : pathlib.Path
        Is there; files of the same names in it are replaced.
    patterns : pathlib.Path, optional
        What was opened; named in ``files.lst`` if it is a file, by a link beside it where its own path holds blanks.

    Returns
    -------
    list of pathlib.Path
        ``path.nc``, ``evaluations.csv``, ``best.nc`` (peaks and crystals at the best setting), ``tuned.geom``,
        ``sample.cell``, ``files.lst``, ``indexamajig.sh`` and ``xwiz.toml``.
    """
    engine, best, tried = tuner.engine, tuner.best.setting, tuner.path()
    tuned = best.put_into(tuner.options)
    # Each file appears whole: one that a kill or a full disk cut off might be taken for a result.
    draft = folder / ".results"
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    # By way of memory: on a full disk HDF5 itself ends in a crash.
    for name, dataset in {"path.nc": tried, "best.nc": tuner.index_best()}.items():
        (draft / name).write_bytes(dataset.to_netcdf(engine="h5netcdf"))
    evaluation_table(tried).to_csv(draft / "evaluations.csv")
    (draft / "tuned.geom").write_text(tuned_geometry(engine.geometry, best.clen), encoding="utf-8")
    engine.cell.write(draft / "sample.cell")
    if patterns is not None and patterns.is_file():
        listed = str(patterns.resolve())
        if len(listed.split()) > 1 or listed != listed.strip():
            # A list of patterns has one a line, and after a blank its event: no way to quote either.
            link = draft / "patterns.h5"
            link.symlink_to(listed)
            listed = link.name
        (draft / "files.lst").write_bytes(os.fsencode(f"{listed}\n"))
    command = indexamajig_command(tuned, "tuned.geom", "sample.cell")
    (draft / "indexamajig.sh").write_text(f"#!/bin/sh\n{command}\n", encoding="utf-8")
    (draft / "indexamajig.sh").chmod(0o755)
    (draft / "xwiz.toml").write_text(xwiz_toml(tuned, geometry="tuned.geom", cell="sample.cell"), encoding="utf-8")
    written = [file.replace(folder / file.name) for file in sorted(draft.iterdir())]
    draft.rmdir()
    return written
