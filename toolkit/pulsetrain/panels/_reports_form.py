"""A form for the parameters of any notebook: typed, each with its help and what is wrong with it beside it.

Unlike `OptionControls`, which slides over the values of a method's own options, it stands parameters without a
default, defaults that are computed, lists and mappings, and it refuses what is out of bounds instead of moving it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets
from ipywidgets.widgets.widget_description import DescriptionStyle
from ipywidgets.widgets.widget_string import TextStyle

from pulsetrain.options import OptionError, Options
from pulsetrain.panels._tree import close_tree
from pulsetrain.reports import Expression, parse_values
from pulsetrain.reports._values import literal
from pulsetrain.reports.planning import typed_values

__all__ = ["ParameterForm"]

_FIRST = 8  # rows that are shown at once; the others lie folded
_LABEL = {"description_width": "190px"}
_WIDTH = {"width": "480px", "flex": "0 0 auto"}


class ParameterForm:
    """One row a parameter.

    Parameters
    ----------
    model : type[Options]
    vary : bool
        Whether each parameter can be given several values, for a batch.
    changed : callable, optional
        Called without arguments after a change.

    Attributes
    ----------
    widget : ipywidgets.VBox
    fields : dict of str to ipywidgets.Widget
    """

    def __init__(self, model: type[Options], *, vary: bool = False, changed: Callable[[], None] | None = None) -> None:
        self._model, self._changed = model, changed
        self.fields: dict[str, Any] = {}
        self._ticks: dict[str, Any] = {}
        self._several: dict[str, Any] = {}
        self._boxes: dict[str, Any] = {}
        self._words: dict[str, Any] = {}
        # One style and one layout for all rows: a long form would be hundreds of models otherwise.
        self._style, self._text_style = DescriptionStyle(**_LABEL), TextStyle(**_LABEL)
        self._layout = ipywidgets.Layout(**_WIDTH)
        self._narrow = ipywidgets.Layout(width="auto", flex="0 0 auto")
        self._wide = ipywidgets.Layout(flex="1 1 auto", width="0")
        rows = [self._row(name, vary=vary) for name in model.model_fields]
        self.widget = ipywidgets.VBox(rows[:_FIRST])
        if rows[_FIRST:]:
            more = ipywidgets.Accordion([ipywidgets.VBox(rows[_FIRST:])])
            more.set_title(0, f"{len(rows) - _FIRST} more")
            self.widget.children = (*rows[:_FIRST], more)

    @property
    def values(self) -> dict[str, Any]:
        """Values that differ from the defaults, as the model's fields take them.

        Raises
        ------
        OptionError
            One line per fault; they are shown beside the fields too.
        """
        plain, texts = {}, {}
        for name, field in self.fields.items():
            if name in self._ticks and self._ticks[name].value:
                continue
            if isinstance(field, ipywidgets.Text):
                if field.value != self._default_text(name):
                    texts[name] = field.value
            elif field.value != self._default(name):
                plain[name] = field.value
        found = {**plain, **self._told(lambda: typed_values(self._model, texts), texts)}
        return {name: found[name] for name in self.fields if name in found}

    @property
    def grid(self) -> dict[str, list[Any]]:
        """Values of the parameters that are varied.

        Raises
        ------
        OptionError
            One line per fault.
        """
        found: dict[str, list[Any]] = {}
        faults: list[str] = []
        for name, tick in self._ticks.items():
            if not tick.value:
                continue
            try:
                found[name] = parse_values(self._model, name, self._several[name].value)
            except OptionError as error:
                faults += str(error).splitlines()
        self.show(faults)
        if faults:
            raise OptionError("\n".join(faults))
        return found

    def set(self, values: Mapping[str, Any], grid: Mapping[str, Any] | None = None) -> None:
        """Fill the form; what is not named gets its default."""
        for name, field in self.fields.items():
            value = values.get(name, self._default(name))
            if name in self._ticks:
                self._ticks[name].value = name in (grid or {})
            if name in (grid or {}):
                self._several[name].value = literal(list((grid or {})[name]))
            if isinstance(field, ipywidgets.Text):
                field.value = self._text(value) if name in values else self._default_text(name)
            elif value is not None or isinstance(field, ipywidgets.Dropdown):
                field.value = value

    def show(self, faults: list[str]) -> list[str]:
        """Say beside each field what is wrong with it, and return what belongs to none."""
        by_name: dict[str, str] = {}
        rest = []
        for fault in faults:
            name, _, text = fault.partition(": ")
            if name in self.fields:
                by_name.setdefault(name, text)
            else:
                rest.append(fault)
        for name in self.fields:
            self._say(name, by_name.get(name, ""))
        return rest

    def close(self) -> None:
        """Close the widgets, those too that are not shown at present."""
        shared = (self._style, self._text_style, self._layout, self._narrow, self._wide)
        for widget in (self.widget, *self.fields.values(), *self._several.values(), *shared):
            close_tree(widget)

    def _told(self, read: Callable[[], dict[str, Any]], texts: Mapping[str, str]) -> dict[str, Any]:
        try:
            values = read()
        except OptionError as error:
            self.show(str(error).splitlines())
            raise
        for name in texts:
            self._say(name, "")
        return values

    def _row(self, name: str, *, vary: bool) -> Any:
        field = self.fields[name] = self._field(name)
        field.observe(lambda _: self._check(name), "value")
        words = self._words[name] = ipywidgets.HTML(layout=self._wide)
        self._say(name, "")
        parts = [field]
        if vary:
            tick = self._ticks[name] = ipywidgets.Checkbox(
                description="vary", indent=False, layout=self._narrow, tooltip=f"Give {name} several values"
            )
            tick.observe(lambda _: self._swap(name), "value")
            parts.append(tick)
        self._boxes[name] = ipywidgets.HBox([*parts, words])
        return self._boxes[name]

    def _field(self, name: str) -> Any:
        unit, info = self._model.unit(name), self._model.model_fields[name]
        label = name + (f" ({unit})" if unit else "")
        common: dict[str, Any] = {
            "description": label,
            "tooltip": info.description or name,
            "layout": self._layout,
        }
        default, choices = self._default(name), list(self._model.choices(name))
        if choices and default in (*choices, None):
            offered = [None] * (type(None) in self._model.kinds(name)) + [c for c in choices if c is not None]
            options = [("automatic" if choice is None else str(choice), choice) for choice in offered]
            value = default if default in offered else offered[0]
            return ipywidgets.Dropdown(options=options, value=value, style=self._style, **common)
        if self._model.kinds(name) == (bool,) and isinstance(default, bool):
            words = [("yes", True), ("no", False)]
            return ipywidgets.Dropdown(options=words, value=default, style=self._style, **common)
        needed = "required" if info.is_required() else str(default) if isinstance(default, Expression) else ""
        common |= {"placeholder": needed, "continuous_update": False, "style": self._text_style}
        return ipywidgets.Text(value=self._default_text(name), **common)

    def _default(self, name: str) -> Any:
        info = self._model.model_fields[name]
        return None if info.is_required() else info.get_default(call_default_factory=True)

    def _default_text(self, name: str) -> str:
        default = self._default(name)
        computed = isinstance(default, Expression) or self._model.model_fields[name].is_required()
        return "" if computed else self._text(default)

    def _text(self, value: Any) -> str:
        return value if isinstance(value, str) else literal(value)

    def _swap(self, name: str) -> None:
        """Show the field for one value, or that for several."""
        if name not in self._several:
            self._several[name] = ipywidgets.Text(
                description=self.fields[name].description, placeholder="4, 5, 6 or 4:6:0.5", continuous_update=False,
                tooltip=f"Values of {name}, or first:last:step", style=self._text_style, layout=self._layout,
            )  # fmt: skip
            self._several[name].observe(lambda _: self._check(name), "value")
        shown = self._several[name] if self._ticks[name].value else self.fields[name]
        self._boxes[name].children = (shown, *self._boxes[name].children[1:])
        self._check(name)

    def _check(self, name: str) -> None:
        fault = ""
        try:
            if name in self._ticks and self._ticks[name].value:
                if self._several[name].value:
                    parse_values(self._model, name, self._several[name].value)
            elif isinstance(self.fields[name], ipywidgets.Text) and self.fields[name].value != self._default_text(name):
                typed_values(self._model, {name: self.fields[name].value})
        except OptionError as error:
            fault = str(error).splitlines()[0].partition(": ")[2]
        self._say(name, fault)
        if self._changed is not None:
            self._changed()

    def _say(self, name: str, fault: str) -> None:
        help_ = self._model.model_fields[name].description or ""
        low, high = self._model.bounds(name)
        span = (
            ""
            if low is None and high is None
            else f" {'' if low is None else f'{low:g}'} … {'' if high is None else f'{high:g}'}"
        )
        error = f'<span role="alert" class="pt-fault">{html.escape(fault)}</span> ' if fault else ""
        text = f'{error}<span class="pt-help">{html.escape(help_)}{html.escape(span)}</span>'
        if self._words[name].value != text:
            self._words[name].value = text
