"""What the clustering control says of counts, selections and frames."""

from __future__ import annotations

import html

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.results import HITS
from pulsetrain.figures.clustering import HIT_COLOURS, counts, score_label

__all__ = ["counts_html", "frame_caption", "frame_html", "selection_html"]

_TIGHT = "line-height: 1.45"
_TABLE = f'<table style="font-variant-numeric: tabular-nums; {_TIGHT}">'
_SCORES = ("hit_score", "fringe_score", "fringe_visibility", "photons", "lit_pixels", "ring_contrast")


def counts_html(result: xr.Dataset | None, total: int, note: str = "") -> str:
    """Return how many frames are of each kind, with the intervals of their shares."""
    if result is None:
        return f'<div role="status"><i>{html.escape(note)}</i></div>'
    table = counts(result)
    made = int(table["frames"].sum())
    lines = "".join(
        f'<tr><td style="padding-right: 10px"><span aria-hidden="true" style="display: inline-block; width: 11px; '
        f'height: 11px; margin-right: 5px; background: {HIT_COLOURS[name]}"></span>{name}</td>'
        f'<td style="text-align: right; padding-right: 10px">{frames:,}</td>'
        f"<td>{share:.1%} [{low:.1%}, {high:.1%}]</td></tr>"
        for name, frames, share, low, high in table[["frames", "share", "low", "high"]].itertuples()
    )
    more = f" of {total:,}" if made < total else ""
    return (
        f'<div role="status" class="pulsetrain-counts" style="{_TIGHT}"><b>{made:,}{more} frames</b>, share with its '
        f"90 % interval{_TABLE}{lines}</table><i>{html.escape(note) or '&nbsp;'}</i></div>"
    )


def selection_html(kinds: NDArray[np.integer], shown: int) -> str:
    """Return how many frames are selected, and of which kinds, positions in `HITS`; `shown` of them are."""
    count = len(kinds)
    if not count:
        return (
            "<i>Draw a lasso on the map (Shift and drag) to see its frames here; rest on a point, or click on it.</i>"
        )
    made = np.bincount(kinds + 1, minlength=len(HITS) + 1)
    words = ", ".join(f"{made[k]:,} {name}" for k, name in enumerate(("not assigned", *HITS)) if made[k])
    some = f"; {shown} of them, spread evenly:" if shown < count else ":"
    return f'<span role="status" class="pulsetrain-selection"><b>{count:,} frames selected</b> ({words}){some}</span>'


def frame_caption(result: xr.Dataset, row: int, pattern: int) -> tuple[str, str]:
    """Return what stands below a thumbnail, and what it says in full."""
    hit = str(result["hit"].to_numpy()[row])
    words = f"Frame {pattern}: {hit}, confidence {float(result['confidence'][row]):.2f}"
    if "hit_score" in result:
        words += f", z {float(result['hit_score'][row]):.3g}, T {float(result['fringe_score'][row]):.3g}"
    return f"{pattern} {hit}", words


def frame_html(result: xr.Dataset, row: int, pattern: int, names: dict[int, str], label: str = "") -> str:
    """Return what was found of one frame."""
    at = result.isel(pattern=row)
    keys = ", ".join(f"{name} {int(at[name])}" for name in ("trainId", "pulseId") if name in result.coords)
    cluster = int(at["cluster"])
    lines = [
        ("hit", f"<b>{html.escape(str(at['hit'].item()))}</b>"),
        ("confidence", f"{float(at['confidence']):.3f}"),
        ("cluster", html.escape(names.get(cluster, "none"))),
    ]
    lines += [("label", html.escape(label))] if label else []
    lines += [
        (html.escape(score_label(name)), f"{float(at[name]):.4g}")
        for name in _SCORES
        if name in result and np.isfinite(float(at[name]))
    ]
    first = '<td style="padding-right: 10px; white-space: nowrap">'
    rows = "".join(f"<tr>{first}{name}</td><td>{value}</td></tr>" for name, value in lines)
    return (
        f'<div role="status" class="pulsetrain-frame" style="{_TIGHT}"><b>Frame {pattern}</b><br>{keys}'
        f"{_TABLE}{rows}</table></div>"
    )
