"""The detector image that every control shows its frames with."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data import DataError
from pulsetrain.panels._image_limits import COLOUR_MAPS, Contrast, Limits
from pulsetrain.panels._image_picture import Look, draw_image
from pulsetrain.panels._image_planes import as_frame, as_mask, pack
from pulsetrain.panels._image_readout import Readout
from pulsetrain.panels._image_widget import ImageWidget

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["FrameImage", "Readout"]

Click = Callable[[tuple[int, int], float | None], None]


class FrameImage(ImageWidget):
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
    colour_map : {"viridis", "cividis", "magma", "inferno", "gray", "PuOr_r", "RdBu_r"}
        The last two are for signed data.
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

    colour_map = traitlets.Enum(COLOUR_MAPS, "viridis").tag(sync=True)
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
        self._frame: Any = None
        self._values: NDArray[Any] | None = None
        self._mask: NDArray[np.bool_] | None = None
        self._contrast = Contrast(np.zeros((0, 0)), np.zeros((0, 0), dtype=bool))
        self._clicks: list[Click] = []
        state = {"units": units, "title": title, "scale": scale, "colour_map": colour_map, "limits": limits}
        super().__init__(pixel_size=pixel_size, readout=readout, height=height, **state)
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

    @property
    def shown_limits(self) -> Limits:
        """Limits of the contrast in force, automatic or not."""
        automatic = self._contrast.automatic(self.scale, self.colour_map)
        low, high = self.limits or automatic
        if self.scale == "log" and low <= 0:  # a logarithm has no place for it
            return (automatic[0], high) if high > automatic[0] else automatic
        return float(low), float(high)

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

    def _take(self, frame: Any, values: NDArray[Any], mask: NDArray[np.bool_] | None) -> None:
        self._frame, self._values, self._mask = frame, values, mask
        valid = np.isfinite(values) if mask is None else np.isfinite(values) & ~mask
        self._contrast = Contrast(values, valid)
        self._place(frame)
        self._link.frame(pack(values, mask))
        self._changed()

    def _places(self, name: str) -> NDArray[np.float32] | None:
        return self._overlays[name].places if name in self._overlays else None

    def _on_message(self, widget: Any, content: dict[str, Any], buffers: Any) -> None:
        super()._on_message(widget, content, buffers)
        if content["kind"] == "click":
            for callback in tuple(self._clicks):
                callback((content["x"], content["y"]), content["value"])

    def _words(self) -> str:
        size = "no frame" if self._values is None else f"{self._values.shape[1]} × {self._values.shape[0]} pixels"
        markers = "".join(f", {part.label.lower()}: {len(part.places)}" for part in self._overlays.values())
        return f"Detector image {self.title}: {size}{markers}".replace(" :", ":")
