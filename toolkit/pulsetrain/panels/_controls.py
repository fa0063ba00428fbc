"""Widgets for any option model: one row a field, with bounds, unit and help taken from the model."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Generic, TypeVar

import ipywidgets
import numpy as np

from pulsetrain.options import Options
from pulsetrain.panels._slider import SlidNumber

__all__ = ["OptionControls"]

_SLIDER_STEPS = 1000  # a longer range of integers is typed, not slid
_DIGITS = 3  # of a number that is slid over several decades
_LABEL = 118  # px, of the labels; longer ones make room for themselves
_LETTER = 7.0  # px


AnyOptions = TypeVar("AnyOptions", bound=Options)


class OptionControls(Generic[AnyOptions]):
    """A form for a model's fields.

    Parameters
    ----------
    options : Options
        What the form shows first; its class is the model.
    first : sequence of str
        Fields shown at once; the others lie folded under "More options".
    hidden : sequence of str
        Fields that the control sets by other means; they keep their values.
    changed : callable, optional
        Called without arguments after a change by the user, once a slider is let go.
    spans : mapping of str to (low, high, step)
        Numbers that are slid over a part of their bounds, and tell of each change while they are: for what answers at
        once. Any other value within the bounds is typed.
    scales : mapping of str to (str, float)
        Of such numbers, those that are shown in another unit: its name, and what the value is multiplied by.

    Attributes
    ----------
    widget : ipywidgets.VBox
    fields : dict of str to ipywidgets.Widget
        The input of each field; for one that may be left to the method, the input beside its tick box.
    followers : list of callable
        Called without arguments after any change, that of a hidden field too.
    """

    def __init__(
        self,
        options: AnyOptions,
        first: Sequence[str] = (),
        *,
        hidden: Sequence[str] = (),
        changed: Callable[[], None] | None = None,
        spans: Mapping[str, tuple[float, float, float]] | None = None,
        scales: Mapping[str, tuple[str, float]] | None = None,
    ) -> None:
        self._model, self._hidden = type(options), {name: getattr(options, name) for name in hidden}
        self._changed, self._spans, self._scales = changed, spans or {}, scales or {}
        self.followers: list[Callable[[], None]] = []
        self._quiet, self._touched = False, False
        self.fields: dict[str, Any] = {}
        self._ticks: dict[str, Any] = {}
        self._set: dict[str, Any] = {}
        shown = [name for name in self._model.model_fields if name not in self._hidden]
        width = max(_LABEL, int(_LETTER * max(len(self._label(name)) for name in shown)) + 4)
        self._style = {"description_width": f"{width}px"}
        rows = {name: self._row(name, getattr(options, name)) for name in shown}
        more = ipywidgets.Accordion([ipywidgets.VBox([rows[name] for name in shown if name not in first])])
        more.set_title(0, "More options")
        self.widget = ipywidgets.VBox([rows[name] for name in first if name in rows])
        if set(shown) - set(first):
            self.widget.children = (*self.widget.children, more)

    @property
    def options(self) -> AnyOptions:
        """What the form says, validated.

        Raises
        ------
        OptionError
            If a value that can be typed freely is refused by the model.
        """
        return self._model(**self._hidden, **{name: self._value(name) for name in self.fields})

    @options.setter
    def options(self, options: AnyOptions) -> None:
        self._hidden = {name: getattr(options, name) for name in self._hidden}
        self._quiet, self._touched = True, False  # half of the new options, with half of the old, may be none at all
        try:
            for name, field in self.fields.items():
                value = getattr(options, name)
                if name in self._ticks:
                    self._ticks[name].value = value is None
                if value is not None or name not in self._ticks:
                    field.value = self._set[name] = value
        finally:
            self._quiet = False
        if self._touched:
            self._tell(None)
        else:
            self._tell_followers()

    def hide(self, **values: Any) -> None:
        """Set hidden fields."""
        self._hidden.update(values)
        self._tell_followers()

    def _value(self, name: str) -> Any:
        if name in self._ticks and self._ticks[name].value:
            return None
        field = self.fields[name]
        if field.value != self._set.get(name):
            # A slider counts its steps in binary, or in powers of ten: what it shows is what is meant.
            for kind, digits in ((ipywidgets.FloatSlider, 10), (ipywidgets.FloatLogSlider, _DIGITS)):
                if isinstance(field, kind):
                    return float(f"{field.value:.{digits}g}")
        return field.value

    def _label(self, name: str) -> str:
        unit, _ = self._scales.get(name, (self._model.unit(name), 1.0))
        return name.replace("_", " ") + (f" ({unit})" if unit else "")

    def _row(self, name: str, value: Any) -> Any:
        kinds = self._model.kinds(name)
        kind, optional = next(kind for kind in kinds if kind is not type(None)), type(None) in kinds
        field = self.fields[name] = self._field(name, kind, value)
        self._set[name] = value
        field.observe(self._tell, "value")
        if not optional:
            return field
        tick = self._ticks[name] = ipywidgets.Checkbox(
            value=value is None, description="auto", indent=False, layout={"width": "62px"},
            tooltip="Leave it to the method.",
        )  # fmt: skip
        ipywidgets.dlink((tick, "value"), (field, "disabled"))
        tick.observe(self._tell, "value")
        field.layout.flex = "1 1 auto"
        field.layout.width = "0"
        return ipywidgets.HBox([field, tick])

    def _field(self, name: str, kind: Any, value: Any) -> Any:
        words = self._label(name)
        common: dict[str, Any] = {
            "description": words,
            "tooltip": self._model.model_fields[name].description or words,
            "style": self._style,
        }
        low, high = self._model.bounds(name)
        if name in self._spans and low is not None and high is not None:
            span, (_, scale) = self._spans[name], self._scales.get(name, ("", 1.0))
            start = kind(span[0] if value is None else value)
            return SlidNumber(start, span, bounds=(low, high), scale=scale, **common)
        common["layout"] = ipywidgets.Layout(width="auto")
        if choices := [choice for choice in self._model.choices(name) if choice is not None]:
            return ipywidgets.Dropdown(options=choices, value=choices[0] if value is None else value, **common)
        if kind is bool:
            return ipywidgets.Checkbox(value=bool(value), **common)
        if kind in (int, float):
            return _numeric(kind, value, low, high, common)
        return ipywidgets.Text(value="" if value is None else str(value), continuous_update=False, **common)

    def _tell(self, _change: Any) -> None:
        if self._quiet:
            self._touched = True
            return
        if self._changed is not None:
            self._changed()
        self._tell_followers()

    def _tell_followers(self) -> None:
        for follower in self.followers:
            follower()


def _numeric(kind: type, value: Any, low: float | None, high: float | None, common: dict[str, Any]) -> Any:
    if low is None or high is None:
        entry = ipywidgets.IntText if kind is int else ipywidgets.FloatText
        return entry(value=value or 0, continuous_update=False, **common)
    slid = {**common, "min": low, "max": high, "continuous_update": False}
    if kind is int:
        slid |= {"min": int(low), "max": int(high), "value": int(low) if value is None else value}
        return ipywidgets.IntSlider(**slid) if high - low <= _SLIDER_STEPS else ipywidgets.BoundedIntText(**slid)
    if low > 0 and high / low >= 100:
        middle = 10 ** (np.log10(low * high) / 2)
        shown = f".{_DIGITS}{'r' if low > 1e-3 else 'g'}"  # without an exponent, where zeros are few
        slid |= {"min": np.log10(low), "max": np.log10(high), "step": 0.05, "readout_format": shown}
        return ipywidgets.FloatLogSlider(base=10, value=middle if value is None else value, **slid)
    start = low if value is None else value
    if 0 < abs(start) < (high - low) / 200:  # a slider could not set it
        return ipywidgets.BoundedFloatText(value=start, step=start / 10, **slid)
    return ipywidgets.FloatSlider(value=start, step=_round_step((high - low) / 200), readout_format=".3r", **slid)


def _round_step(step: float) -> float:
    """Return the next longer step of 1, 2 or 5 times a power of ten."""
    power = 10.0 ** np.floor(np.log10(step))
    return float(f"{power * next(each for each in (1, 2, 5, 10) if each * power >= 0.999 * step):.10g}")
