"""How the losses of a training went, also while it goes on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
from bokeh.layouts import column
from bokeh.models import Column, ColumnDataSource, HoverTool
from bokeh.plotting import figure
from numpy.typing import NDArray

from pulsetrain.figures._theme import LINES, Theme, dress, themed
from pulsetrain.figures.boosting._axes import log_ticks

__all__ = ["Losses", "training", "update_training"]

_SAID = {"error": "error² / light expected", "doubt": "−log likelihood of σ"}
_DASHES = ("solid", "dashed", "dotted", "dotdash")

Curves = dict[str, list[tuple[int, NDArray[np.float64], NDArray[np.float64]]]]


class Losses(Protocol):
    """What is noted of a network's training, as `pulsetrain.boosting.Booster.history` gives it."""

    @property
    def step(self) -> Sequence[int]:
        """Optimiser steps after which losses were noted."""

    @property
    def losses(self) -> Mapping[str, Sequence[float]]:
        """Losses at these steps, by name."""


def training(histories: Sequence[Losses], *, height: int = 260, theme: Theme = "auto") -> Column:
    """Draw the losses of each network over its steps.

    Losses that stay above zero share a figure with a logarithmic axis; below it stand the others.

    Parameters
    ----------
    histories : sequence of History
        One a network, as `pulsetrain.boosting.Booster.history`; lists may still grow, see `update_training`.
    height : int, pixels
        Of each figure.
    theme
        ``"auto"`` follows the page.
    """
    plots = [_figure(scale, group, height, theme) for scale, group in _groups(histories).items() if group]
    return column(plots, sizing_mode="stretch_width")


def update_training(layout: Column, histories: Sequence[Losses], *, height: int = 260, theme: Theme = "auto") -> None:
    """Show what has come since in a layout that `training` has made; only new points are sent.

    Arguments as for `training`. Where curves are new or shorter than those shown, all is drawn anew.
    """
    shown: dict[str, ColumnDataSource] = {source.name: source for source in layout.select({"type": ColumnDataSource})}
    wanted = {
        _name(scale, name, number): (step, loss)
        for scale, group in _groups(histories).items()
        for name, members in group.items()
        for number, step, loss in members
    }
    if set(shown) != set(wanted) or any(len(shown[name].data["x"]) > len(wanted[name][0]) for name in wanted):
        layout.children = training(histories, height=height, theme=theme).children
        return
    for name, (step, loss) in wanted.items():
        there = len(shown[name].data["x"])
        if there < len(step):
            more = len(step) - there
            number = shown[name].data["network"][:1]
            shown[name].stream({"x": step[there:], "y": loss[there:], "network": np.repeat(number, more)})


def _groups(histories: Sequence[Losses]) -> dict[str, Curves]:
    """Return the curves by scale and by loss; a loss of which any network's falls to zero or below is linear."""
    curves: Curves = {}
    for number, history in enumerate(histories, 1):
        step = np.asarray(history.step, dtype=float)
        for name, values in history.losses.items():
            loss = np.asarray(values, dtype=float)
            if len(loss):
                curves.setdefault(name, []).append((number, step[: len(loss)], loss))
    groups: dict[str, Curves] = {"log": {}, "linear": {}}
    for name, members in curves.items():
        positive = all(loss.min() > 0 for _, _, loss in members)
        groups["log" if positive else "linear"][name] = members
    return groups


def _figure(scale: str, group: Curves, height: int, theme: Theme) -> figure:
    names = list(group)
    title = f"Training: {', '.join(names)}" if len(names) < 3 else "Training"
    label = _SAID.get(names[0], names[0]) if len(names) == 1 else "loss"
    plot = themed(title, "step", label, height=height, theme=theme, y_axis_type=scale)
    if scale == "log":
        log_ticks(plot.yaxis, theme)
    for place, (name, members) in enumerate(group.items()):
        for number, step, loss in members:
            # Of one loss colours tell the networks; of several, the losses, and dashes the networks.
            colour = LINES[(place if len(names) > 1 else number - 1) % len(LINES)]
            dash = _DASHES[(number - 1) % len(_DASHES)] if len(names) > 1 else "solid"
            words = name if len(names) > 1 else f"network {number}"
            legend = {"legend_label": words} if len(names) > 1 or len(members) > 1 else {}
            source = ColumnDataSource(
                {"x": step, "y": loss, "network": np.full(len(step), number)}, name=_name(scale, name, number)
            )
            line = plot.line("x", "y", source=source, color=colour, line_dash=dash, line_width=1.8, alpha=0.9, **legend)
            said = f"{name} of network @network: @y{{0.000}} after @x{{0,0}} steps"
            plot.add_tools(HoverTool(renderers=[line], tooltips=said, visible=False))
    return dress(plot, theme)


def _name(scale: str, loss: str, number: int) -> str:
    return f"{scale} {loss} {number}"
