"""The two scores that physics alone gives: is there light, and are there fringes."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import xarray as xr
from bokeh.models import ColumnDataSource, HoverTool, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.clustering.results import HITS
from pulsetrain.figures._theme import Theme, dress, themed
from pulsetrain.figures.clustering._hits import HIT_COLOURS, hits_of
from pulsetrain.figures.clustering._scales import drawn, score_axis, score_label

__all__ = ["MOST", "cluster_map", "score_plane", "some_of"]

MOST = 20_000  # points that a figure of Bokeh holds; more make a report heavy and show the eye nothing
_MARKERS = {"none": "circle", "single": "circle", "multiple": "triangle", "unsure": "diamond"}


def some_of(n: int, most: int = MOST) -> NDArray[np.int64]:
    """Return the positions of at most so many, spread evenly."""
    return np.arange(n) if n <= most else np.linspace(0, n - 1, most).astype(np.int64)


def score_plane(
    result: xr.Dataset,
    nulls: Mapping[str, float] | None = None,
    *,
    x: str = "hit_score",
    y: str = "fringe_score",
    height: int = 420,
    theme: Theme = "auto",
) -> figure:
    """Draw one score over another, coloured by what the frames were found to be.

    Parameters
    ----------
    result : xarray.Dataset
        As `pulsetrain.clustering.FrameClusterer.predict` returns it; of more than 20,000 frames some are drawn.
    nulls : mapping of score to float, optional
        What a frame without a hit, or without fringes, hardly ever exceeds: dashed lines.
    x, y : str
        Names of scores.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    chosen = some_of(result.sizes["pattern"])
    some = result.isel(pattern=chosen)
    values = {name: some[name].to_numpy() for name in (x, y)}
    more = f" ({len(chosen):,} of {result.sizes['pattern']:,} frames)" if len(chosen) < result.sizes["pattern"] else ""
    plot = themed(f"Physics scores{more}", score_label(x), score_label(y), height=height, theme=theme)
    lines = [("frame", "@pattern"), (score_label(x), "@x_value{0.00}"), (score_label(y), "@y_value{0.00}")]
    lines += [("hit", "@hit"), ("confidence", "@confidence{0.00}"), ("cluster", "@cluster")]
    columns = {
        "pattern": chosen, "x": drawn(x, values[x]), "y": drawn(y, values[y]), "x_value": values[x],
        "y_value": values[y], "hit": np.asarray(some["hit"]), "confidence": some["confidence"].to_numpy(),
        "cluster": some["cluster"].to_numpy(),
    }  # fmt: skip
    _by_hit(plot, columns, hits_of(some), lines)
    score_axis(plot.xaxis, x, values[x])
    score_axis(plot.yaxis, y, values[y])
    for name, dimension in ((x, "height"), (y, "width")):
        if name in (nulls or {}):
            place = float(drawn(name, (nulls or {})[name]))
            line = Span(dimension=dimension, location=place, line_color="#808080", line_dash="dashed", line_width=1.5)
            line.name = f"null {name}"
            plot.add_layout(line)
    if nulls:
        plot.line(
            [np.nan], [np.nan], color="#808080", line_dash="dashed", legend_label="hardly ever exceeded by chance"
        )
    return dress(plot, theme)


def cluster_map(
    places: NDArray[np.floating], result: xr.Dataset, *, height: int = 420, theme: Theme = "auto"
) -> figure:
    """Draw a map of the latent space, coloured by what the frames were found to be.

    Parameters
    ----------
    places : float, shape (pattern, 2)
        As of `pulsetrain.figures.clustering.map_latent`.
    result : xarray.Dataset
        Of the same frames.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    chosen = some_of(len(places))
    some = result.isel(pattern=chosen)
    plot = themed("Map of the latent space (UMAP)", "UMAP 1", "UMAP 2", height=height, theme=theme)
    columns = {
        "pattern": chosen, "x": places[chosen, 0], "y": places[chosen, 1], "hit": np.asarray(some["hit"]),
        "confidence": some["confidence"].to_numpy(), "cluster": some["cluster"].to_numpy(),
    }  # fmt: skip
    lines = [("frame", "@pattern"), ("hit", "@hit"), ("confidence", "@confidence{0.00}"), ("cluster", "@cluster")]
    _by_hit(plot, columns, hits_of(some), lines)
    return dress(plot, theme)


def _by_hit(
    plot: figure, columns: dict[str, NDArray[np.generic]], kinds: NDArray[np.int64], lines: list[tuple[str, str]]
) -> None:
    size = 6 if len(kinds) < 2000 else 4 if len(kinds) < 8000 else 3
    shown = []
    for number, name in enumerate(HITS):
        rows = kinds == number
        source = ColumnDataSource({key: values[rows] for key, values in columns.items()}, name=name)
        marker, colour = _MARKERS[name], HIT_COLOURS[name]
        shown.append(
            plot.scatter("x", "y", source=source, marker=marker, size=size, color=colour, alpha=0.55, legend_label=name)
        )
    plot.add_tools(HoverTool(renderers=shown, tooltips=lines, visible=False))
