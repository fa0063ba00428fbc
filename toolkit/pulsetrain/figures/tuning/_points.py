"""Evaluations as columns that a figure draws: one list a quantity, in the units of the axes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.tuning.path import path_of
from pulsetrain.tuning.search import Evaluation

__all__ = ["PARAMETERS", "Evaluations", "Parameter", "best_of", "hover_lines", "points", "shades"]

Evaluations = xr.Dataset | Sequence[Evaluation]


@dataclass(frozen=True)
class Parameter:
    """One of the three parameters that are searched: its column, what its axis says and how the axis runs."""

    name: str
    words: str
    label: str
    scale: str


PARAMETERS = (
    Parameter("clen", "camera length", "clen (mm)", "linear"),
    Parameter("min_snr", "min-snr", "min-snr (σ)", "log"),
    Parameter("min_pix_count", "min-pix-count", "min-pix-count (px)", "linear"),
)


def points(evaluations: Evaluations) -> dict[str, NDArray[Any]]:
    """Return what is drawn of evaluations, one array a column, shape (evaluation,) each.

    Parameters
    ----------
    evaluations : xarray.Dataset or sequence of Evaluation
        As `pulsetrain.tuning.Tuner.path` returns them, or as they were made.

    Returns
    -------
    dict
        ``number`` from 1 on, ``clen`` in mm, ``min_snr``, ``min_pix_count``, ``rate`` with ``low`` and ``high``,
        ``best_rate``, ``hits`` and ``indexed`` with their ``patterns``, ``hit_rate``, ``peaks``, ``shift`` in %,
        ``residual`` in pixels and ``seconds``; all but ``number`` and ``best_rate`` as in the evaluations.
    """
    found = _columns(evaluations if isinstance(evaluations, xr.Dataset) else path_of(evaluations))
    count = len(found["rate"])
    found["number"] = np.arange(1, count + 1)
    found["best_rate"] = np.maximum.accumulate(found["rate"]) if count else found["rate"]
    found["hit_rate"] = found["hits"] / np.maximum(found["patterns"], 1)
    return found


def best_of(evaluations: Evaluations) -> int | None:
    """Return the position of the best: the one that the path names, else that of the highest rate; None if empty."""
    found = points(evaluations)
    if not len(found["rate"]):
        return None
    if isinstance(evaluations, xr.Dataset) and "best_clen" in evaluations:
        same = (
            np.isclose(found["clen"], 1e3 * float(evaluations["best_clen"]))
            & np.isclose(found["min_snr"], float(evaluations["best_min_snr"]))
            & (found["min_pix_count"] == int(evaluations["best_min_pix_count"]))
        )
        if same.any():
            return int(np.flatnonzero(same)[-1])
    return int(np.argmax(found["rate"]))


def shades(count: int) -> NDArray[np.float64]:
    """Return how late each of some evaluations is, from 0 to 1."""
    return np.linspace(0.0, 1.0, count) if count > 1 else np.zeros(count)


def hover_lines() -> list[tuple[str, str]]:
    """Return the lines that a figure shows of the point under the cursor."""
    return [
        ("evaluation", "@number"),
        ("indexed", "@indexed of @patterns = @rate{0.0%} [@low{0.0%}, @high{0.0%}]"),
        ("hits", "@hits, median of @peaks{0} peaks"),
        ("min-snr", "@min_snr{0.00} σ"),
        ("min-pix-count", "@min_pix_count px"),
        ("clen", "@clen{0.000} mm"),
        ("refined cell", "@shift{+0.00} %"),
    ]


def _columns(path: xr.Dataset) -> dict[str, NDArray[Any]]:
    low, high = path["rate_interval"].transpose("bound", "evaluation").to_numpy()
    names = {
        "min_snr": "min_snr", "min_pix_count": "min_pix_count", "rate": "rate", "residual": "residual",
        "hits": "n_hits", "indexed": "n_indexed", "patterns": "n_patterns", "peaks": "peaks_per_pattern",
        "seconds": "seconds",
    }  # fmt: skip
    found = {name: np.asarray(path[column]) for name, column in names.items()}
    return found | {
        "clen": 1e3 * np.asarray(path["clen"]),
        "shift": 100 * np.asarray(path["cell_shift"]),
        "low": low,
        "high": high,
    }
