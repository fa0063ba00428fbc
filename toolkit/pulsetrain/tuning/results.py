"""What an engine says of a set of patterns, in one layout whichever engine it is."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning.options import IndexingOptions

__all__ = ["Crystals", "Peaks", "indexing_result", "wilson_interval"]

_Z90 = 1.6448536269514722  # two-sided 90 % of the normal distribution


@dataclass(frozen=True)
class Peaks:
    """Peaks of all patterns, one after the other; every array has shape (peak,).

    Attributes
    ----------
    pattern : int, position of the peak's pattern
    pixel : int64, flat index of the nearest pixel in the data of the pattern
    slow_scan, fast_scan : float, pixels; centre of mass in the module (or picture), a pixel's centre being at + 0.5
    intensity : float, sum over the background, detector units
    snr : float
    """

    pattern: NDArray[np.integer]
    pixel: NDArray[np.integer]
    slow_scan: NDArray[np.floating]
    fast_scan: NDArray[np.floating]
    intensity: NDArray[np.floating]
    snr: NDArray[np.floating]


@dataclass(frozen=True)
class Crystals:
    """Lattices found in all patterns, one after the other.

    Attributes
    ----------
    pattern : int, shape (crystal,)
    axes : float, shape (crystal, 3, 3), Å; a, b, c as rows, in the laboratory's x, y, z
    residual : float, shape (crystal,), pixels; root mean square distance of peaks from their predicted places
    n_indexed : int, shape (crystal,), peaks that the lattice explains
    """

    pattern: NDArray[np.integer]
    axes: NDArray[np.floating]
    residual: NDArray[np.floating]
    n_indexed: NDArray[np.integer]


def wilson_interval(k: int, n: int, z: float = _Z90) -> tuple[float, float]:
    """Return Wilson's interval of a share k of n; 90 % unless told.

    E. B. Wilson, J. Am. Stat. Assoc. 22 (1927) 209. Without patterns it is (0, 1).
    """
    if n == 0:
        return 0.0, 1.0
    share, z2 = k / n, z * z / n
    centre = (share + z2 / 2) / (1 + z2)
    half = z / (1 + z2) * np.sqrt(share * (1 - share) / n + z2 / (4 * n))
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def indexing_result(
    patterns: xr.DataArray,
    hit: NDArray[np.bool_],
    peaks: Peaks,
    crystals: Crystals,
    *,
    options: IndexingOptions,
    cell: UnitCell,
    engine: str,
    seconds: float,
) -> xr.Dataset:
    """Put an engine's findings into the common layout.

    Parameters
    ----------
    patterns : xarray.DataArray, dims (pattern, …)
        Only its coordinates and attributes are read.
    hit : numpy.ndarray, shape (pattern,), bool
    peaks : Peaks
    crystals : Crystals
    options : IndexingOptions
    cell : UnitCell
    engine : str
    seconds : float
        Wall time.

    Returns
    -------
    xarray.Dataset
        Per pattern ``n_peaks``, ``hit``, ``indexed``, ``n_crystals``; ``indexing_rate`` of *all* patterns, with
        Wilson's 90 % interval ``indexing_rate_interval`` (bound,); per peak ``peak_pattern``, ``peak_pixel``,
        ``peak_slow_scan``, ``peak_fast_scan``, ``peak_intensity``, ``peak_snr``; per crystal ``crystal_pattern``,
        ``crystal_axes`` (crystal, axis, xyz), ``crystal_cell`` (crystal, parameter), ``crystal_residual``,
        ``crystal_n_indexed``. Attributes ``options``, ``engine``, ``cell``, ``seconds``, ``version``, ``fingerprint``.
    """
    n = patterns.sizes["pattern"]
    n_crystals = np.bincount(crystals.pattern, minlength=n).astype(np.int64)
    k = int((n_crystals > 0).sum())
    cells = np.array([UnitCell.from_matrix(axes, cell).parameters for axes in crystals.axes]).reshape(-1, 6)
    px = {"units": "px"}
    return xr.Dataset(
        {
            "n_peaks": ("pattern", np.bincount(peaks.pattern, minlength=n).astype(np.int64)),
            "hit": ("pattern", np.asarray(hit, dtype=bool)),
            "indexed": ("pattern", n_crystals > 0),
            "n_crystals": ("pattern", n_crystals),
            "indexing_rate": ((), k / n if n else np.nan, {"long_name": "indexed share of all patterns"}),
            "indexing_rate_interval": ("bound", list(wilson_interval(k, n)), {"level": 0.9}),
            "peak_pattern": ("peak", peaks.pattern),
            "peak_pixel": ("peak", peaks.pixel),
            "peak_slow_scan": ("peak", peaks.slow_scan, px),
            "peak_fast_scan": ("peak", peaks.fast_scan, px),
            "peak_intensity": ("peak", peaks.intensity, {"units": patterns.attrs.get("units", "")}),
            "peak_snr": ("peak", peaks.snr),
            "crystal_pattern": ("crystal", crystals.pattern),
            "crystal_axes": (("crystal", "axis", "xyz"), np.reshape(crystals.axes, (-1, 3, 3)), {"units": "Å"}),
            "crystal_cell": (("crystal", "parameter"), cells, {"units": "Å, deg"}),
            "crystal_residual": ("crystal", crystals.residual, px),
            "crystal_n_indexed": ("crystal", crystals.n_indexed),
        },
        coords={
            **{str(name): coord for name, coord in patterns.coords.items() if coord.dims == ("pattern",)},
            "bound": ["low", "high"],
            "axis": ["a", "b", "c"],
            "xyz": ["x", "y", "z"],
            "parameter": ["a", "b", "c", "alpha", "beta", "gamma"],
        },
        attrs={
            "options": options.model_dump_json(),
            "engine": engine,
            "cell": " ".join(f"{value:g}" for value in cell.parameters) + f" {cell.centering} {cell.lattice_type}",
            "seconds": seconds,
            "version": version("pulsetrain"),
            "fingerprint": str(patterns.attrs.get("fingerprint", "")),
        },
    )
