"""Colours and type that hold in a light and in a dark page, and for readers who see colours differently."""

from __future__ import annotations

from typing import Any, Literal

from bokeh.models import ColorBar, CustomJS, Legend
from bokeh.palettes import Cividis256, PuOr11, Viridis256, interp_palette
from bokeh.plotting import figure

__all__ = ["BOUNDARY", "CLASSES", "ESTIMATE", "INTENSITY", "LINES", "MATRIX", "SIGNED", "Theme", "dress", "themed"]

Theme = Literal["auto", "light", "dark"]

# Okabe and Ito's colours, told apart by all common forms of colour vision; each has at least 3:1 contrast on white
# and on JupyterLab's dark page.
CLASSES = ("#0072B2", "#D55E00")
BOUNDARY, ESTIMATE = "#009E73", "#CC79A7"  # from a network; from the transition estimator
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

INTENSITY: tuple[str, ...] = tuple(Viridis256)
MATRIX: tuple[str, ...] = tuple(Cividis256)
SIGNED: tuple[str, ...] = tuple(interp_palette(PuOr11, 256))

_INK = {"light": "#212121", "dark": "#e0e0e0"}
_FAINT = {"light": "#d6d6d6", "dark": "#4a4a4a"}
_PAPER = {"light": "#ffffff", "dark": "#111111"}

_TEXT = ("text_color", "axis_label_text_color", "major_label_text_color", "title_text_color", "label_text_color")
_RULES = ("grid_line_color", "axis_line_color", "major_tick_line_color")

# An exported page and an old BokehJS know none of JupyterLab's variables: they keep the light colours. The first
# layout is when a figure is there; JupyterLab then tells of a new theme on the body element only.
_FOLLOW = """
if (plot._follows_theme) return;
plot._follows_theme = true;
const dress = () => {
  const style = getComputedStyle(document.body);
  // A canvas spells any colour of CSS as Bokeh takes it: JupyterLab's own "rgba(0,0,0,.87)" is refused by the kernel.
  const canvas = document.createElement("canvas").getContext("2d");
  const colour = (name, other) => {
    canvas.fillStyle = style.getPropertyValue(name).trim() || other;
    return canvas.fillStyle;
  };
  const ink = colour("--jp-ui-font-color1", inks[0]);
  const faint = colour("--jp-border-color2", inks[1]);
  const paper = colour("--jp-layout-color0", inks[2]);
  for (const part of [plot.title, ...plot.left, ...plot.right, ...plot.above, ...plot.below, ...plot.center]) {
    const values = {};
    for (const name of text) if (name in part.properties) values[name] = ink;
    for (const name of rules) if (name in part.properties) values[name] = faint;
    if ("label_text_color" in part.properties) values.background_fill_color = paper;
    part.setv(values, {sync: false});
  }
};
dress();
const observer = new MutationObserver(() => {
  if (plot.document == null) observer.disconnect();
  else requestAnimationFrame(dress);
});
observer.observe(document.body, {attributeFilter: ["data-jp-theme-name", "data-jp-theme-light"]});
"""


def themed(title: str, x_label: str, y_label: str, *, height: int, theme: Theme = "auto", **options: Any) -> figure:
    """Return an empty figure that fills the width it is given, with both axes named.

    Parameters
    ----------
    title, x_label, y_label
        Axis labels carry their unit.
    height : int, pixels
    theme
        ``"auto"`` follows the JupyterLab it is shown in, live; the others are fixed.
    **options
        Passed on to `bokeh.plotting.figure`.
    """
    options = {"tools": "pan,box_zoom,wheel_zoom,reset,save", "toolbar_location": "above", **options}
    plot = figure(
        title=title,
        x_axis_label=x_label,
        y_axis_label=y_label,
        height=height,
        sizing_mode="stretch_width",
        min_width=280,
        **options,
    )
    plot.background_fill_color = plot.border_fill_color = plot.outline_line_color = None
    plot.title.text_font_size = "14px"
    plot.toolbar.logo = None
    if theme == "auto":
        inks = [table["light"] for table in (_INK, _FAINT, _PAPER)]
        arguments = {"plot": plot, "inks": inks, "text": _TEXT, "rules": _RULES}
        plot.js_on_change("inner_width", CustomJS(args=arguments, code=_FOLLOW))
    return plot


def dress(plot: figure, theme: Theme = "auto") -> figure:
    """Put legends below the curves and give every part its colours and type; the last thing to do to a figure."""
    tone = "light" if theme == "auto" else theme
    for legend in [part for part in plot.center if isinstance(part, Legend)]:
        plot.center.remove(legend)
        legend.update(orientation="horizontal", location="left", margin=0, glyph_width=16, label_standoff=3)
        plot.add_layout(legend, "below")
    for part in (plot.title, *plot.left, *plot.right, *plot.above, *plot.below, *plot.center):
        known = part.properties()
        part.update(**{name: _INK[tone] for name in _TEXT if name in known})
        part.update(**{name: _FAINT[tone] for name in _RULES if name in known})
        part.update(
            **{name: "normal" for name in ("axis_label_text_font_style", "title_text_font_style") if name in known}
        )
        sized = (
            "axis_label_text_font_size",
            "major_label_text_font_size",
            "label_text_font_size",
            "title_text_font_size",
        )
        part.update(**{name: "13px" for name in sized if name in known})
        part.update(**{name: None for name in ("minor_tick_line_color", "border_line_color") if name in known})
        if isinstance(part, ColorBar):
            part.background_fill_color = None
        if "label_text_color" in known:
            part.update(background_fill_color=_PAPER[tone], background_fill_alpha=0.8, spacing=12, padding=6)
    return plot
