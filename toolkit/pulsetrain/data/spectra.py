"""Open an ordered series of spectra, whatever it was saved as."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from pulsetrain.data._axis import AxisKind, named_axis
from pulsetrain.data._errors import DataError
from pulsetrain.data._inputs import HDF5, TABLES, PathLike, input_files, is_hdf5
from pulsetrain.data._run import RunPath, is_run, open_run, run_that_fits
from pulsetrain.data._series import Series
from pulsetrain.data._spectra_hdf5 import series_of_hdf5
from pulsetrain.data._spectra_run import series_of_run
from pulsetrain.data._spectra_text import series_of_tables

__all__ = ["open_spectra"]

# Of a series and of one spectrum; the parts of a detector that are always masked lie well below.
_NAN_SHARE = 0.2
# Larger series are not read through only to look for NaN.
_CHECKED = 512 * 2**20


def open_spectra(
    path: PathLike | Sequence[PathLike] | RunPath,
    *,
    source: str | None = None,
    key: str | None = None,
    axis: str | None = None,
    units: str | None = None,
    data: str = "raw",
) -> xr.DataArray:
    """Open a series of spectra.

    Parameters
    ----------
    path : path, pattern, list of paths, or (proposal, run)
        A folder, glob pattern, list or single file of two-column text (``.xy``, ``.xye``, ``.gr``, ``.dat``, ``.chi``,
        ``.csv`` …; header and comments are found by themselves); a HDF5 or NeXus file; a European XFEL run folder or
        proposal and run number.
    source, key : str, optional
        Source and key of a European XFEL run with one spectrum per train. For HDF5, `key` names the dataset; without,
        the default plot (``NXdata``) or the only fitting dataset is taken.
    axis : {'2θ', 'Q', 'r', 'd', 'energy', 'channel'}, optional
        What the first column measures, where the header does not say it. ``2theta`` and ``q`` do too.
    units : str, optional
        Unit of the axis, such as ``'1/Å'``; the default is the header's, or the usual one of `axis`.
    data : str
        Where (proposal, run) is looked for: ``'raw'`` or ``'proc'``.

    Returns
    -------
    xarray.DataArray, dims (spectrum, channel), float
        Coordinates ``axis`` (channel,), ``order`` (spectrum,) – the ordering variable: the number that varies between
        the file names, with its unit, or the trainId, or the place in the series – and ``name`` (spectrum,). Attributes
        ``source`` and ``fingerprint`` of the input. HDF5 and runs are dask-backed.

    Raises
    ------
    DataError
        For input that is missing, empty, cut off, not numeric, of different axes, or mostly NaN.

    Examples
    --------
    >>> series = open_spectra("LaMnO3_pdf")                                                        # doctest: +SKIP
    >>> series.order.values[:3], series.order.units                                                # doctest: +SKIP
    (array([300., 550., 650.]), 'K')
    """
    series = _read(path, source, key, data)
    kind = named_axis(axis, units, series.axis_kind)
    _check_axis(series)
    array = _labelled(series, kind)
    _refuse_nan(array)
    return array


def _read(path: PathLike | Sequence[PathLike] | RunPath, source: str | None, key: str | None, data: str) -> Series:
    if is_run(path):
        run = open_run(path, data)
        with run_that_fits(run):
            return series_of_run(run, source, key)
    files = input_files(path, (*TABLES, *HDF5), "spectra")
    if source is not None:
        place = files[0] if len(files) == 1 else files[0].parent
        raise DataError(
            place, f"source={source!r} for what is no European XFEL run", "source= with a run", "leave source= out"
        )
    if all(map(is_hdf5, files)):
        return series_of_hdf5(files, key)
    return series_of_tables(files, key)


def _check_axis(series: Series) -> None:
    before, after = series.axis[:-1], series.axis[1:]
    if series.axis.size < 2 or not np.isfinite(series.axis).all():
        got = f"an axis of {series.axis.size} points, {(~np.isfinite(series.axis)).sum()} of them not finite"
        raise DataError(series.source, got, "at least two finite points", "mend the first column")
    backwards = after <= before if (after > before).mean() >= 0.5 else after >= before
    if backwards.any():
        place = int(np.argmax(backwards)) + 1
        got = f"an axis that turns back at point {place + 1} ({series.axis[place - 1]:g} → {series.axis[place]:g})"
        raise DataError(
            series.source, got, "a first column that only rises or only falls", "check which column is the axis"
        )


def _labelled(series: Series, kind: AxisKind) -> xr.DataArray:
    order_attrs = {"long_name": series.order_kind.long_name, "units": series.order_kind.units}
    return xr.DataArray(
        series.intensity,
        dims=("spectrum", "channel"),
        coords={
            "axis": ("channel", series.axis, {"long_name": kind.long_name, "units": kind.units}),
            "order": ("spectrum", series.order, order_attrs),
            "name": ("spectrum", np.array(series.names, dtype=str)),
            **series.further,
        },
        attrs={
            "long_name": series.long_name,
            "units": series.units,
            "source": str(Path(series.source).absolute()),
            "fingerprint": series.fingerprint,
        },
        name="intensity",
    )


def _refuse_nan(array: xr.DataArray) -> None:
    if array.nbytes > _CHECKED:
        return
    shares = 1.0 - np.isfinite(array.data).mean(axis=1)
    shares = np.asarray(shares)
    worst = int(np.argmax(shares))
    place = f"{array.attrs['source']}, spectrum {str(array['name'].values[worst])!r}"
    if shares[worst] == 1:
        raise DataError(place, "no finite values", "numbers", "leave this spectrum out")
    if shares[worst] > _NAN_SHARE:
        got = f"{shares[worst]:.0%} NaN or infinite"
        raise DataError(
            place, got, f"at most {_NAN_SHARE:.0%}", "leave the spectrum out, or cut the axis to what was measured"
        )
