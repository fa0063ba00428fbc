"""What the points of the map are coloured by, and the key to it."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import xarray as xr
from bokeh.palettes import Cividis256
from numpy.typing import NDArray

from pulsetrain.clustering.results import HITS
from pulsetrain.figures.clustering import HIT_COLOURS, cluster_colours, drawn, hits_of, score_label

__all__ = ["Paint", "choices_of", "paint"]

_UNKNOWN = "#b0b0b0"
_SHADES = 64
_CAPTION = "color: var(--jp-ui-font-color1, #212121); font-size: 13px; line-height: 1.5"


@dataclass(frozen=True)
class Paint:
    """Colours of the points.

    Attributes
    ----------
    categories : uint8, shape (pattern,)
        Positions in the palette.
    palette : list of str
    key : str
        HTML that says what the colours are.
    """

    categories: NDArray[np.uint8]
    palette: list[str]
    key: str


def choices_of(result: xr.Dataset) -> list[tuple[str, str]]:
    """Return what a result can be coloured by: words and names."""
    scores = [str(name) for name, values in result.data_vars.items() if values.dims == ("pattern",)]
    scores = [name for name in scores if result[name].dtype.kind == "f" and name != "confidence"]
    named = [(score_label(name).split(" (")[0], name) for name in ("confidence", *scores)]
    return [("hit", "hit"), ("cluster", "cluster"), *named]


def paint(result: xr.Dataset, by: str, names: dict[int, str] | None = None) -> Paint:
    """Return the colours of all frames.

    Parameters
    ----------
    result : xarray.Dataset
    by : str
        ``"hit"``, ``"cluster"``, or a score.
    names : dict of int to str, optional
        Of the clusters.
    """
    if by == "hit":
        kinds = hits_of(result)
        palette = [*(HIT_COLOURS[name] for name in HITS), _UNKNOWN]
        categories = np.where(kinds < 0, len(HITS), kinds).astype(np.uint8)
        return Paint(categories, palette, _swatches(palette, [*HITS, "not assigned"], categories))
    if by == "cluster":
        return _by_cluster(result["cluster"].to_numpy(), names or {})
    values = drawn(by, result[by].to_numpy())
    known = np.isfinite(values)
    low, high = np.percentile(values[known], (1, 99)) if known.any() else (0.0, 1.0)
    share = np.clip((np.where(known, values, low) - low) / max(high - low, 1e-12), 0, 1)
    palette = [Cividis256[k] for k in np.linspace(0, 255, _SHADES).astype(int)] + [_UNKNOWN]
    categories = np.where(known, np.round(share * (_SHADES - 1)), _SHADES).astype(np.uint8)
    ends = np.percentile(result[by].to_numpy()[known], (1, 99)) if known.any() else (0.0, 1.0)
    return Paint(categories, palette, _ramp(by, ends))


def _by_cluster(cluster: NDArray[np.int32], names: dict[int, str]) -> Paint:
    numbers = np.unique(cluster[cluster >= 0])
    # A cluster keeps its colour when another one goes; one byte tells 255 of them apart.
    most = min(int(numbers.max(initial=0)) + 1, 255)
    palette = [*cluster_colours(most), _UNKNOWN]
    categories = np.where(cluster < 0, most, np.minimum(cluster, most - 1)).astype(np.uint8)
    words = [names.get(k, f"cluster {k}") for k in range(most)]
    return Paint(categories, palette, _swatches(palette, [*words, "none"], categories))


def _swatches(palette: Sequence[str], words: Sequence[str], categories: NDArray[np.uint8]) -> str:
    made = np.bincount(categories, minlength=len(words))
    parts = [
        f'<span style="white-space: nowrap"><span aria-hidden="true" style="display: inline-block; width: 11px; '
        f'height: 11px; margin-right: 4px; background: {colour}"></span>{html.escape(word)} '
        f"({count:,})</span>"
        for colour, word, count in zip(palette, words, made, strict=True)
        if count
    ]
    return f'<div style="{_CAPTION}; display: flex; flex-wrap: wrap; gap: 2px 14px">{"".join(parts)}</div>'


def _ramp(by: str, ends: Sequence[float]) -> str:
    steps = ", ".join(Cividis256[k] for k in np.linspace(0, 255, 9).astype(int))
    bar = (
        f'<span aria-hidden="true" style="display: inline-block; width: 160px; height: 11px; margin: 0 6px; '
        f'background: linear-gradient(to right, {steps})"></span>'
    )
    return f'<div style="{_CAPTION}">{html.escape(score_label(by))}: {ends[0]:.3g}{bar}{ends[1]:.3g}</div>'
