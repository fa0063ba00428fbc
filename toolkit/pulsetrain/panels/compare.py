"""Two images of the same thing against each other, such as before and after boosting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import traitlets
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data import DataError
from pulsetrain.panels._compare_look import MODES, Pair, family_of, scale_of
from pulsetrain.panels._image_limits import DIVERGING, POOLINGS, SCALES, SEQUENTIAL, Limits
from pulsetrain.panels._image_picture import Look, Part, draw_images
from pulsetrain.panels._image_planes import pack
from pulsetrain.panels._image_readout import Readout
from pulsetrain.panels._image_widget import DRAWN_BY, LIMITS, ImageWidget, checked_limits, is_assembled

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CompareImage"]

_LIMITS_OF = {
    "intensity": "limits",
    "difference": "difference_limits",
    "ratio": "ratio_limits",
    "std": "std_limits",
}


class CompareImage(ImageWidget):
    """Two frames in the browser, swiped, side by side, in turn, subtracted or divided.

    All of that, contrast, scale, colours, zoom and readout work in the browser; the kernel hears of it once, when the
    pointer or the keyboard has left the image, so that code can read what was chosen and a saved notebook shows it.

    Parameters
    ----------
    before, after : array_like or xarray.DataArray, dims (y, x), int or float
        NaN in gaps. With coordinates x and y they are shown as seen along the beam, as in `FrameImage`.
    std : array_like, shape (y, x), optional
        Standard deviation of ``after``, in its unit; NaN or infinite where nothing is known.
    mask : array_like of bool, shape (y, x), optional
        True where a pixel is bad in both.
    mode : {"swipe", "side", "before", "after", "difference", "ratio", "blink", "std"}
        Difference is after − before; ratio is log₂(after / before), of which pixels that are not positive have none.
    gain : float
        By which ``before`` is divided to be in the unit of ``after``: one photon of the good condition gives so many in
        the poor one.
    names : (str, str)
        What the two are called.
    units : str, optional
        Of ``after``; the default is its attribute ``units``, else ``"photons"``.
    title : str
    scale : {"log", "linear", "sqrt", "symlog"}
        Of intensities and, where signs allow it, of differences: there the logarithm becomes symlog.
    colour_map : {"viridis", "cividis", "magma", "inferno", "gray"}
    diverging_map : {"PuOr_r", "RdBu_r"}
        Of difference and ratio.
    limits, difference_limits, ratio_limits, std_limits : (float, float), optional
        Of the contrast, shared by both frames; left out, from percentiles.
    fade : float, σ
        Pixels that are closer to zero than so many σ fade to grey; zero leaves them.
    pooling : {"mean", "peak"}
        What is shown of pixels that share a place on the screen. A peak's height would depend on the noise.
    pixel_size : float, metres, optional
    readout : Readout, optional
        For d-spacings under the cursor and resolution rings.
    height : int, pixels of the screen

    Attributes
    ----------
    before, after, std, mask
        As given to the last `show`.
    mode, scale, colour_map, diverging_map, limits, …, swipe, fade, pooling
        As chosen in the browser, or set. `swipe` is the share of the picture that shows ``before``.

    Raises
    ------
    DataError
        If frames are of different shapes, or no frames.

    Examples
    --------
    >>> before, after = np.ones((3, 4)), np.full((3, 4), 8.0)
    >>> image = CompareImage(before, after, mode="ratio")
    >>> image.shown_limits
    (-3.0, 3.0)
    """

    _drawn_by: ClassVar[tuple[str, ...]] = (
        *DRAWN_BY,
        *("mode", "names", "diverging_map", "difference_limits", "ratio_limits", "std_limits", "fade", "pooling"),
    )

    mode = traitlets.Enum(MODES, "swipe").tag(sync=True)
    names = traitlets.Tuple(traitlets.Unicode(), traitlets.Unicode(), default_value=("Before", "After")).tag(sync=True)
    scale = traitlets.Enum(SCALES, "log").tag(sync=True)
    colour_map = traitlets.Enum(SEQUENTIAL, "viridis").tag(sync=True)
    diverging_map = traitlets.Enum(DIVERGING, "PuOr_r").tag(sync=True)
    difference_limits = traitlets.Tuple(traitlets.Float(), traitlets.Float(), **LIMITS).tag(sync=True)
    ratio_limits = traitlets.Tuple(traitlets.Float(), traitlets.Float(), **LIMITS).tag(sync=True)
    std_limits = traitlets.Tuple(traitlets.Float(), traitlets.Float(), **LIMITS).tag(sync=True)
    swipe = traitlets.Float(0.5, min=0, max=1).tag(sync=True)
    fade = traitlets.Float(0, min=0).tag(sync=True)
    pooling = traitlets.Enum(POOLINGS, "mean").tag(sync=True)

    def __init__(
        self,
        before: ArrayLike | xr.DataArray,
        after: ArrayLike | xr.DataArray,
        std: ArrayLike | xr.DataArray | None = None,
        *,
        mask: ArrayLike | None = None,
        mode: str = "swipe",
        gain: float = 1.0,
        names: tuple[str, str] = ("Before", "After"),
        units: str | None = None,
        pixel_size: float | None = None,
        readout: Readout | None = None,
        **look: Any,
    ) -> None:
        if not 0 < gain < np.inf:
            raise DataError("gain", str(gain), "a positive number", "give 1 where both are in one unit")
        unknown = sorted(set(look) - _LOOK)
        if unknown:
            raise TypeError(f"CompareImage has no {', '.join(unknown)}; it takes {', '.join(sorted(_LOOK))}")
        self._gain = gain
        self._pair = Pair.of(before, after, std, mask, gain)
        self._given: tuple[Any, Any, Any] = before, after, std
        units = units or getattr(after, "attrs", {}).get("units", "photons")
        super().__init__(pixel_size=pixel_size, readout=readout, mode=mode, names=names, units=units, **look)
        self._take()

    def show(
        self,
        before: ArrayLike | xr.DataArray,
        after: ArrayLike | xr.DataArray,
        std: ArrayLike | xr.DataArray | None = None,
        *,
        mask: ArrayLike | None = None,
    ) -> None:
        """Compare other frames, in the mode and with the contrast as they are.

        Raises
        ------
        DataError
            If frames are of different shapes, or no frames; the last ones stay.
        """
        self._pair = Pair.of(before, after, std, mask, self._gain)
        self._given = before, after, std
        if std is None and self.mode == "std":
            self.mode = "after"
        self._take()

    @property
    def before(self) -> Any:
        """The first frame as given."""
        return self._given[0]

    @property
    def after(self) -> Any:
        """The second frame as given."""
        return self._given[1]

    @property
    def std(self) -> Any:
        """Its standard deviation as given."""
        return self._given[2]

    @property
    def mask(self) -> NDArray[np.bool_] | None:
        """True where a pixel is bad, shape (y, x)."""
        return self._pair.mask

    @property
    def shown_limits(self) -> Limits:
        """Limits of the contrast in force, automatic or not."""
        return self._look().limits

    def picture(self) -> Figure:
        """Draw what is shown by matplotlib; both frames beside each other where the browser swipes or blinks."""
        before, after = self.names
        units = f"log₂({after} / {before})" if self.mode == "ratio" else self.units
        return draw_images(
            self._parts(), self._pair.mask, self._look(), title=self.title, units=units, flipped=self._flipped,
            overlays=self._overlays.values(),
        )  # fmt: skip

    def _parts(self) -> list[Part]:
        """Return what the mode shows: no more is made of both frames, which may be large."""
        pair, (before, after) = self._pair, self.names

        def sure(values: NDArray[Any]) -> NDArray[Any] | None:
            return pair.sure(values) if self.fade > 0 else None

        if self.mode == "difference":
            difference = pair.difference
            return [Part(f"{after} − {before}", difference, sure(difference))]
        if self.mode == "ratio":
            return [Part(f"{after} / {before}", pair.ratio, sure(pair.difference))]
        if self.mode == "std":
            return [Part(f"σ of {after}", pair.values("std")[-1])]
        both = [Part(before, pair.before), Part(after, pair.after, sure(pair.after))]
        return {"before": both[:1], "after": both[1:]}.get(self.mode, both)

    def _look(self) -> Look:
        family = family_of(self.mode)
        scale = scale_of(family, self.scale)
        colour_map = self.diverging_map if family in {"difference", "ratio"} else self.colour_map
        contrast = self._pair.contrast(family)
        automatic = contrast.automatic(scale, colour_map)
        low, high = getattr(self, _LIMITS_OF[family]) or automatic
        if scale == "log" and low <= 0:  # a logarithm has no place for it
            low, high = (automatic[0], high) if high > automatic[0] else automatic
        return Look(scale, colour_map, (float(low), float(high)), contrast.threshold, self.pooling, self.fade)

    def _take(self) -> None:
        pair = self._pair
        planes = (pair.after,) if pair.std is None else (pair.after, pair.std)
        self._place(next((frame for frame in self._given[:2] if is_assembled(frame)), self._given[0]))
        self._link.frame(pack(pair.before, pair.mask, *planes))
        self._changed()

    def _words(self) -> str:
        rows, columns = self._pair.before.shape
        names = " and ".join(self.names)
        return f"Comparison of {names} {self.title}: {columns} × {rows} pixels, {self.mode}".replace(" :", ":")

    @traitlets.validate("difference_limits", "ratio_limits", "std_limits")
    def _check_other_limits(self, proposal: dict[str, Any]) -> Limits | None:
        return checked_limits(proposal)

    @traitlets.validate("mode")
    def _check_mode(self, proposal: dict[str, Any]) -> str:
        mode: str = proposal["value"]
        if mode == "std" and self._pair.std is None:
            raise DataError("mode", "std", "that of frames with a standard deviation", "give std, or another mode")
        return mode


_LOOK = {
    *("title", "scale", "colour_map", "diverging_map", "limits", "difference_limits", "ratio_limits", "std_limits"),
    *("swipe", "fade", "pooling", "height"),
}
