"""What was found beside what is known."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from bokeh.models import ColumnDataSource, FactorRange, HoverTool, LinearColorMapper
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.clustering.results import HITS
from pulsetrain.figures._theme import MATRIX, Theme, dress, themed

__all__ = ["confusion", "confusion_table"]


def confusion_table(result: xr.Dataset, labels: Sequence[str] | NDArray[np.str_] | xr.DataArray) -> pd.DataFrame:
    """Count the frames of each label that were found to be of each kind.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it.
    labels : sequence of str, shape (pattern,)
        Frames labelled ``""`` are left out.

    Returns
    -------
    pandas.DataFrame
        Rows are the labels, those of `HITS` first; columns `HITS`.
    """
    known, found = np.asarray(labels).astype(str), np.asarray(result["hit"], dtype="U8")
    used = known != ""
    names = [name for name in HITS if name in known[used]]
    names += sorted(set(known[used]) - set(HITS))
    rows = [[int(((known == label) & (found == name)).sum()) for name in HITS] for label in names]
    return pd.DataFrame(rows, index=pd.Index(names, name="label"), columns=pd.Index(HITS, name="found"))


def confusion(
    result: xr.Dataset,
    labels: Sequence[str] | NDArray[np.str_] | xr.DataArray,
    *,
    height: int = 300,
    theme: Theme = "auto",
) -> figure:
    """Draw what was found of the frames of each label; arguments as for `confusion_table`."""
    table = confusion_table(result, labels)
    made, names = table.to_numpy(), list(table.index)
    share = made / np.maximum(made.sum(axis=1, keepdims=True), 1)
    single = list(HITS).index("single")
    right = int(made[names.index("single"), single]) if "single" in names else 0
    precision = right / max(int(made[:, single].sum()), 1)
    recall = float(share[names.index("single"), single]) if "single" in names else np.nan
    plot = themed(
        f"Single hits: precision {precision:.1%}, recall {recall:.1%}", "found", "label", height=height, theme=theme,
        x_range=FactorRange(factors=list(HITS)), y_range=FactorRange(factors=list(reversed(names))),
        tools="save",
    )  # fmt: skip
    source = ColumnDataSource(
        {
            "label": np.repeat(names, len(HITS)), "found": np.tile(HITS, len(names)), "frames": made.ravel(),
            "share": share.ravel(), "words": [f"{count:,}" for count in made.ravel()],
            "ink": np.where(share.ravel() > 0.5, "#000000", "#ffffff"),
        }, name="confusion",
    )  # fmt: skip
    colours = LinearColorMapper(palette=list(MATRIX), low=0, high=1)
    drawn = plot.rect(
        "found", "label", 1, 1, source=source, fill_color={"field": "share", "transform": colours}, line_color=None
    )
    plot.text(
        "found", "label", "words", source=source, text_color="ink", text_align="center", text_baseline="middle",
        text_font_size="13px",
    )  # fmt: skip
    plot.grid.grid_line_color = None
    words = "labelled @label, found @found: @frames{0,0} (@share{0.0 %} of the label)"
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=words, visible=False))
    return dress(plot, theme)
