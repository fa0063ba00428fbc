"""The series as a map, axis × spectrum, with its labels, its classes and its boundary."""

from __future__ import annotations

import numpy as np
import xarray as xr
from bokeh.models import (
    BoxAnnotation,
    ColorBar,
    ColumnDataSource,
    FixedTicker,
    HoverTool,
    LinearColorMapper,
    Range1d,
    Span,
)
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import BOUNDARY, CLASSES, ESTIMATE, INTENSITY, SIGNED, Theme, dress, themed
from pulsetrain.figures.spectra._axes import (
    Labels,
    Scale,
    as_seen,
    axis_label,
    binned,
    colour_span,
    interval,
    marked,
    number,
    order_axis,
    with_unit,
)

__all__ = ["update_waterfall", "waterfall"]


def waterfall(
    series: xr.DataArray,
    labels: Labels = None,
    result: xr.Dataset | None = None,
    estimate: xr.Dataset | None = None,
    *,
    scale: Scale = "linear",
    height: int = 420,
    theme: Theme = "auto",
) -> figure:
    """Draw the whole series as one picture.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    labels : array_like of int, shape (spectrum,), or mapping, optional
        Labelled spectra are marked on the left: a disc for class 0, a square for class 1.
    result, estimate : xarray.Dataset, optional
        From a classifier and from the transition estimator; each draws its boundary and 90 % interval. The class of
        every spectrum by the classifier stands in the strip on the right.
    scale
        Of the colours.
    height : int, pixels
    theme
        As in all figures: ``"auto"`` follows the page.

    Returns
    -------
    bokeh.plotting.figure
        Cut down to the screen and to 256 colours: a series of 349 × 4023 points makes a figure of 0.4 MB.

    Examples
    --------
    >>> from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
    >>> truth = simulate_series(SeriesOptions(n_spectra=40, n_channels=200))
    >>> plot = waterfall(truth.intensity, truth.labels)
    >>> plot.xaxis.axis_label, plot.yaxis.axis_label
    ('2θ (deg)', 'spectrum')
    """
    axis = np.asarray(series["axis"], dtype=float)
    count, width = len(series), axis[-1] - axis[0]
    plot = themed(
        "",
        axis_label(series["axis"]),
        "spectrum",
        height=height,
        theme=theme,
        x_range=Range1d(axis[0] - 0.035 * width, axis[-1] + 0.035 * width),
        y_range=Range1d(-0.5, count - 0.5),
        tools="pan,box_zoom,wheel_zoom,reset,save,tap",
    )
    plot.grid.visible = False
    if (second := order_axis(series)) is not None:
        plot.add_layout(second, "right")
    _image(plot, series, scale)
    _marks(plot, axis)
    _lines(plot)
    update_waterfall(plot, series, labels, result, estimate)
    return dress(plot, theme)


def update_waterfall(
    plot: figure,
    series: xr.DataArray,
    labels: Labels = None,
    result: xr.Dataset | None = None,
    estimate: xr.Dataset | None = None,
) -> None:
    """Redraw labels, classes and boundaries on a waterfall, without sending its picture again."""
    values = marked(labels, len(series))
    notes = ["labels on the left"] * bool((values >= 0).any()) + ["predicted classes on the right"] * (
        result is not None
    )
    plot.title.text = "Series of spectra" + (f" ({', '.join(notes)})" if notes else "")
    for label in (0, 1):
        at = np.flatnonzero(values == label)
        _source(plot, f"labels {label}").data = {"spectrum": at}
    predicted = np.asarray(result["prediction"]) if result is not None else np.empty(0, int)
    _source(plot, "classes").data = {
        "spectrum": np.arange(len(predicted)),
        "colour": [CLASSES[c] if c in (0, 1) else "#808080" for c in predicted],
        "class": predicted,
    }
    for name, found in (("network", result), ("estimate", estimate)):
        place, band = number(found, "boundary"), interval(found)
        span, box = plot.select_one({"name": f"{name} line"}), plot.select_one({"name": f"{name} band"})
        span.update(location=place if np.isfinite(place) else 0.0, visible=bool(np.isfinite(place)))
        low, high = band or (0.0, 0.0)
        box.update(bottom=low, top=high, visible=band is not None)


def _image(plot: figure, series: xr.DataArray, scale: Scale) -> None:
    axis = np.asarray(series["axis"], dtype=float)
    seen = as_seen(binned(np.asarray(series, dtype=float)), scale)
    low, high, signed = colour_span(seen)
    levels = np.nan_to_num(255 * np.clip((seen - low) / (high - low), 0, 1)).round().astype(np.uint8)
    mapper = LinearColorMapper(palette=SIGNED if signed else INTENSITY, low=0, high=255)
    step = (axis[-1] - axis[0]) / max(len(axis) - 1, 1)
    plot.image(
        image=[levels], x=axis[0] - step / 2, y=-0.5, dw=axis[-1] - axis[0] + step, dh=len(series),
        color_mapper=mapper, level="image", name="intensity",
    )  # fmt: skip
    plot.add_layout(_colour_bar(mapper, series, seen, low, high), "right")


def _colour_bar(
    mapper: LinearColorMapper, series: xr.DataArray, seen: NDArray[np.float64], low: float, high: float
) -> ColorBar:
    """Print intensities beside the colours: the values whose transform lies at five evenly spaced colours."""
    values = binned(np.asarray(series, dtype=float)).ravel()
    rank = np.argsort(seen.ravel())
    ticks = np.linspace(0, 255, 5)
    at = np.interp(low + ticks / 255 * (high - low), seen.ravel()[rank], values[rank])
    return ColorBar(
        color_mapper=mapper,
        ticker=FixedTicker(ticks=ticks.tolist()),
        major_label_overrides={float(t): f"{v:.3g}" for t, v in zip(ticks, at, strict=True)},
        title=with_unit(str(series.attrs.get("long_name", "intensity")), series),
        width=12,
        padding=6,
    )


def _marks(plot: figure, axis: NDArray[np.float64]) -> None:
    width = axis[-1] - axis[0]
    left, right = axis[0] - 0.018 * width, axis[-1] + 0.018 * width
    for label, marker in ((0, "circle"), (1, "square")):
        source = ColumnDataSource({"spectrum": []}, name=f"labels {label}")
        drawn = plot.scatter(
            left, "spectrum", source=source, marker=marker, size=8, fill_color=CLASSES[label], line_color="white",
            line_width=0.5, name=f"labels {label}",
        )  # fmt: skip
        plot.add_tools(HoverTool(renderers=[drawn], tooltips=f"spectrum @spectrum, labelled {label}", visible=False))
    source = ColumnDataSource({"spectrum": [], "colour": [], "class": []}, name="classes")
    drawn = plot.rect(
        right, "spectrum", 0.02 * width, 1, source=source, fill_color="colour", line_color="colour", name="classes"
    )
    plot.add_tools(HoverTool(renderers=[drawn], tooltips="spectrum @spectrum, class @class", visible=False))


def _lines(plot: figure) -> None:
    for name, colour, dash in (("network", BOUNDARY, "dashed"), ("estimate", ESTIMATE, "solid")):
        # White under the colour: legible on every colour of the map.
        plot.add_layout(BoxAnnotation(name=f"{name} band", fill_color=colour, fill_alpha=0.2, line_color=None))
        plot.add_layout(
            Span(dimension="width", location=0, line_color=colour, line_width=3, line_dash=dash, name=f"{name} line")
        )


def _source(plot: figure, name: str) -> ColumnDataSource:
    return plot.select_one({"name": name, "type": ColumnDataSource})
