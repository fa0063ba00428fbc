"""What boosting gives for a set of images, in one layout wherever it was computed."""

from __future__ import annotations

from importlib.metadata import version

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.boosting.options import BoostingOptions

__all__ = ["boosting_result"]


def boosting_result(
    frames: xr.DataArray,
    image: NDArray[np.floating],
    options: BoostingOptions,
    *,
    epistemic: NDArray[np.floating] | None = None,
    aleatoric: NDArray[np.floating] | None = None,
    scale: NDArray[np.floating] | float = 1.0,
    calibrated: bool = False,
) -> xr.Dataset:
    """Put together what was made of each image.

    Parameters
    ----------
    frames : xarray.DataArray, dims (pattern, y, x)
        Whose coordinates along ``pattern`` and attributes ``fingerprint`` and ``source`` are carried over.
    image : float, shape (pattern, y, x)
        NaN where nothing is known.
    options : BoostingOptions
    epistemic, aleatoric : float, shape (pattern, y, x), optional
        Standard deviations: what the networks disagree on, and what the photons leave open.
    scale : float, or of shape (pattern, y, x)
        By which calibration stretches the total.
    calibrated : bool
        Whether intervals were held against pairs.

    Returns
    -------
    xarray.Dataset
        ``image`` and, where they are given, ``std``, ``std_epistemic`` and ``std_aleatoric``, float32.
    """
    dims = ("pattern", "y", "x")
    found: dict[str, tuple[tuple[str, ...], NDArray[np.float32]]] = {"image": (dims, np.asarray(image, np.float32))}
    if epistemic is not None and aleatoric is not None:
        total = scale * np.hypot(epistemic, aleatoric)
        parts = {"std": total, "std_epistemic": epistemic, "std_aleatoric": aleatoric}
        found |= {name: (dims, np.asarray(values, np.float32)) for name, values in parts.items()}
    coords = {name: coord for name, coord in frames.coords.items() if coord.dims == ("pattern",)}
    attrs = {name: frames.attrs[name] for name in ("fingerprint", "source") if name in frames.attrs}
    attrs |= {"options": options.model_dump_json(), "seed": options.seed, "pulsetrain": version("pulsetrain")}
    attrs["calibrated"] = int(calibrated)  # netCDF knows no truth values
    result = xr.Dataset(found, coords, attrs)
    for name in found:
        result[name].attrs["units"] = "photons"
    return result
