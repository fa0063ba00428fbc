"""What a single frame and a comparison of two share: the widget, its link to the browser and the picture for saving."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import anywidget
import numpy as np
import traitlets
import xarray as xr
from IPython.display import display
from numpy.typing import ArrayLike

from pulsetrain.data import DataError
from pulsetrain.panels._image_limits import SCALES, Limits
from pulsetrain.panels._image_link import Link
from pulsetrain.panels._image_overlays import Marker, Overlay, as_places
from pulsetrain.panels._image_readout import Readout
from pulsetrain.panels._picture import Picture, png

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["DRAWN_BY", "LIMITS", "ImageWidget", "checked_limits", "is_assembled"]

DRAWN_BY = ("scale", "colour_map", "limits", "title", "units")
LIMITS = {"default_value": None, "allow_none": True}

_JS = Path(__file__).parent / "js"
_BUNDLE = _JS / "image.js"
_UNBUILT = "export default { render({ el }) { el.textContent = 'image.js is not built: run `make setup`.'; } };"
_SETTLED = 1.0  # s without a change, after which the picture for saving is drawn anew


class ImageWidget(anywidget.AnyWidget):
    """An image in the browser: the kernel hands it frames and markers, and is told what a user has chosen."""

    _esm = _BUNDLE if _BUNDLE.is_file() else _UNBUILT
    _css = _JS / "image.css"
    _settling: asyncio.TimerHandle | None = None  # also of a widget that was refused before it was made
    _drawn_by: ClassVar[tuple[str, ...]] = DRAWN_BY

    scale = traitlets.Enum(SCALES, "log").tag(sync=True)
    limits = traitlets.Tuple(traitlets.Float(), traitlets.Float(), **LIMITS).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    units = traitlets.Unicode("ADU").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
    _flipped = traitlets.Tuple(traitlets.Bool(), traitlets.Bool(), default_value=(False, False)).tag(sync=True)
    _geometry = traitlets.Dict().tag(sync=True)

    def __init__(self, *, pixel_size: float | None, readout: Readout | None, **state: Any) -> None:
        self._link, self._picture = Link(self.send), Picture()
        self._overlays: dict[str, Overlay] = {}
        self._placed: Any = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pixel_size, self._readout = pixel_size, readout
        super().__init__(**state)
        self.on_msg(self._on_message)
        self.observe(self._changed, list(self._drawn_by))

    @property
    def readout(self) -> Readout | None:
        """What d-spacings are told by; to be set anew when the camera length changes."""
        return self._readout

    @readout.setter
    def readout(self, readout: Readout | None) -> None:
        self._readout = readout
        self._geometry = self._seen_geometry()

    def set_overlay(
        self,
        name: str,
        places: ArrayLike | xr.Dataset | None,
        marker: Marker = "cross",
        colour: str = "#ffffff",
        label: str | None = None,
    ) -> None:
        """Show markers, or take them away.

        Parameters
        ----------
        name : str
            Markers of the same name are replaced.
        places : array_like, shape (place, 2), pixels, or xarray.Dataset, or None
            x and y, a pixel's centre being at + 0.5; a dataset has ``x`` and ``y``, or ``fast_scan`` and
            ``slow_scan``. None takes them away.
        marker : {"square", "circle", "cross", "plus", "diamond"}
        colour : str
            ``"#rrggbb"``.
        label : str, optional
            What the legend calls them; the default is the name.

        Raises
        ------
        DataError
            If the places or the marker are of another kind.
        """
        if places is None and name not in self._overlays:
            return
        overlay = None if places is None else Overlay(name, as_places(places), marker, colour, label or name)
        if overlay is None:
            del self._overlays[name]
        else:
            self._overlays[name] = overlay
        self._link.overlay(name, overlay)
        self._changed()

    @property
    def on_screen(self) -> bool:
        """Whether a browser has drawn the frame as it is now."""
        return self._link.on_screen

    @abstractmethod
    def picture(self) -> Figure:
        """Draw what is shown by matplotlib, for a report or a saved notebook."""

    @abstractmethod
    def _words(self) -> str:
        """Return the same in words."""

    def close(self) -> None:
        """Free what browser and kernel hold of the image."""
        if self._settling is not None:
            self._settling.cancel()
        super().close()

    def _ipython_display_(self) -> None:
        bundle = self._repr_mimebundle_()
        if bundle is not None:
            display(bundle[0], metadata=bundle[1], raw=True)
        self._picture.display()
        self._update_picture()
        try:
            self._loop = asyncio.get_running_loop()
        except RuntimeError:  # a script: nobody will change anything in a browser
            self._loop = None

    @traitlets.validate("limits")
    def _check_limits(self, proposal: dict[str, Any]) -> Limits | None:
        return checked_limits(proposal)

    def _place(self, frame: Any) -> None:
        """Take what a frame's coordinates say of where it lies."""
        self._placed = frame
        assembled = is_assembled(frame)
        self._flipped = (assembled, assembled)
        self._geometry = self._seen_geometry()

    def _seen_geometry(self) -> dict[str, Any]:
        found: dict[str, Any] = {} if self._pixel_size is None else {"pixel_size": self._pixel_size}
        if is_assembled(self._placed):  # pixels from the beam, which lies on a corner of pixels
            found["beam"] = [-float(self._placed[axis][0]) for axis in ("x", "y")]
        return found if self._readout is None else found | self._readout.state()

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content["kind"] == "hello":
            self._link.hello()
            if content["picture"]:
                self.send({"kind": "picture"}, [png(self.picture())])
        elif content["kind"] == "drawn":
            self._link.drawn(content["version"])

    def _changed(self, _change: Any = None) -> None:
        """Draw the picture anew, once nothing has changed for a while."""
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._settle, self._loop)

    def _settle(self, loop: asyncio.AbstractEventLoop) -> None:
        if self._settling is not None:
            self._settling.cancel()
        self._settling = loop.call_later(_SETTLED, self._update_picture)

    def _update_picture(self) -> None:
        self._picture.update(self.picture(), self._words())


def checked_limits(proposal: dict[str, Any]) -> Limits | None:
    """Return the limits that a trait is to be set to.

    Raises
    ------
    DataError
        If they are not two finite numbers, the lower one first.
    """
    limits: Limits | None = proposal["value"]
    if limits is not None and not -np.inf < limits[0] < limits[1] < np.inf:
        name = proposal["trait"].name
        raise DataError(name, str(limits), "two finite numbers, the lower one first", "give (low, high)")
    return limits


def is_assembled(frame: Any) -> bool:
    """Whether a frame's coordinates say where the beam is."""
    return isinstance(frame, xr.DataArray) and {"x", "y"} <= set(frame.coords)
