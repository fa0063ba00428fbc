"""Look into folders, runs and files before opening them: what is there, what it looks like, and the Python to open it.

Examples
--------
>>> from pulsetrain.data import browse
>>> browse.list_folder("/gpfs/exfel/exp/SPB/202601/p900100/proc").entries[0].kind                  # doctest: +SKIP
'run'
>>> browse.list_sources("/gpfs/exfel/exp/SPB/202601/p900100/proc/r0012").sources[0].name           # doctest: +SKIP
'SPB_DET_AGIPD1M-1/DET/*CH0:xtdf'
>>> print(browse.code("crystals/experiment.h5", "/entry_1/data_1", "data"))                         # doctest: +SKIP
import pulsetrain
<BLANKLINE>
frames = pulsetrain.open_frames("crystals/experiment.h5", key="/entry_1/data_1/data")
frames
"""

from __future__ import annotations

import gc
import os
from pathlib import Path
from typing import Any

import numpy as np

from pulsetrain.data._browse_contents import (
    Curve,
    Key,
    OpenContents,
    Source,
    Sources,
    Text,
    code_of,
    shape_text,
)
from pulsetrain.data._browse_folder import Entry, Listing, file_kind, list_folder
from pulsetrain.data._browse_pictures import Thumbnail, draw_image, draw_line, draw_text
from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import PathLike, expanded

__all__ = [
    "Entry",
    "Key",
    "Listing",
    "Source",
    "Sources",
    "Thumbnail",
    "code",
    "keys",
    "list_folder",
    "list_sources",
    "thumbnail",
]

# A larger frame is not read only to make a thumbnail.
_MOST_BYTES = 256 * 2**20
# What was opened last, by its path, with the time of its last change.
_OPEN: dict[str, tuple[int, OpenContents]] = {}
_KEPT = 4


def list_sources(path: PathLike) -> Sources:
    """List the sources of a run, or the groups of a file.

    Parameters
    ----------
    path : path
        A European XFEL run folder or file; a HDF5, CXI, NeXus or NumPy file; a text file of spectra, or a folder of
        them.

    Returns
    -------
    Sources
        The modules of a detector are folded into one source.

    Raises
    ------
    DataError
        For what is none of these, damaged, or may not be read.
    """
    return _opened(path).sources()


def keys(path: PathLike, source: str) -> tuple[Key, ...]:
    """List the keys of a source, or the datasets of a group, with shape, type and unit.

    Parameters
    ----------
    path : path
    source : str
        A name out of `list_sources`.

    Returns
    -------
    tuple of Key
    """
    # What is opened as frames or spectra comes first: a detector has thirty keys of its own bookkeeping.
    return tuple(sorted(_opened(path).keys(source), key=lambda key: key.opens == "values"))


def code(path: PathLike, source: str, key: str) -> str:
    """Write the Python that opens a key.

    Parameters
    ----------
    path : path
        Written as given.
    source, key : str
        Names out of `list_sources` and `keys`.

    Returns
    -------
    str
        A notebook's cell: `open_frames` or `open_spectra` where they fit, else EXtra-data, h5py or NumPy.
    """
    contents = _opened(path)
    return code_of(str(expanded(path)), contents, source, _key(contents, source, key))


def thumbnail(
    path: PathLike, source: str, key: str, entry: int = 0, size: tuple[int, int] = (480, 360), *, dark: bool = False
) -> Thumbnail:
    """Draw a key: one frame or spectrum of it, or its values over the trains.

    Parameters
    ----------
    path : path
    source, key : str
        Names out of `list_sources` and `keys`.
    entry : int
        Number of the frame or spectrum.
    size : (width, height), pixels
    dark : bool
        Whether lines are to be seen on a dark page.

    Returns
    -------
    Thumbnail
        PNG, and what it shows in words.

    Raises
    ------
    DataError
        For an entry that there is not, or one that is too large.
    """
    contents = _opened(path)
    found = _key(contents, source, key)
    if found.opens == "frames":
        return _frame(str(expanded(path)), found, entry, size)
    if found.opens == "spectra":
        return _spectrum(str(expanded(path)), found, entry, size, dark=dark)
    return _values(contents.values(source, found), found, size, dark=dark)


def _opened(path: PathLike) -> OpenContents:
    """Open a run or file; the last ones are kept, until they change."""
    place = expanded(path)
    try:
        stamp = place.stat().st_mtime_ns
    except (OSError, ValueError):
        raise DataError(path, "no such file or folder", "an existing run or file", "check the path") from None
    known = _OPEN.pop(str(place), None)
    if known is None or known[0] != stamp:
        if known is not None:
            # EXtra-data would go on with the files as they were for as long as anybody holds them, be it a cycle.
            known = None
            gc.collect()
        known = stamp, _open(str(place))
    _OPEN[str(place)] = known
    while len(_OPEN) > _KEPT:
        del _OPEN[next(iter(_OPEN))]
    return known[1]


def _open(path: str) -> OpenContents:
    from pulsetrain.data._run import is_run

    place = Path(path)
    kind = file_kind(place.name)
    if not os.access(place, os.R_OK):
        raise DataError(path, "no permission to read it", "a readable run or file", "ask for access to it")
    if (place.is_dir() or kind in ("hdf5", "other")) and is_run(place):
        from pulsetrain.data._browse_run import RunContents

        return RunContents(path)
    if kind == "numpy" and place.is_file():
        from pulsetrain.data._browse_files import NumpyContents

        return NumpyContents(path)
    if place.is_dir() or kind == "spectra":
        from pulsetrain.data._browse_files import SpectraContents

        return SpectraContents(path)
    from pulsetrain.data._browse_hdf5 import Hdf5Contents

    return Hdf5Contents(path)


def _key(contents: OpenContents, source: str, name: str) -> Key:
    found = contents.keys(source)
    key = next((key for key in found if key.name == name), None)
    if key is None:
        known = ", ".join(key.name for key in found[:6])
        raise DataError(source, f"key {name!r}", f"a key of the source: {known}", "list the source's keys again")
    return key


def _frame(path: str, key: Key, entry: int, size: tuple[int, int]) -> Thumbnail:
    from pulsetrain.data.frames import open_frames

    arguments: dict[str, Any] = dict(key.arguments)
    frames = open_frames(path, **arguments)
    _check_entry(key, entry, frames.shape[0], "frame")
    one = frames[entry]
    if one.nbytes > _MOST_BYTES:
        got = f"a frame of {shape_text(one.shape)}"
        raise DataError(key.name, got, f"at most {_MOST_BYTES >> 20} MB for a thumbnail", "open it in a notebook")
    values = np.asarray(one.values, dtype=np.float32)
    words = [f"{key.name}, frame {entry + 1} of {frames.shape[0]}{_identity(one)}", shape_text(values.shape)]
    masked = 1 - float(np.isfinite(values).mean())
    if values.ndim == 3:
        from pulsetrain.data._browse_layout import laid_out

        values, how = laid_out(values)
        words.append(how)
    drawn = draw_image(values, size, frames.attrs["units"])
    words.append(drawn.words)
    if 0 < masked < 1:
        words.append(f"{masked:.1%} masked (grey)")
    return Thumbnail(drawn.png, ", ".join(words))


def _spectrum(path: str, key: Key, entry: int, size: tuple[int, int], *, dark: bool) -> Thumbnail:
    from pulsetrain.data.spectra import open_spectra

    arguments: dict[str, Any] = dict(key.arguments)
    series = open_spectra(path, **arguments)
    _check_entry(key, entry, series.shape[0], "spectrum")
    one = series[entry]
    order, axis = one["order"], one["axis"]
    known = order.attrs["long_name"] != "spectrum"  # else it is only counted
    place = f", {order.attrs['long_name']} {order.item():.10g} {order.attrs['units']}".rstrip() if known else ""
    drawn = draw_line(one.values, axis.values, size, (_label(axis.attrs), _label(series.attrs)), dark=dark)
    words = f"{key.name}, spectrum {entry + 1} of {series.shape[0]}{place}, {drawn.words}"
    return Thumbnail(drawn.png, words)


def _values(values: Curve | Text, key: Key, size: tuple[int, int], *, dark: bool) -> Thumbnail:
    if isinstance(values, Text):
        drawn = draw_text(values.text, size, dark=dark)
        return Thumbnail(drawn.png, f"{key.name}: {drawn.words}")
    if values.y.ndim > 1 and min(values.y.shape) > 1:
        drawn = draw_image(values.y, size, key.units, square=False)
        drawn = Thumbnail(drawn.png, f"{shape_text(values.y.shape)} values, {drawn.words}")
    else:
        drawn = draw_line(np.ravel(values.y), values.x, size, (values.x_label, values.y_label), dark=dark)
    return Thumbnail(drawn.png, ", ".join(filter(None, [key.name, drawn.words, values.note])))


def _check_entry(key: Key, entry: int, number: int, what: str) -> None:
    if not 0 <= entry < number:
        raise DataError(key.name, f"{what} {entry}", f"0 … {number - 1}", "choose another")


def _identity(frame: Any) -> str:
    ids = {"trainId": "train", "pulseId": "pulse"}
    return "".join(f", {word} {int(frame[name])}" for name, word in ids.items() if name in frame.coords)


def _label(attrs: dict[str, Any]) -> str:
    name, units = attrs.get("long_name", ""), attrs.get("units", "")
    return f"{name} ({units})" if units else str(name)
