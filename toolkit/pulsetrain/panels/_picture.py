"""A picture in an output of its own: what a saved or exported notebook shows, where a control needs a kernel."""

from __future__ import annotations

import base64
import io
from typing import TYPE_CHECKING, Any

from IPython.display import DisplayHandle, display

if TYPE_CHECKING:
    import ipywidgets
    from matplotlib.figure import Figure

__all__ = ["Picture", "png"]

_CONTROL = "pulsetrain-control"
_LIVE = {"pulsetrain": "control"}  # by which the sidebar finds the controls of a notebook
_PAPER = {"needs_background": "light"}  # by which stage.css tells it from a user's own outputs


class Picture:
    """Holds a place below a control and fills it when there is something to show."""

    def __init__(self) -> None:
        self._places: list[DisplayHandle] = []
        self._data: dict[str, Any] = {"text/plain": ""}

    def display_below(self, control: ipywidgets.DOMWidget) -> None:
        """Display a control and take the place right below it, which stage.css hides while the control is alive."""
        control.add_class(_CONTROL)
        display(control, metadata=_LIVE)
        self.display()

    def display(self) -> None:
        """Take a place in the output of the present cell."""
        handle = display(self._data, raw=True, display_id=True, metadata=_PAPER)
        if handle is not None:
            self._places.append(handle)

    def update(self, drawing: Figure, words: str) -> None:
        """Show a drawing in every place taken so far.

        Parameters
        ----------
        drawing : matplotlib.figure.Figure
        words : str
            The same in words, for those who do not see it.
        """
        self.show(png(drawing), words)

    def show(self, picture: bytes, words: str) -> None:
        """Show a picture that `png` has drawn already, in a thread."""
        self._data = {"image/png": base64.b64encode(picture).decode("ascii"), "text/plain": words}
        for place in self._places:
            place.update(self._data, raw=True, metadata={"image/png": {"alt": words}, **_PAPER})


def png(drawing: Figure) -> bytes:
    """Return a drawing as PNG."""
    buffer = io.BytesIO()
    drawing.savefig(buffer, format="png")
    return buffer.getvalue()
