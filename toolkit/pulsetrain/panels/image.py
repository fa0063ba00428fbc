"""The detector image that every control shows its frames with."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets
import xarray as xr
from IPython.display import display
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data import DataError
from pulsetrain.panels._image_limits import COLOUR_MAPS, SCALES, Contrast, Limits
from pulsetrain.panels._image_link import Link
from pulsetrain.panels._image_overlays import Marker, Overlay, as_places
from pulsetrain.panels._image_picture import Look, draw_image
from pulsetrain.panels._image_planes import as_frame, as_mask, pack
from pulsetrain.panels._image_readout import Readout
from pulsetrain.panels._picture import Picture

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FrameImage", "Readout"]

_JS = Path(__file__).parent / "js"
_BUNDLE = _JS / "image.js"
_UNBUILT = "export default { render({ el }) { el.textContent = 'image.js is not built: run `make setup`.'; } };"
_SETTLED = 1.0  # s without a change, after which the picture for saving is drawn anew

Click = Callable[[tuple[int, int], float | None], None]


class FrameImage(anywidget.AnyWidget):
    """A detector frame in the browser: contrast, scale, colours, zoom and readout work there without the kernel.

    Where the page is so small that several pixels fall on one of the screen, the most intense of them is shown.

    Parameters
    ----------
    frame : array_like or xarray.DataArray, dims (y, x), int or float, optional
        NaN in gaps. With coordinates x and y, as of `pulsetrain.data.assemble`, it is shown as seen along the beam:
        y upwards, x to the left.
    mask : array_like of bool, shape (y, x), optional
        True where a pixel is bad; it can be shown all the same.
    peaks, spots : array_like, shape (place, 2), pixels, or xarray.Dataset, optional
        Found peaks and predicted spots: x and y, a pixel's centre being at + 0.5. A dataset has ``x`` and ``y``, or
        ``fast_scan`` and ``slow_scan`` where the frame is one module.
    units, title : str
    scale : {"linear", "sqrt", "log", "symlog"}
    colour_map : {"viridis", "cividis", "magma", "inferno", "gray", "PuOr_r"}
        The last is for signed data.
    limits : (float, float), optional
        Of the contrast; left out, from percentiles.
    pixel_size : float, metres, optional
        For axes in millimetres.
    readout : Readout, optional
        For d-spacings under the cursor and resolution rings.
    height : int, pixels of the screen
        Of the picture; it is as wide as the page lets it.

    Attributes
    ----------
    frame, mask, peaks, spots, readout
        As given; may be set, and the browser follows.
    scale, colour_map, limits, title, units
        As now chosen in the browser, or set. `limits` is None while they are automatic.

    Examples
    --------
    >>> image = FrameImage(np.arange(12).reshape(3, 4), peaks=[(2.5, 1.5)], units="photons", scale="linear")
    >>> image.shown_limits
    (0.0, 11.0)
    >>> image.limits = (2, 8)
    """

    _esm = _BUNDLE if _BUNDLE.is_file() else _UNBUILT
    _css = _JS / "image.css"

    scale = traitlets.Enum(SCALES, "log").tag(sync=True)
    colour_map = traitlets.Enum(COLOUR_MAPS, "viridis").tag(sync=True)
    limits = traitlets.Tuple(traitlets.Float(), traitlets.Float(), default_value=None, allow_none=True).tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    units = traitlets.Unicode("ADU").tag(sync=True)
    height = traitlets.Int(480).tag(sync=True)
    _flipped = traitlets.Tuple(traitlets.Bool(), traitlets.Bool(), default_value=(False, False)).tag(sync=True)
    _geometry = traitlets.Dict().tag(sync=True)
    _listening = traitlets.Bool(default_value=False).tag(sync=True)

    def __init__(
        self,
        frame: ArrayLike | xr.DataArray | None = None,
        *,
        mask: ArrayLike | None = None,
        peaks: ArrayLike | xr.Dataset | None = None,
        spots: ArrayLike | xr.Dataset | None = None,
        units: str = "ADU",
        title: str = "",
        scale: str = "log",
        colour_map: str = "viridis",
        limits: Limits | None = None,
        pixel_size: float | None = None,
        readout: Readout | None = None,
        height: int = 480,
    ) -> None:
        self._link, self._picture = Link(self.send), Picture()
        self._frame: Any = None
        self._values: NDArray[Any] | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._contrast = Contrast(np.zeros((0, 0)), np.zeros((0, 0), dtype=bool))
        self._overlays: dict[str, Overlay] = {}
        self._clicks: list[Click] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._settling: asyncio.TimerHandle | None = None
        self._pixel_size, self._readout = pixel_size, readout
        super().__init__(units=units, title=title, scale=scale, colour_map=colour_map, limits=limits, height=height)
        self.on_msg(self._on_message)
        self.observe(self._changed, ["scale", "colour_map", "limits", "title", "units"])
        if frame is not None:
            self.show(frame, mask=mask)
        self.peaks, self.spots = peaks, spots

    @property
    def frame(self) -> Any:
        """The frame as given."""
        return self._frame

    @frame.setter
    def frame(self, frame: ArrayLike | xr.DataArray | None) -> None:
        if frame is None:
            self._frame = self._values = self._mask = None
            self._link.frame(None)
            self._changed()
            return
        values = as_frame(frame)
        same = self._mask is not None and self._mask.shape == values.shape
        self._take(frame, values, self._mask if same else None)

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """True where a pixel is bad, shape (y, x); it stays for later frames of that shape."""
        return self._mask

    @mask.setter
    def mask(self, mask: ArrayLike | None) -> None:
        if self._values is None:
            raise DataError("mask", "no frame", "a frame that it fits", "set the frame first")
        self._take(self._frame, self._values, as_mask(mask, self._values.shape))

    @property
    def readout(self) -> Readout | None:
        """What d-spacings are told by; to be set anew when the camera length changes."""
        return self._readout

    @readout.setter
    def readout(self, readout: Readout | None) -> None:
        self._readout = readout
        self._geometry = self._seen_geometry()

    def show(self, frame: ArrayLike | xr.DataArray, *, mask: ArrayLike | None = None) -> None:
        """Show another frame with a mask of its own.

        Raises
        ------
        DataError
            If the frame is no picture, or the mask of another shape.
        """
        values = as_frame(frame)
        self._take(frame, values, as_mask(mask, values.shape))

    @property
    def peaks(self) -> NDArray[np.float32] | None:
        """Found peaks, shape (peak, 2): x and y."""
        return self._places("peaks")

    @peaks.setter
    def peaks(self, peaks: ArrayLike | xr.Dataset | None) -> None:
        self.set_overlay("peaks", peaks, "square", "#00e5ff", "Found peaks")

    @property
    def spots(self) -> NDArray[np.float32] | None:
        """Predicted spots, shape (spot, 2): x and y."""
        return self._places("spots")

    @spots.setter
    def spots(self, spots: ArrayLike | xr.Dataset | None) -> None:
        self.set_overlay("spots", spots, "circle", "#ff8ad8", "Predicted spots")

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
            As for `peaks`; None takes them away.
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
    def shown_limits(self) -> Limits:
        """Limits of the contrast in force, automatic or not."""
        automatic = self._contrast.automatic(self.scale, self.colour_map)
        low, high = self.limits or automatic
        if self.scale == "log" and low <= 0:  # a logarithm has no place for it
            return (automatic[0], high) if high > automatic[0] else automatic
        return float(low), float(high)

    @property
    def on_screen(self) -> bool:
        """Whether a browser has drawn the frame as it is now."""
        return self._link.on_screen

    def on_click(self, callback: Click, *, remove: bool = False) -> None:
        """Call a function with the pixel, as (x, y), and its value, None in a gap, when a user clicks on one."""
        if remove:
            self._clicks.remove(callback)
        else:
            self._clicks.append(callback)
        self._listening = bool(self._clicks)

    def picture(self) -> Figure:
        """Draw what is shown by matplotlib, for a report or a saved notebook."""
        values = np.full((1, 1), np.nan) if self._values is None else self._values
        look = Look(self.scale, self.colour_map, self.shown_limits, self._contrast.threshold)
        overlays = self._overlays.values()
        return draw_image(
            values, self._mask, look, title=self.title, units=self.units, flipped=self._flipped, overlays=overlays
        )

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
        limits: Limits | None = proposal["value"]
        if limits is not None and not -np.inf < limits[0] < limits[1] < np.inf:
            raise DataError("limits", str(limits), "two finite numbers, the lower one first", "give (low, high)")
        return limits

    def _take(self, frame: Any, values: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
        self._frame, self._values, self._mask = frame, values, mask
        valid = np.isfinite(values) if mask is None else np.isfinite(values) & ~mask
        self._contrast = Contrast(values, valid)
        assembled = _is_assembled(frame)
        self._flipped = (assembled, assembled)
        self._geometry = self._seen_geometry()
        self._link.frame(pack(values, mask))
        self._changed()

    def _seen_geometry(self) -> dict[str, Any]:
        found: dict[str, Any] = {} if self._pixel_size is None else {"pixel_size": self._pixel_size}
        if _is_assembled(self._frame):  # pixels from the beam, which lies on a corner of pixels
            found["beam"] = [-float(self._frame[axis][0]) for axis in ("x", "y")]
        return found if self._readout is None else found | self._readout.state()

    def _places(self, name: str) -> NDArray[np.float32] | None:
        return self._overlays[name].places if name in self._overlays else None

    def _on_message(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        if content["kind"] == "hello":
            self._link.hello()
            if content["picture"]:
                self._send_picture()
        elif content["kind"] == "drawn":
            self._link.drawn(content["version"])
        elif content["kind"] == "click":
            for callback in tuple(self._clicks):
                callback((content["x"], content["y"]), content["value"])

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

    def _send_picture(self) -> None:
        buffer = io.BytesIO()
        self.picture().savefig(buffer, format="png")
        self.send({"kind": "picture"}, [buffer.getvalue()])

    def _words(self) -> str:
        size = "no frame" if self._values is None else f"{self._values.shape[1]} × {self._values.shape[0]} pixels"
        markers = "".join(f", {part.label.lower()}: {len(part.places)}" for part in self._overlays.values())
        return f"Detector image {self.title}: {size}{markers}".replace(" :", ":")


def _is_assembled(frame: Any) -> bool:
    """Whether a frame's coordinates say where the beam is."""
    return isinstance(frame, xr.DataArray) and {"x", "y"} <= set(frame.coords)
