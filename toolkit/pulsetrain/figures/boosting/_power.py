"""How much there is at each spatial frequency, and how much there should be."""

from __future__ import annotations

import numpy as np
from bokeh.layouts import column
from bokeh.models import Column, ColumnDataSource, HoverTool, Range1d, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.boosting.judging import radial_power
from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.boosting._axes import log_ticks, two_columns
from pulsetrain.figures.boosting._correlation import add_periods
from pulsetrain.figures.boosting._frames import Images, squares

__all__ = ["power_spectra"]

Floats = NDArray[np.float64]

_COLOURS = {"input / gain": LINES[0], "boosted": LINES[1], "truth": LINES[2], "good set": LINES[3]}
_RIM = "#808080"


def power_spectra(
    low: Images,
    image: Images,
    high: Images | None = None,
    truth: Images | None = None,
    *,
    gain: float = 1.0,
    height: int = 480,
    theme: Theme = "auto",
) -> Column:
    """Draw the radial power of input, boosted images, good set and truth, and below its ratio to truth or good set.

    Parameters
    ----------
    low : float, shape (n, y, x), photons of the poor condition
    image : float, shape (n, y, x), photons of the good condition
    high : float, shape (m, y, x), photons of the good condition, optional
        Of other objects; what counting adds is taken off.
    truth : float, shape (n, y, x), photons of the good condition, optional
        Without noise.
    gain : float
        Photons in the poor condition for each in the good one.
    height : int, pixels
        Of both figures together.
    theme
        ``"auto"`` follows the page.
    """
    curves = {"input / gain": radial_power(squares(low) / gain), "boosted": radial_power(squares(image))}
    if truth is not None:
        curves["truth"] = radial_power(squares(truth))
    if high is not None:
        curves["good set"] = radial_power(squares(high), counted=True)
    shared = Range1d(0, 0.5)
    compared = next((name for name in ("truth", "good set") if name in curves), None)
    upper = themed(
        "Radial power", "spatial frequency (1/px)", "power (photons²/px)", theme=theme,
        height=height * 5 // 8 if compared else height, x_range=shared, y_axis_type="log",
    )  # fmt: skip
    for name, power in curves.items():
        words = f"{name}: other objects, counting noise off" if name == "good set" else name
        _curve(upper, name, "power", power, words)
    log_ticks(upper.yaxis, theme)
    add_periods(upper, squares(image).shape[-1])
    dress(upper, theme)
    two_columns(upper)
    if compared is None:
        return column(upper, sizing_mode="stretch_width")
    lower = themed(
        f"Ratio to {compared}", "spatial frequency (1/px)", f"power / {compared}'s", height=height - height * 5 // 8,
        theme=theme, x_range=shared, y_axis_type="log",
    )  # fmt: skip
    log_ticks(lower.yaxis, theme)
    lower.add_layout(Span(dimension="width", location=1, line_color=_RIM, line_dash="dashed", line_width=1.5))
    for name in ("input / gain", "boosted"):
        reference = np.where(curves[compared] > 0, curves[compared], np.nan)
        _curve(lower, name, "ratio", curves[name] / reference)
    return column(upper, dress(lower, theme), sizing_mode="stretch_width")


def _curve(plot: figure, name: str, what: str, values: Floats, words: str = "") -> None:
    """Draw a curve; what is not above zero has no place on a logarithmic axis."""
    side = 2 * len(values)
    frequency = np.arange(1, len(values) + 1) / side
    shown = np.where(values > 0, values, np.nan)
    source = ColumnDataSource({"x": frequency, "y": shown, "period": 1 / frequency}, name=f"{what} {name}")
    legend = {"legend_label": words} if words else {}
    line = plot.line("x", "y", source=source, color=_COLOURS[name], line_width=2, **legend)
    said = f"{name}: @y{{0.000 a}} at @x{{0.000}} 1/px, a period of @period{{0.0}} px"
    plot.add_tools(HoverTool(renderers=[line], tooltips=said, visible=False))
