"""Logarithmic axes that can be read over less than a decade, and legends of two columns."""

from __future__ import annotations

from typing import Any

from bokeh.models import CustomJSTicker, LogTickFormatter
from bokeh.plotting import figure

from pulsetrain.figures._theme import Theme

__all__ = ["log_ticks", "two_columns"]

# Bokeh's own ticks are linear below two decades, and leave most of the axis without one.
_TICKS = """
const {start, end} = cb_data.range;
if (!(start > 0 && end > start)) return [];
const decades = Math.log10(end / start);
const factors = decades < 1.2 ? [1, 1.5, 2, 3, 4, 5, 7] : decades < 2.5 ? [1, 2, 5] : decades < 3.5 ? [1, 3] : [1];
const step = Math.max(1, Math.ceil(decades / 8));
const ticks = [];
for (let power = Math.floor(Math.log10(start)); power <= Math.log10(end); power += 1) {
  if (power % step) continue;
  for (const factor of factors) {
    const tick = Number(`${factor}e${power}`);
    if (tick >= start && tick <= end) ticks.push(tick);
  }
}
return ticks;
"""


def log_ticks(axes: Any, theme: Theme) -> None:
    """Give logarithmic axes ticks at 1, 2, 5, … or at powers of ten, as many as there is room for.

    Of a fixed theme they keep Bokeh's own: a report's security policy forbids code that is made of text.
    """
    for axis in axes:
        if theme == "auto":
            axis.ticker = CustomJSTicker(major_code=_TICKS)
        axis.formatter = LogTickFormatter(min_exponent=4)


def two_columns(plot: figure) -> None:
    """Set a legend in two columns, after it was dressed: in one line it would run out of a narrow page."""
    plot.legend.ncols = 2
    plot.legend.spacing = 7
