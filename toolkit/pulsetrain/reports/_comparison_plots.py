"""Small pictures of each metric over what was varied, in colours that everybody can tell apart."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont, get_font
from matplotlib.ticker import MaxNLocator

from pulsetrain.reports._comparison_axes import Axis, Plan, plan
from pulsetrain.reports._comparison_rows import Comparison, Row, number
from pulsetrain.reports.status import FINISHED

__all__ = ["MOST", "Plot", "plots"]

MOST = 12  # pictures; further metrics are in the table alone
_LARGEST = 1e150  # beyond it an axis overflows, and nothing was ever measured
_SIZE = (4.4, 2.9)  # inches; letters of 10 points are as large as the page's own small ones where it is 432 px wide
_DPI = 190  # twice as many pixels, for screens that have them
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000", "#7f7f7f")  # Okabe and Ito
_MARKERS = "osD^vPX*"
_MAP = "cividis_r"  # what is great stands out from the paper, also where the page turns it dark
_BAD = "#a3241b"
_TICKS = 8
_LETTERS = 32  # that have room below a picture
_NAME = 16  # characters of a name on an axis
_LABEL = 34  # characters


@dataclass(frozen=True)
class Plot:
    """One picture: its data address, and in words what it shows and what it does not."""

    metric: str
    picture: str
    words: str
    remarks: tuple[str, ...]


def plots(comparison: Comparison) -> list[Plot]:
    """Draw the numeric metrics that differ between jobs, the first `MOST` of them."""
    if not comparison.parameters:
        return []
    shown = [name for name in comparison.metrics if comparison.numeric(name) and _varies(comparison, name)]
    chosen = plan(comparison)
    return [_plot(chosen, name, _Measure.of(comparison, name)) for name in shown[:MOST]]


def _varies(comparison: Comparison, name: str) -> bool:
    return len({value for row in comparison.rows if (value := _value(row, name)) is not None}) > 1


def _value(row: Row, name: str) -> float | None:
    value = number(row.metrics.get(name))
    return value if value is not None and abs(value) < _LARGEST else None


@dataclass(frozen=True)
class _Measure:
    """One metric of all jobs; `failed` are those that ended without it."""

    label: str
    values: list[float | None]
    failed: list[bool]

    @classmethod
    def of(cls, comparison: Comparison, name: str) -> _Measure:
        unit = comparison.units.get(name, "")
        values = [_value(row, name) for row in comparison.rows]
        ended = [row.status.state in FINISHED for row in comparison.rows]
        failed = [value is None and end for value, end in zip(values, ended, strict=True)]
        return cls(f"{name} ({unit})" if unit else name, values, failed)


def _plot(how: Plan, name: str, measure: _Measure) -> Plot:
    figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained", facecolor="white")
    axes = figure.subplots()
    if how.kind == "map" and how.y is not None:
        _map(axes, how.x, how.y, measure)
    elif how.kind == "colours" and how.y is not None:
        _colours(axes, how.x, how.y, measure)
    else:
        _lines(axes, how, measure)
    file = io.BytesIO()
    figure.savefig(file, format="png")
    picture = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode('ascii')}"
    return Plot(name, picture, *_words(how, measure))


def _words(how: Plan, measure: _Measure) -> tuple[str, tuple[str, ...]]:
    over = how.x.label if how.y is None else f"{how.x.label} and {how.y.label}"
    there = [value for value in measure.values if value is not None]
    remarks = [f"{sum(measure.failed)} ended without a finite value (×)"] * any(measure.failed)
    remarks += [f"{how.others} more {'parameter varies' if how.others == 1 else 'parameters vary'}"] * bool(how.others)
    words = f"{measure.label} over {over}, {len(there)} jobs, from {min(there):.4g} to {max(there):.4g}"
    remarks += [f"{axis.name}: {key}" for axis in (how.x, how.y) if axis is not None and (key := _key(axis))]
    return words, tuple(remarks)


def _key(axis: Axis) -> str:
    """Return what stands for which name of an axis, where the font of the pictures lacks some of them."""
    shown = ((_name(axis, place, _NAME), name) for place, name in enumerate(axis.names))
    return ", ".join(f"{number} {_clipped(name, _LABEL)}" for number, name in shown if not _has(name))


def _lines(axes: Axes, how: Plan, measure: _Measure) -> None:
    steps: list[float | None] = [None] if how.y is None else [*how.y.steps]
    of = [None] * len(measure.values) if how.y is None else how.y.values
    for place, step in enumerate(steps):
        points = sorted(
            (x, value)
            for x, value, y in zip(how.x.values, measure.values, of, strict=True)
            if x is not None and value is not None and y == step
        )
        joined = "-" if not how.x.names and not how.others else ""
        style = f"{_MARKERS[place % len(_MARKERS)]}{joined}"
        named = "" if how.y is None else f"{_short(how.y.name)} = {_step(how.y, step)}"
        axes.plot(
            [x for x, _ in points], [value for _, value in points], style, label=named or None,
            color=_COLOURS[place % len(_COLOURS)], markersize=3.5, linewidth=1,
        )  # fmt: skip
    missing = [x for x, bad in zip(how.x.values, measure.failed, strict=True) if bad and x is not None]
    axes.plot(missing, [0.0] * len(missing), "x", color=_BAD, transform=axes.get_xaxis_transform(), clip_on=False)
    axes.set_ylabel(_short(measure.label), parse_math=False)
    axes.ticklabel_format(axis="y", useOffset=False)
    axes.grid(color="#e4e7ea", linewidth=0.6)
    axes.set_axisbelow(True)
    _ticks(axes.xaxis, axes.set_xlabel, how.x)
    if how.y is not None:
        for text in axes.legend(fontsize=9, frameon=False).get_texts():
            text.set_parse_math(False)


def _map(axes: Axes, x: Axis, y: Axis, measure: _Measure) -> None:
    up, across = y.steps, x.steps
    rows, places = {step: n for n, step in enumerate(up)}, {step: n for n, step in enumerate(across)}
    grid = np.full((len(up), len(across)), np.nan)
    for one, other, value, bad in zip(x.values, y.values, measure.values, measure.failed, strict=True):
        if one is None or other is None:
            continue
        grid[rows[other], places[one]] = np.nan if value is None else value
        if bad:
            axes.plot(places[one], rows[other], "x", color=_BAD, markersize=5)
    shown = axes.imshow(np.ma.masked_invalid(grid), origin="lower", aspect="auto", cmap=_MAP, interpolation="nearest")
    _bar(axes, shown, measure.label)
    for axis, setter, of, steps, most in (
        (axes.xaxis, axes.set_xlabel, x, across, _LETTERS),
        (axes.yaxis, axes.set_ylabel, y, up, None),
    ):
        texts = [f"{step:g}" for step in steps]
        fit = _TICKS if most is None else max(2, most // (max(map(len, texts)) + 1))
        axis.set_ticks(range(0, len(steps), -(-len(steps) // fit)), texts[:: -(-len(steps) // fit)])
        setter(_short(of.label), parse_math=False)


def _colours(axes: Axes, x: Axis, y: Axis, measure: _Measure) -> None:
    rows = list(zip(x.values, y.values, measure.values, measure.failed, strict=True))
    there = np.array([row[:3] for row in rows if None not in row[:3]], float).reshape(-1, 3)
    shown = axes.scatter(there[:, 0], there[:, 1], c=there[:, 2], cmap=_MAP, s=18, edgecolors="#5d6670", lw=0.3)
    missing = [(across, up) for across, up, _, bad in rows if bad and across is not None and up is not None]
    axes.plot([across for across, _ in missing], [up for _, up in missing], "x", color=_BAD)
    _bar(axes, shown, measure.label)
    _ticks(axes.xaxis, axes.set_xlabel, x)
    _ticks(axes.yaxis, axes.set_ylabel, y)


def _bar(axes: Axes, shown: Any, label: str) -> None:
    figure = axes.get_figure()
    if figure is not None:
        bar = figure.colorbar(shown, ax=axes)
        bar.set_label(_short(label), parse_math=False)
        bar.ax.ticklabel_format(useOffset=False)


def _ticks(axis: Any, setter: Any, of: Axis) -> None:
    setter(_short(of.label), parse_math=False)
    if of.names:
        names = [_name(of, place, _NAME) for place in range(len(of.names))]
        axis.set_ticks(range(len(names)), names, parse_math=False)
        if sum(map(len, names)) > _LETTERS:
            for text in axis.get_ticklabels():
                text.set(rotation=35, ha="right", rotation_mode="anchor")
    else:
        whole = all(value.is_integer() for value in of.steps)
        axis.set_major_locator(MaxNLocator(_TICKS, integer=whole))


def _step(axis: Axis, step: float | None) -> str:
    if step is None:
        return ""
    return _name(axis, int(step), 20) if axis.names else f"{step:g}"


def _name(axis: Axis, place: int, most: int) -> str:
    """Return a name as it is drawn; one that cannot be by its number."""
    return _short(axis.names[place], most) if _has(axis.names[place]) else f"#{place + 1}"


def _short(text: str, most: int = _LABEL) -> str:
    """Return a text that fits beside an axis, without what no font draws, and a box for what this one lacks."""
    text = "".join(c if c.isprintable() else " " for c in text)
    return _clipped("".join(c if _has(c) else "□" for c in text), most)


def _clipped(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _has(text: str) -> bool:
    """Return whether the font of the pictures has all of a text; matplotlib would warn of each character it lacks."""
    return all(ord(c) in _characters() for c in text if c.isprintable())


@cache
def _characters() -> frozenset[int]:
    return frozenset(get_font(findfont(FontProperties())).get_charmap())
