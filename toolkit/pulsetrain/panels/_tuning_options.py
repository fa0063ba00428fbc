"""The options of the tuning control: where they start, how far they slide, and what depends on them."""

from __future__ import annotations

from typing import Any

import numpy as np

from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.tuning.options import IndexingOptions, TuningOptions

__all__ = ["FIRST", "SCALES", "comparable", "followed", "spans", "start_options"]

FIRST = ("min_snr", "min_pix_count", "clen", "threshold", "tolerance", "optimiser", "evaluations")
SCALES = {"clen": ("mm", 1e3)}
_UNKNOWN = 0.2  # m, where the slider of clen stands while the geometry leaves it open
_SEARCHED = {"min_snr", "min_pix_count", "clen"}


def start_options(places: dict[str, str], geometry: CrystFELGeometry) -> TuningOptions:
    """Return the options that the control opens with; `places` are the files of geometry and cell."""
    clen = geometry.clen if np.isfinite(geometry.clen) else None
    return TuningOptions(clen=clen, geometry=places.get("geometry", ""), cell=places.get("cell", ""))


def spans(start: TuningOptions, geometry: CrystFELGeometry) -> dict[str, tuple[float, float, float]]:
    """Return how far each slider goes, and its step: the box that is searched, and what is usual."""
    most = 20 * geometry.adu_per_photon
    clen = start.clen or _UNKNOWN
    half = clen * start.clen_range / 100
    step = float(10 ** np.floor(np.log10(half) - 2))
    return {
        "min_snr": (2.0, start.max_min_snr, 0.1),
        "min_pix_count": (1, start.max_min_pix_count, 1),
        "threshold": (0.0, most, float(10 ** np.floor(np.log10(most) - 2))),
        "tolerance": (0.5, 10.0, 0.1),
        "clen": (step * np.floor((clen - half) / step), step * np.ceil((clen + half) / step), step),
    }


def followed(options: TuningOptions) -> dict[str, Any]:
    """Return what peaks and rate depend on."""
    return options.model_dump(include={*IndexingOptions.model_fields, "engine", "patterns", "fresh_patterns"})


def comparable(options: TuningOptions) -> dict[str, Any]:
    """Return what two evaluations must share, so that their rates can be compared."""
    return {name: value for name, value in followed(options).items() if name not in _SEARCHED}
