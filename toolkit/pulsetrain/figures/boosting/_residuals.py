"""Whether boosted images, made poor again, are the frames they were made of: needs no truth."""

from __future__ import annotations

import numpy as np
from bokeh.models import ColumnDataSource, HoverTool
from bokeh.plotting import figure
from numpy.typing import NDArray
from scipy.stats import norm

from pulsetrain.boosting.degradation import Degradation
from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.boosting._axes import log_ticks
from pulsetrain.figures.boosting._frames import Images, images

__all__ = ["residuals"]

Floats = NDArray[np.float64]

_FAR = 6.0  # σ; what is beyond is counted in the last bins
_LEAST_NOISE = 1e-2  # photons, as in `Degradation.chi2`


def residuals(
    low: Images,
    image: Images,
    degradation: Degradation,
    *,
    bins: int = 61,
    seed: int = 0,
    height: int = 300,
    theme: Theme = "auto",
) -> figure:
    """Draw how far frames are from the boosted images made poor again, in standard deviations.

    Beside the unit normal stands what the degradation itself would read of these images: counts of few photons are not
    normal.

    Parameters
    ----------
    low : float, shape (n, y, x), photons of the poor condition
    image : float, shape (n, y, x), photons of the good condition
    degradation : Degradation
    bins : int
        Between −6 and 6 σ; what lies beyond is counted in the outermost.
    seed : int
        Of the reading that is drawn.
    height : int, pixels
    theme
        ``"auto"`` follows the page.
    """
    seen, boosted = images(low), images(image)
    expected = degradation.apply(boosted).astype(float)
    drawn = degradation.apply(boosted, np.random.default_rng(seed)).astype(float)
    sigma = np.sqrt(expected.clip(min=0) + max(degradation.read_noise, _LEAST_NOISE) ** 2)
    found, reference = ((each - expected) / sigma for each in (seen, drawn))
    live = np.isfinite(found)
    found, reference = found[live], reference[live]
    chi2, expects = (float((each**2).mean()) if len(each) else float("nan") for each in (found, reference))
    plot = themed(
        f"Data consistency: χ² {chi2:.3f} per pixel (expected {expects:.3f})",
        "(input − boosted, made poor again) / σ", "share of pixels per σ", height=height, theme=theme,
        y_axis_type="log",
    )  # fmt: skip
    log_ticks(plot.yaxis, theme)
    edges = np.linspace(-_FAR, _FAR, bins + 1)
    middle, step = (edges[1:] + edges[:-1]) / 2, edges[1] - edges[0]
    floor = 0.5 / max(len(found), 1) / step  # half a pixel: zero has no place on a logarithmic axis
    density, expectation = (_density(each, edges) for each in (found, reference))
    columns = {"left": edges[:-1], "right": edges[1:], "top": density.clip(min=floor), "share": density * step}
    source = ColumnDataSource(columns | {"drawn": expectation * step}, name="residuals")
    bars = plot.quad(
        left="left", right="right", bottom=floor, top="top", source=source, color=LINES[0], alpha=0.55,
        line_color=None, legend_label="this input",
    )  # fmt: skip
    there = expectation > 0
    plot.step(
        middle[there], expectation[there], mode="center", color=LINES[1], line_width=2, name="drawn",
        legend_label="if the image were true (simulated)",
    )  # fmt: skip
    normal = norm.pdf(middle)
    near = normal >= floor
    plot.line(
        middle[near], normal[near], color="#808080", line_dash="dashed", line_width=1.5, legend_label="unit normal"
    )
    words = "@left{0.0} … @right{0.0} σ: @share{0.00 %} of the pixels; @drawn{0.00 %} if the image were true"
    plot.add_tools(HoverTool(renderers=[bars], tooltips=words, visible=False))
    return dress(plot, theme)


def _density(values: Floats, edges: Floats) -> Floats:
    made = np.histogram(values.clip(edges[0], edges[-1]), edges)[0]
    return np.asarray(made / max(len(values), 1) / (edges[1] - edges[0]))
