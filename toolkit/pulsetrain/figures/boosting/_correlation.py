"""Up to which spatial frequency images are like the truth."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from bokeh.models import ColumnDataSource, FixedTicker, HoverTool, LinearAxis, Range1d, Span
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.boosting.judging import RESOLVED, fourier_ring_correlation, resolution, scaled
from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.boosting._axes import two_columns
from pulsetrain.figures.boosting._frames import Images, squares
from pulsetrain.figures.boosting._pictures import Content

__all__ = ["add_periods", "correlation", "correlation_curves"]

Floats = NDArray[np.float64]

_RIM = "#808080"
_PERIODS = (2.0, 2.5, 3.0, 4.0, 6.0, 10.0, 20.0, 40.0)  # px


def correlation_curves(
    images: Mapping[str, Images], truth: Images, content: Content = "diffraction"
) -> tuple[dict[str, Floats], int]:
    """Correlate images with the truth, ring by ring of spatial frequency, for `correlation`.

    Parameters
    ----------
    images : mapping of name to float, shape (n, y, x), photons of the good condition
        Such as ``{"input": low / gain, "boosted": result.image}``; of frames that are no squares the middle counts.
    truth : float, shape (n, y, x), photons of the good condition, without noise
    content : {'diffraction', 'imaging'}
        Diffraction is compared in √intensity.

    Returns
    -------
    curves : dict of name to float64, shape (side // 2,)
    side : int, px
    """
    true = scaled(squares(truth), content)
    curves = {name: fourier_ring_correlation(scaled(squares(each), content), true) for name, each in images.items()}
    return curves, true.shape[-1]


def correlation(
    curves: Mapping[str, Floats],
    side: int,
    *,
    threshold: float = RESOLVED,
    height: int = 320,
    theme: Theme = "auto",
) -> figure:
    """Draw the Fourier ring correlation with the noise-free truth.

    Parameters
    ----------
    curves : mapping of name to float, shape (side // 2,)
        As of `correlation_curves`, at 1/side, 2/side … 1/2 per pixel. The legend says how many times finer than the
        first, the input, each resolves.
    side : int, px
        Of the frames.
    threshold : float
        Below which nothing is resolved.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    found = {name: resolution(np.asarray(curve), side, threshold) for name, curve in curves.items()}
    first = next(iter(found.values()), float("nan"))
    lowest = min([0.0, *(float(np.nanmin(curve)) for curve in curves.values())])
    plot = themed(
        "Fourier ring correlation with the truth", "spatial frequency (1/px)", "correlation", height=height,
        theme=theme, x_range=Range1d(0, 0.5), y_range=Range1d(lowest - 0.05, 1.05),
    )  # fmt: skip
    plot.add_layout(
        Span(
            dimension="width", location=threshold, line_color=_RIM, line_dash="dashed", line_width=1.5, name="threshold"
        )
    )
    plot.line([np.nan], [np.nan], color=_RIM, line_dash="dashed", legend_label=f"resolved: {threshold:g}")
    for place, (name, curve) in enumerate(curves.items()):
        frequency = np.arange(1, len(curve) + 1) / side
        source = ColumnDataSource({"x": frequency, "y": np.asarray(curve), "period": 1 / frequency}, name=name)
        gained = f", {first / found[name]:.2g} × finer" if place else ""
        colour = LINES[place % len(LINES)]
        line = plot.line(
            "x", "y", source=source, color=colour, line_width=2.2, legend_label=f"{name}: {found[name]:.1f} px{gained}"
        )
        plot.scatter(
            [1 / found[name]], [threshold], color=colour, size=8, line_color="white", name=f"resolution {name}"
        )
        words = f"{name}: @y{{0.000}} at @x{{0.000}} 1/px, a period of @period{{0.0}} px"
        plot.add_tools(HoverTool(renderers=[line], tooltips=words, visible=False))
    add_periods(plot, side)
    dress(plot, theme)
    two_columns(plot)
    return plot


def add_periods(plot: figure, side: int) -> None:
    """Say above a figure over spatial frequencies what periods these are."""
    periods = [period for period in _PERIODS if period <= side]
    axis = LinearAxis(axis_label="period (px)", ticker=FixedTicker(ticks=[1 / period for period in periods]))
    axis.major_label_overrides = {1 / period: f"{period:g}" for period in periods}
    plot.add_layout(axis, "above")
