"""Rows of the table that sets models side by side, on the command line, in the control and in `compare`."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.spectra._references import references
from pulsetrain.spectra.labels import gap_middle

__all__ = ["Row", "reference_rows", "table_row"]

Row = dict[str, Any]


def table_row(found: xr.Dataset, labels: NDArray[np.int64], **further: Any) -> Row:
    """Return the row of one model.

    Parameters
    ----------
    found : xarray.Dataset
        Of a classifier, of the transition estimator or of one reference: ``boundary`` (), and ``boundary_interval``
        (bound,) and ``p_conf`` () where it has them.
    labels : numpy.ndarray, shape (spectrum,)
        −1 unlabelled, 0, 1.
    **further
        Further columns, such as ``parameters`` or ``seconds``.

    Returns
    -------
    dict
        ``boundary``, its interval ``low`` … ``high`` and ``from_middle``, its distance from the middle of the gap, all
        in spectra; ``p_conf``; NaN where there is none. ``note``: what an estimate warns of, or that a network looks at
        the other spectra too.
    """
    boundary = float(found["boundary"])
    low, high = (float(end) for end in found["boundary_interval"]) if "boundary_interval" in found else (np.nan, np.nan)
    notes = found.attrs.get("flags", "").splitlines()
    notes += ["reads the series"] if found.attrs.get("context") == "series" else []
    return {
        "boundary": boundary,
        "low": low,
        "high": high,
        "p_conf": float(found["p_conf"]) if "p_conf" in found else np.nan,
        "from_middle": boundary - gap_middle(labels),
        "note": "; ".join(notes),
        **further,
    }


def reference_rows(series: xr.DataArray, labels: NDArray[np.int64]) -> dict[str, Row]:
    """Return the rows of what needs no network, by name."""
    found = references(series, labels)
    return {str(name): table_row(found.sel(reference=name), labels) for name in found.reference.to_numpy()}
