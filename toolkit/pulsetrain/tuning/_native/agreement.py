"""The built-in engine beside CrystFEL's own answers on the same frames."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data import DataError, open_frames
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.progress import Progress
from pulsetrain.tuning.native import NativeEngine
from pulsetrain.tuning.options import IndexingOptions

__all__ = ["agreement", "orientation_error"]

_FILES = ("crystfel_per_frame.csv", "sample.h5", "sample.geom", "sample.cell", "truth.json")
_NEAR = 2  # peaks from the least of a hit: there the two may disagree
_RIGHT = 2.0  # degrees from a true lattice; a wrong one is off by tens


def agreement(folder: Path, *, processes: int | None = None, progress: Progress | None = None) -> pd.DataFrame:
    """Evaluate all settings that CrystFEL was run at, and put both answers side by side.

    Parameters
    ----------
    folder : Path
        Holds ``crystfel_per_frame.csv`` (setting, min_snr, min_pix_count, clen, threshold, extra, event, num_peaks,
        hit, indexed_by), ``sample.h5``, ``sample.geom``, ``sample.cell`` and ``truth.json`` (orientation matrices).
    processes : int, optional
    progress : Progress, optional

    Returns
    -------
    pandas.DataFrame, one row a setting
        ``hits``, ``indexed`` and ``peaks`` of both; ``hits_differ``, frames beyond 2 peaks of the least of a hit that
        only one calls a hit; ``peaks_ratio`` in total; ``worst_frame``, the largest relative difference of a hit's
        peaks, and ``worst_count`` the largest difference in peaks; ``wrong`` lattices that are nowhere near a true
        one, and the ``median_error`` of the others in degrees.

    Raises
    ------
    DataError
        For a folder without these files.
    """
    missing = [name for name in _FILES if not (folder / name).is_file()]
    if missing:
        raise DataError(folder, f"no {', '.join(missing)}", ", ".join(_FILES), "give a folder of CrystFEL's answers")
    theirs = pd.read_csv(folder / "crystfel_per_frame.csv", keep_default_na=False)
    truth = json.loads((folder / "truth.json").read_text(encoding="utf-8"))["truth"]
    cell = UnitCell.read(folder / "sample.cell")
    engine = NativeEngine(folder / "sample.geom", cell, processes=processes)
    frames = open_frames(folder / "sample.h5")
    lattices = [[cell.matrix @ np.array(turn).T for turn in frame["R"]] for frame in truth]
    rows = {}
    settings = list(theirs.groupby("setting", sort=False))
    for done, (name, answers) in enumerate(settings):
        options = _options(answers.iloc[0])
        result = engine.evaluate(frames, options)
        rows[name] = _beside(result, answers.sort_values("event"), lattices, options)
        if progress is not None:
            progress(done + 1, len(settings), str(name))
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("setting")


def orientation_error(axes: NDArray[np.float64], true: NDArray[np.float64]) -> float:
    """Return the angle by which a lattice is turned from the true one, in degrees.

    Other axes of the same lattice count as the same where they have the true cell's lengths and angles, as the axes
    of its symmetric mates do; a lattice that cannot be described so is off by 180°.

    Parameters
    ----------
    axes, true : numpy.ndarray, shape (3, 3), Å
        a, b, c as rows.
    """
    change = np.rint(axes @ np.linalg.inv(true))
    same = change @ true
    metric = same @ same.T
    if round(abs(np.linalg.det(change))) != 1 or not np.allclose(metric, true @ true.T, atol=0.02 * metric.max()):
        return 180.0
    # The rotation nearest to the map of the true axes onto those found (Kabsch).
    u, _, v = np.linalg.svd(same.T @ axes)
    cosine = (np.trace(u @ v) - 1) / 2
    return float(np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))))


def _options(setting: pd.Series[Any]) -> IndexingOptions:
    chosen = {name: setting[name] for name in ("min_snr", "min_pix_count", "clen", "threshold")}
    tolerance = re.search(r"--tolerance=([\d.]+),[\d.]+,[\d.]+,([\d.]+)", str(setting["extra"]))
    if tolerance:
        chosen |= {"tolerance": float(tolerance[1]), "angle_tolerance": float(tolerance[2])}
    return IndexingOptions(**chosen)


def _beside(
    result: xr.Dataset, theirs: pd.DataFrame, lattices: list[list[NDArray[np.float64]]], options: IndexingOptions
) -> dict[str, float]:
    ours, counted = result["n_peaks"].to_numpy(), theirs["num_peaks"].to_numpy()
    hit = theirs["hit"].to_numpy() == 1
    far = abs(counted - options.min_peaks) > _NEAR
    difference = abs(ours - counted)
    errors = np.array(
        [
            min((orientation_error(axes, true) for true in lattices[pattern]), default=180.0)
            for pattern, axes in zip(
                result["crystal_pattern"].to_numpy(), result["crystal_axes"].to_numpy(), strict=True
            )
        ]
    )
    right = errors < _RIGHT
    return {
        "hits": int(result["hit"].sum()),
        "hits_crystfel": int(hit.sum()),
        "hits_differ": int(((result["hit"].to_numpy() != hit) & far).sum()),
        "indexed": int(result["indexed"].sum()),
        "indexed_crystfel": int((theirs["indexed_by"] != "none").sum()),
        "peaks": int(ours.sum()),
        "peaks_crystfel": int(counted.sum()),
        "peaks_ratio": ours.sum() / counted.sum() if counted.any() else np.nan,
        "worst_frame": float((difference / np.maximum(counted, 1))[hit].max(initial=0.0)),
        "worst_count": int(difference.max(initial=0)),
        "wrong": int((~right).sum()),
        "median_error": float(np.median(errors[right])) if right.any() else np.nan,
    }
