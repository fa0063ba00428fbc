"""Which spectra are labelled, and how a person writes that down."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pulsetrain.options import OptionError

if TYPE_CHECKING:  # xarray takes seconds to import, which a form or a command line need not wait for
    import xarray as xr

__all__ = ["as_labels", "class_0_first", "gap_middle", "labels_of", "parse_labels", "read_labels"]

Labels = NDArray[np.int64]

_ENDS = 12.0  # % of the series labelled at either end when nothing else is said
_NUMBER = r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?"
_ENDS_FORM = re.compile(rf"ends(?:\s+(?P<share>{_NUMBER})\s*%)?")
_INDEX_FORM = re.compile(r"(?P<first>\d+)(?:\s*-\s*(?P<last>\d+)(?:\s*/\s*(?P<step>[1-9]\d*))?)?")
_ORDER_FORM = re.compile(rf"(?P<low>{_NUMBER})\s*\.\.\s*(?P<high>{_NUMBER})\s*(?P<unit>[^\d\s:].*)?")
_ALLOWED = (
    "allowed are 'ends', 'ends 20 %', indices such as '0-150/10:0, 200-340/10:1', "
    "or ordering values such as '300..700 K:0, 750..1150 K:1'"
)


def parse_labels(text: str, series: xr.DataArray) -> Labels:
    """Read the labels a person wrote for a series.

    Parameters
    ----------
    text : str
        ``"ends"``, or parts separated by commas or semicolons, each a range and its class after a colon: by index from
        0, both ends included, every n-th after a slash (``"0-150/10:0, 200-340/10:1"``), or by value of the ordering
        variable (``"300..700 K:0; 750..1150 K:1"``), the unit optional.
    series : xarray.DataArray, dims (spectrum, channel)
        With the coordinate ``order`` where values are used.

    Returns
    -------
    numpy.ndarray, shape (spectrum,), int64
        −1 unlabelled, 0 and 1.

    Raises
    ------
    OptionError
        If the text cannot be read, a range holds no spectrum, two ranges contradict each other or a class is missing.
    """
    n = series.sizes["spectrum"]
    labels = np.full(n, -1)
    for part in read_labels(text):
        chosen = part.spectra(series)
        if not chosen.any():
            raise OptionError(f"labels: got {part.text!r}, which holds no spectrum; {_extent(series)}")
        if np.any(labels[chosen] == 1 - part.label):
            raise OptionError(f"labels: {part.text!r} contradicts an earlier range; give each spectrum one class")
        labels[chosen] = part.label
    return as_labels(labels, n)


def as_labels(labels: ArrayLike | Mapping[int, int] | xr.DataArray, n: int) -> Labels:
    """Bring labels to one form and check them.

    Parameters
    ----------
    labels : array of int, shape (n,), or mapping of index to class
        −1 (or absent from the mapping) is unlabelled, else 0 or 1.
    n : int
        Spectra in the series.

    Returns
    -------
    numpy.ndarray, shape (n,), int64

    Raises
    ------
    OptionError
        If the number, a class or an index is out of range, or either class has no spectrum.
    """
    if isinstance(labels, Mapping):
        result = np.full(n, -1)
        for index, label in labels.items():
            if not isinstance(index, (int, np.integer)) or not -n <= index < n:
                raise OptionError(f"labels: got spectrum {index!r}, allowed whole numbers 0 … {n - 1}")
            if label not in (-1, 0, 1):
                raise OptionError(f"labels: got class {label!r}, allowed 0, 1, and −1 for unlabelled")
            result[index] = label
    else:
        given = np.asarray(labels)
        if given.shape != (n,):
            raise OptionError(
                f"labels: got shape {given.shape}, allowed ({n},): one label a spectrum, −1 where unknown"
            )
        result = np.where(np.isnan(given), -1, given) if given.dtype.kind == "f" else given
    unknown = np.setdiff1d(result, (-1, 0, 1))
    if unknown.size:
        raise OptionError(f"labels: got class {unknown[0]}, allowed 0, 1, and −1 for unlabelled")
    for label in (0, 1):
        if not np.any(result == label):
            raise OptionError(f"labels: no spectrum of class {label}; label at least one on either side of the switch")
    return result.astype(np.int64)


def labels_of(labels: ArrayLike | Mapping[int, int] | str, series: xr.DataArray) -> Labels:
    """Return the labels of a series, given as written for `parse_labels` or as taken by `as_labels`."""
    return parse_labels(labels, series) if isinstance(labels, str) else as_labels(labels, series.sizes["spectrum"])


def class_0_first(labels: Labels) -> bool:
    """Return whether class 0 comes first in the series.

    Parameters
    ----------
    labels : numpy.ndarray, shape (spectrum,), int64
        −1 unlabelled, 0 and 1, both there.

    Raises
    ------
    OptionError
        If the labels switch more than once; names two spectra.
    """
    zero, one = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    rising = bool(zero.mean() < one.mean())
    first, second = (zero, one) if rising else (one, zero)
    if first.max() > second.min():
        raise OptionError(
            f"labels: spectra {first.max()} and {second.min()} are out of turn, needed one switch from class "
            f"{labels[first[0]]} to class {labels[second[0]]}; take back one of the two or cut the series"
        )
    return rising


def gap_middle(labels: Labels) -> float:
    """Return the middle of the unlabelled gap between the classes: the boundary that needs no method at all.

    Parameters
    ----------
    labels : numpy.ndarray, shape (spectrum,), int64
        −1 unlabelled, 0 and 1, either class first.

    Returns
    -------
    float, spectra
        NaN where a class has no spectrum.
    """
    old, new = np.flatnonzero(labels == 0), np.flatnonzero(labels == 1)
    if not (old.size and new.size):
        return float("nan")
    if old.mean() > new.mean():
        old, new = new, old
    return float(old[-1] + new[0]) / 2


@dataclass(frozen=True)
class LabelRange:
    """One part of a written label list: the text and what it says."""

    text: str
    label: int
    first: float
    last: float
    step: int = 1
    unit: str = ""
    by: str = "index"  # or "order", or "share" of the series

    def spectra(self, series: xr.DataArray) -> NDArray[np.bool_]:
        """Return which spectra of a series are meant, shape (spectrum,)."""
        index = np.arange(series.sizes["spectrum"])
        if self.by == "share":
            count = max(1, round(self.last / 100 * len(index)))
            return index < count if self.label == 0 else index >= len(index) - count
        if self.by == "index":
            if self.last >= len(index):
                raise OptionError(f"labels: got spectrum {self.last:g} in {self.text!r}; {_extent(series)}")
            on_step = (index - int(self.first)) % self.step == 0
            return np.asarray((index >= self.first) & (index <= self.last) & on_step)
        order = series.coords.get("order")
        if order is None:
            raise OptionError(f"labels: got {self.text!r}, but the series has no ordering values; use indices")
        unit = str(order.attrs.get("units", ""))
        if self.unit and self.unit != unit:
            raise OptionError(f"labels: got unit {self.unit!r} in {self.text!r}, allowed {unit!r} or none")
        values = np.asarray(order.values, float)
        return np.asarray((values >= self.first) & (values <= self.last))


def read_labels(text: str) -> Sequence[LabelRange]:
    """Read the written form alone, without a series.

    Raises
    ------
    OptionError
        If it cannot be read.
    """
    ends = _ENDS_FORM.fullmatch(text.strip())
    if ends:
        share = float(ends["share"] or _ENDS)
        if not 0 < share < 50:
            raise OptionError(f"labels: got {text!r}; allowed are more than 0 and less than 50 % at either end")
        return [LabelRange(text, label, 0.0, share, by="share") for label in (0, 1)]
    parts = [_read_part(part.strip()) for part in re.split(r"[,;]", text) if part.strip()]
    if not parts:
        raise _unreadable(text)
    return parts


def _read_part(part: str) -> LabelRange:
    span, _, label = (piece.strip() for piece in part.rpartition(":"))
    if label not in ("0", "1"):
        raise _unreadable(part)
    if match := _INDEX_FORM.fullmatch(span):
        first = int(match["first"])
        return LabelRange(part, int(label), first, int(match["last"] or first), int(match["step"] or 1))
    if match := _ORDER_FORM.fullmatch(span):
        low, high = sorted((float(match["low"]), float(match["high"])))
        return LabelRange(part, int(label), low, high, unit=(match["unit"] or "").strip(), by="order")
    raise _unreadable(part)


def _unreadable(part: str) -> OptionError:
    return OptionError(f"labels: got {part!r}; {_ALLOWED}")


def _extent(series: xr.DataArray) -> str:
    text = f"the series has spectra 0 … {series.sizes['spectrum'] - 1}"
    if "order" in series.coords:
        order = series.coords["order"]
        text += f", {order.attrs.get('long_name', 'order')} {float(order.min()):g} … {float(order.max()):g} "
        text += str(order.attrs.get("units", ""))
    return text.rstrip()
