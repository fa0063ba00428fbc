"""What every reader of frames hands over, how axes are recognised, and how it is labelled."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import dask.array as da
import xarray as xr

from pulsetrain.data._errors import DataError

__all__ = ["IMAGE", "MODULES", "Frames", "arranged", "labelled"]

MODULES = ("pattern", "module", "slow_scan", "fast_scan")
IMAGE = ("pattern", "y", "x")
_GAIN = ("pattern", "module", "gain", "slow_scan", "fast_scan")

# Modules of AGIPD (16 or 8) and DSSC: a 3-D array of these is one frame, not a stack of pictures. LPD's square modules
# could as well be 16 pictures; they need dims=.
_MODULE_SHAPES = {(512, 128): (8, 16), (128, 512): (16,)}


@dataclass(frozen=True)
class Frames:
    """Frames before they are labelled.

    Attributes
    ----------
    array : dask array in the order of `dims`
    dims : tuple of str
        `MODULES` or `IMAGE`.
    source, fingerprint : str
    units : str
    coords : dict
        Further coordinates, in xarray's form.
    attrs : dict
        Further attributes, text or numbers.
    """

    array: da.Array
    dims: tuple[str, ...]
    source: str
    fingerprint: str
    units: str = ""
    coords: dict[str, Any] = field(default_factory=dict)
    attrs: dict[str, Any] = field(default_factory=dict)


def labelled(frames: Frames, units: str | None) -> xr.DataArray:
    """Return frames as a labelled array."""
    if not frames.array.size:
        got = f"no frames (shape {frames.array.shape})"
        raise DataError(frames.source, got, "at least one frame", "choose another run or dataset")
    known = {"units": frames.units if units is None else units}
    attrs = {"long_name": "intensity", **known, "source": frames.source, "fingerprint": frames.fingerprint}
    return xr.DataArray(frames.array, dims=frames.dims, coords=frames.coords, attrs=attrs | frames.attrs, name="frames")


def arranged(
    array: da.Array, dims: Sequence[str] | None, place: str
) -> tuple[da.Array, tuple[str, ...], da.Array | None]:
    """Name the axes of a stored array and bring it into one of the two forms.

    Parameters
    ----------
    array : dask array of numbers
    dims : sequence of str or None
        As named by the user; None to go by the shape.
    place : str
        For the error.

    Returns
    -------
    array, dims, gain
        The gain plane of raw AGIPD data is parted from the frames; None where there is none.
    """
    if array.dtype.kind not in "iufb":
        raise DataError(place, f"an array of {array.dtype}", "numbers", "choose another dataset by key=")
    names = _named(array, dims, place) if dims is not None else _guessed(array.shape)
    if names is None:
        allowed = "2-D (one picture), 3-D (pattern, y, x), 4-D (pattern, module, slow_scan, fast_scan), 5-D with gain"
        raise DataError(place, f"an array of shape {array.shape}", allowed, "choose another dataset by key=, or dims=")
    if names == IMAGE and array.shape[1:] == (8192, 128):
        # Sixteen AGIPD modules stacked along slow scan, as Cheetah and CrystFEL write them.
        array, names = array.reshape(-1, 16, 512, 128), MODULES
    if "pattern" not in names:
        array, names = array[None], ("pattern", *names)
    gain = None
    if "gain" in names:
        planes = da.moveaxis(array, names.index("gain"), 0)
        array, gain = planes[0], (planes[1] if planes.shape[0] > 1 else None)
        names = tuple(name for name in names if name != "gain")
    order = MODULES if "module" in names else IMAGE
    axes = [names.index(name) for name in order]
    return array.transpose(axes), order, None if gain is None else gain.transpose(axes)


def _guessed(shape: tuple[int, ...]) -> tuple[str, ...] | None:
    if len(shape) == 3 and shape[0] in _MODULE_SHAPES.get(shape[1:], ()):
        return MODULES[1:]
    return {2: IMAGE[1:], 3: IMAGE, 4: MODULES, 5: _GAIN}.get(len(shape))


def _named(array: da.Array, dims: Sequence[str], place: str) -> tuple[str, ...]:
    names = tuple(dims)
    known = {*MODULES[1:], "gain"} if "module" in names else set(IMAGE[1:])
    needed = set(MODULES[1:]) if "module" in names else set(IMAGE[1:])
    fits = len(names) == array.ndim == len(set(names))
    if not fits or not needed <= set(names) or not set(names) <= known | {"pattern"}:
        allowed = f"{array.ndim} names out of {_GAIN} or {IMAGE}, for shape {array.shape}"
        raise DataError(place, f"dims={names}", allowed, "name each stored axis once")
    return names
