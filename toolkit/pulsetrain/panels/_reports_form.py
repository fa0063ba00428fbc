"""A form for the parameters of any notebook: typed, each with its help and what is wrong with it beside it.

Unlike `OptionControls`, which slides over the values of a method's own options, it stands parameters without a
default, defaults that are computed, lists and mappings, and it refuses what is out of bounds instead of moving it.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_origin

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
_WIDTH = {"width": "480px", "max_width": "calc(100% - 4px)", "flex": "0 0 auto"}
_UNSET = "not set"
_NONE = object()  # None as a choice, since ipywidgets takes that for a list in which nothing is chosen


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
        self._wide = ipywidgets.Layout(
            flex="1 1 240px", width="auto", min_width="0"
        )  # below the field in a narrow place
        self._wrapped = ipywidgets.Layout(flex_flow="row wrap")
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
            elif (value := None if field.value is _NONE else field.value) != self._default(name):
                plain[name] = value
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
                field.value = self._text(name, value) if name in values else self._default_text(name)
            else:
                field.value = _choice(value)

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
        shared = (self._style, self._text_style, self._layout, self._narrow, self._wide, self._wrapped)
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
        self._boxes[name] = ipywidgets.HBox([*parts, words], layout=self._wrapped)
        return self._boxes[name]

    def _field(self, name: str) -> Any:
        unit, info = self._model.unit(name), self._model.model_fields[name]
        label = name + (f" ({unit})" if unit else "")
        common: dict[str, Any] = {
            "description": label,
            "tooltip": info.description or name,
            "layout": self._layout,
        }
        if choices := self._choices(name):
            value = _choice(self._default(name))
            return ipywidgets.Dropdown(options=choices, value=value, style=self._style, **common)
        common |= {"placeholder": self._empty(name), "continuous_update": False, "style": self._text_style}
        return ipywidgets.Text(value=self._default_text(name), **common)

    def _choices(self, name: str) -> list[tuple[str, Any]]:
        """Return the values that there are, and what they are called; nothing where they cannot be listed."""
        default, kinds = self._default(name), self._model.kinds(name)
        if any(get_origin(kind) is not Literal and kind not in (bool, type(None)) for kind in kinds):
            return []
        stated = self._model.choices(name)
        found = [(self._empty(name), default)] if self._computed(name) else []
        found += [(_UNSET, _NONE)] if None in stated or type(None) in kinds else []
        found += [("yes", True), ("no", False)] if bool in kinds else []
        found += [(str(choice), choice) for choice in stated if choice is not None]
        return found if _choice(default) in [value for _, value in found] else []

    def _default(self, name: str) -> Any:
        """Return a parameter's default; an ellipsis where it is required."""
        info = self._model.model_fields[name]
        return ... if info.is_required() else info.get_default(call_default_factory=True)

    def _default_text(self, name: str) -> str:
        return "" if self._computed(name) else self._text(name, self._default(name))

    def _computed(self, name: str) -> bool:
        """Return whether no value stands for the default, as it is required or the notebook's to compute."""
        return self._default(name) is ... or isinstance(self._default(name), Expression)

    def _empty(self, name: str) -> str:
        """Return what a field that is left empty stands for."""
        if self._computed(name):
            return "required" if self._default(name) is ... else str(self._default(name))
        kinds = self._model.kinds(name)
        return _UNSET if type(None) in kinds and str not in kinds else ""

    def _text(self, name: str, value: Any) -> str:
        """Return a value as it is typed: None by nothing, where that is neither a text nor the default."""
        if value is None and not self._computed(name) and {str, Any}.isdisjoint(self._model.kinds(name)):
            return ""
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


def _choice(value: Any) -> Any:
    """Return what stands for a value in a list of choices."""
    return _NONE if value is None else value
