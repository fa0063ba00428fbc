"""A number that is slid or typed, and is kept exactly as it was set."""

from __future__ import annotations

from typing import Any

import ipywidgets
import numpy as np
import traitlets

__all__ = ["SlidNumber"]


class SlidNumber(ipywidgets.HBox):  # type: ignore[misc]  # ipywidgets is untyped
    """A slider over the usual part of a number's bounds, and beside it a box to type any other.

    A slider alone would not do: the browser moves whatever it is set to onto its nearest step, and says so.

    Parameters
    ----------
    value : int or float
        An int is kept as one.
    span : (float, float, float)
        From where to where it slides, and in which steps; as the value.
    bounds : (float, float)
        Of what can be typed; as the value.
    scale : float
        What is shown is the value times this, such as 1000 for metres shown in millimetres.
    description, tooltip : str
    style : dict
        Of the slider's label.

    Attributes
    ----------
    value : int or float
        May be set; a slider that it lies beyond is made longer.
    disabled : bool
    slider, box : ipywidgets.Widget
    """

    value = traitlets.Any()
    disabled = traitlets.Bool(default_value=False)

    def __init__(
        self,
        value: float,
        span: tuple[float, float, float],
        *,
        bounds: tuple[float, float],
        scale: float = 1.0,
        description: str = "",
        tooltip: str = "",
        style: dict[str, str] | None = None,
    ) -> None:
        self._kind, self._scale = type(value), scale
        low, high, self._step = (_plain(scale * end) for end in span)
        self._digits = max(0, int(np.ceil(-np.log10(self._step) - 1e-9)))
        whole = self._kind is int
        steps = {"min": low, "max": high, "step": self._step, "readout": False, "continuous_update": True}
        words = {"description": description, "tooltip": tooltip, "style": style or {}}
        ends = {"min": _plain(scale * bounds[0]), "max": _plain(scale * bounds[1]), "step": self._step}
        self.slider: Any = (ipywidgets.IntSlider if whole else ipywidgets.FloatSlider)(
            value=low, layout={"width": "0", "flex": "1 1 auto"}, **steps, **words
        )
        self.box: Any = (ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText)(
            value=low, layout={"width": "78px", "flex": "0 0 auto"}, tooltip=tooltip, **ends
        )
        super().__init__([self.slider, self.box], value=value)
        for part in self.children:
            ipywidgets.dlink((self, "disabled"), (part, "disabled"))
        self._show()
        self.observe(lambda _: self._show(), "value")
        self.slider.observe(self._slid, "value")
        self.box.observe(self._typed, "value")

    def _show(self) -> None:
        shown = _plain(self._scale * self.value)
        with self.slider.hold_sync():  # in one message, or the browser answers with the old value on the new steps
            self.slider.min = min(self.slider.min, self._kind(self._step * np.floor(shown / self._step)))
            self.slider.max = max(self.slider.max, self._kind(self._step * np.ceil(shown / self._step)))
            self.slider.value = shown
        self.box.value = self._boxed()

    def _boxed(self) -> Any:
        """Return what the box says of the value: a digit more than the slider has."""
        return self._kind(round(self._scale * self.value, self._digits + 1))

    def _slid(self, change: dict[str, Any]) -> None:
        if abs(change["new"] - self._scale * self.value) > 0.51 * self._step:  # nearer is the browser's own rounding
            self._take(round(change["new"], self._digits))

    def _typed(self, change: dict[str, Any]) -> None:
        if change["new"] != self._boxed():
            self._take(change["new"])

    def _take(self, shown: float) -> None:
        self.value = self._kind(_plain(shown / self._scale))


def _plain(number: float) -> float:
    """Return a number without the dust of binary arithmetic, such as 0.1224 for 0.12240000000000001."""
    return number if isinstance(number, int) else float(f"{number:.13g}")
