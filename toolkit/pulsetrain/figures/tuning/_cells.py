"""What the indexed crystals say: how far their cells are off, and how they lie."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from bokeh.layouts import column, row
from bokeh.models import BasicTicker, Column, DataRange1d, HoverTool, Label, NoOverlap, Span
from bokeh.plotting import figure

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.figures._theme import BOUNDARY, CLASSES, Theme, dress, themed
from pulsetrain.figures.tuning._points import Evaluations, hover_lines, points, shades
from pulsetrain.figures.tuning._rates import order_mapper

__all__ = ["cells", "orientations", "shift"]

_NAMES = ("a", "b", "c", "α", "β", "γ")
_RIM = "#808080"
_RINGS = (30, 60, 90)  # degrees


def shift(path: Evaluations, *, height: int = 280, theme: Theme = "auto") -> figure:
    """Draw how far the refined cells are from the given one over the camera length they were found with.

    The cells come out right where the camera length is: the points cross the line at zero there, though the rate may
    be flat all around it.

    Parameters
    ----------
    path : xarray.Dataset or sequence of Evaluation
        Evaluations that indexed nothing have no cells, and no point.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    plot = themed(
        "Where the refined cells agree with the given one", "clen (mm)", "mean change of the axes (%)",
        height=height, theme=theme, y_range=DataRange1d(range_padding=0.15),
    )  # fmt: skip
    columns = points(path)
    columns["late"] = shades(len(columns["rate"]))
    there = np.isfinite(columns["shift"])
    columns = {name: np.asarray(values)[there] for name, values in columns.items()}
    clen = columns["clen"]
    ends = [clen.min() - 0.2, clen.max() + 0.2] if len(clen) else []
    plot.line(ends, [0.0] * len(ends), color=BOUNDARY, line_width=2, legend_label="as the given cell")
    drawn = plot.scatter(
        "clen", "shift", source=columns, size=9, line_color=_RIM,
        fill_color={"field": "late", "transform": order_mapper()},
    )  # fmt: skip
    plot.add_tools(HoverTool(renderers=[drawn], tooltips=hover_lines(), visible=False))
    return dress(plot, theme)


def cells(result: xr.Dataset, cell: UnitCell, *, height: int = 420, theme: Theme = "auto") -> Column:
    """Draw histograms of the six cell parameters of all crystals; a line is the given cell.

    Parameters
    ----------
    result : xarray.Dataset
        Of an engine's ``evaluate``: ``crystal_cell`` (crystal, parameter), Å and degrees.
    cell : UnitCell
    height : int, pixels
        Of all six together.
    theme
        ``"auto"`` follows the page.
    """
    found = result["crystal_cell"].to_numpy()
    plots = [
        _histogram(f"{name} ({'Å' if k < 3 else 'deg'})", found[:, k], cell.parameters[k], height // 2, theme)
        for k, name in enumerate(_NAMES)
    ]
    lines = [row(plots[:3], sizing_mode="stretch_width"), row(plots[3:], sizing_mode="stretch_width")]
    return column(lines, sizing_mode="stretch_width")


def orientations(result: xr.Dataset, *, height: int = 380, theme: Theme = "auto") -> figure:
    """Draw from which sides the beam has met the crystals, to see preferred orientations.

    Each point is the beam's direction seen from the crystal (x along a, y in the plane of a and b), on an equal-area
    map of the half sphere: evenly spread crystals give evenly spread points. Opposite directions are one. In the middle
    the beam runs along c* (across a and b); the rings are 30°, 60° and 90° from there.

    Parameters
    ----------
    result : xarray.Dataset
        ``crystal_axes`` (crystal, axis, xyz), Å, in the laboratory.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    axes = result["crystal_axes"].to_numpy()
    beam = _beam_in_crystal(axes)  # (crystal, 3)
    beam = np.where(beam[:, 2:] < 0, -beam, beam)
    # Lambert's equal-area projection of the half sphere onto the unit disc.
    flat = beam[:, :2] / np.sqrt(1 + beam[:, 2:])
    plot = themed(
        f"Beam seen from {len(axes)} crystals", "along a", "across a, in the plane of a and b",
        height=height, theme=theme, x_range=DataRange1d(range_padding=0.2), y_range=DataRange1d(range_padding=0.2),
        tools="pan,wheel_zoom,reset,save", match_aspect=True,
    )  # fmt: skip
    plot.sizing_mode, plot.width = "fixed", height
    plot.axis.ticker.desired_num_ticks = 4
    turn = np.linspace(0, 2 * np.pi, 181)
    for angle in _RINGS:
        radius = np.sqrt(1 - np.cos(np.deg2rad(angle)))
        x, y = radius * np.cos(turn), radius * np.sin(turn)
        plot.line(x, y, color=_RIM, alpha=0.6, legend_label="angle between beam and c*")
        above = {"text_align": "center", "text_baseline": "bottom", "text_font_size": "12px"}
        plot.add_layout(Label(x=0, y=radius, text=f"{angle}°", **above))
    plot.scatter(flat[:, 0], flat[:, 1], size=6, color=CLASSES[0], alpha=0.7, legend_label="a crystal")
    return dress(plot, theme)


def _histogram(name: str, values: Any, given: float, height: int, theme: Theme) -> figure:
    plot = themed(
        "", name, "crystals", height=height, theme=theme, y_range=DataRange1d(start=0, range_padding=0.1),
        toolbar_location=None, tools="",
    )  # fmt: skip
    plot.min_width = 180
    plot.xaxis.ticker.desired_num_ticks = 4
    plot.xaxis.major_label_policy = NoOverlap()
    plot.yaxis.ticker = BasicTicker(min_interval=1, desired_num_ticks=4)
    if len(values):
        low, high = min(values.min(), given), max(values.max(), given)
        width = max(high - low, 1e-3 * given)
        counts, edges = np.histogram(values, bins=24, range=(low - 0.05 * width, high + 0.05 * width))
        plot.quad(top=counts, bottom=0, left=edges[:-1], right=edges[1:], color=CLASSES[0], alpha=0.8, line_color=_RIM)
        plot.title.text = f"median {np.median(values):.4g}, given {given:.4g}"
    else:
        plot.title.text = "no crystal"
    plot.add_layout(Span(dimension="height", location=given, line_color=BOUNDARY, line_width=2, name="given"))
    return dress(plot, theme)


def _beam_in_crystal(axes: Any) -> Any:
    """Return the beam (the laboratory's z) in each crystal's own orthonormal axes, shape (crystal, 3)."""
    a, b = axes[:, 0], axes[:, 1]
    first = a / np.linalg.norm(a, axis=1, keepdims=True)
    third = np.cross(a, b)
    third /= np.linalg.norm(third, axis=1, keepdims=True)
    second = np.cross(third, first)
    return np.stack([first[:, 2], second[:, 2], third[:, 2]], axis=1)
