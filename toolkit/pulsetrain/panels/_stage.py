"""Where a control's Bokeh figures stand, live in the browser and in step with the kernel."""

from __future__ import annotations

import contextlib
import weakref
from functools import cache
from pathlib import Path
from typing import Any

import anywidget
import traitlets
from bokeh.core.serialization import UnknownReferenceError
from bokeh.models import LayoutDOM
from bokeh.util.paths import bokehjs_path
from IPython.display import display
from jupyter_bokeh import BokehModel

__all__ = ["Stage", "show"]


class _Figures(BokehModel):  # type: ignore[misc]  # jupyter_bokeh is untyped
    """Figures that stand what a browser still says of a figure that has been replaced in the meantime."""

    def _sync_model(self, model: BokehModel, content: dict[str, Any], buffers: list[Any]) -> None:
        with contextlib.suppress(UnknownReferenceError):
            super()._sync_model(model, content, buffers)


class Stage(anywidget.AnyWidget):
    """A widget that shows one Bokeh layout, bringing BokehJS along.

    Parameters
    ----------
    layout : bokeh.models.LayoutDOM
        All figures of a control in one layout, so that they can share ranges and cursors.
    """

    _esm = Path(__file__).parent / "js" / "stage.js"
    _css = Path(__file__).parent / "js" / "stage.css"
    bokehjs = traitlets.Unicode().tag(sync=True)
    figure = traitlets.Unicode().tag(sync=True)

    def __init__(self, layout: LayoutDOM) -> None:
        self._layout, self._bokeh = layout, _Figures(layout)
        super().__init__(bokehjs=_bokehjs(), figure=f"IPY_MODEL_{self._bokeh.model_id}")
        self.on_msg(self._refresh)
        # ipywidgets closes every widget once more when it is collected, which only an empty document stands.
        self._forget = weakref.finalize(self, layout.document.clear)

    def close(self) -> None:
        """Close the figures with the widget, and take the callbacks off them."""
        self._bokeh.layout.close()
        self._bokeh.close()
        self._forget()
        super().close()

    def _refresh(self, _widget: Any, _content: Any, _buffers: Any) -> None:
        """Send the figures as they are now to a view that has just opened: it has missed all changes so far."""
        self._bokeh.update_from_model(self._layout)
        self.send("refreshed")


def show(layout: LayoutDOM) -> None:
    """Display a Bokeh figure live in a notebook, which keeps nothing of BokehJS when it is saved.

    Parameters
    ----------
    layout : bokeh.models.LayoutDOM
        Such as a figure of `pulsetrain.figures`.
    """
    display(Stage(layout))


@cache
def _bokehjs() -> str:
    return (Path(bokehjs_path()) / "js" / "bokeh.min.js").read_text(encoding="utf-8")
