"""Boundaries that need no network: what every network has to be held against."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import ruptures
import xarray as xr
from numpy.typing import ArrayLike, NDArray
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import normalize

from pulsetrain.spectra._boundary import find_boundary, p_conf
from pulsetrain.spectra._prepare import Array, Preparation, spectra_values
from pulsetrain.spectra.labels import class_0_first, gap_middle, labels_of
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["references"]

_COMPONENTS = 5  # principal components that the label-free change point looks at


def references(series: xr.DataArray, labels: ArrayLike | Mapping[int, int] | str) -> xr.Dataset:
    """Find the boundary of a series by simple means.

    Parameters
    ----------
    series : xarray.DataArray, dims (spectrum, channel)
    labels : array of int, shape (spectrum,), mapping or str
        −1 unlabelled, 0, 1.

    Returns
    -------
    xarray.Dataset
        ``boundary`` and ``p_conf`` (reference,), spectra, of logistic regression (``"linear"``), the nearest labelled
        neighbour by cosine (``"1-NN cosine"``), a change point in the scores of the principal components that no
        label enters (``"change point"``) and the middle of the unlabelled gap (``"gap middle"``).
    """
    values = spectra_values(series)
    known = labels_of(labels, series)
    if not class_0_first(known):  # either class may come first: the switch is the same
        known = np.where(known >= 0, 1 - known, -1)
    spectra = Preparation.learn(values[known >= 0], SpectraOptions())(values)
    found = {
        "linear": _linear(spectra, known),
        "1-NN cosine": _nearest(spectra, known),
        "change point": _change_point(spectra),
        "gap middle": (gap_middle(known), float("nan")),
    }
    return xr.Dataset(
        {
            "boundary": ("reference", [boundary for boundary, _ in found.values()], {"units": "spectra"}),
            "p_conf": ("reference", [confidence for _, confidence in found.values()]),
        },
        coords={"reference": list(found)},
    )


def _linear(spectra: Array, labels: NDArray[np.int64]) -> tuple[float, float]:
    model = LogisticRegression(max_iter=1000)
    model.fit(spectra[labels >= 0], labels[labels >= 0])
    probability = model.predict_proba(spectra)[:, 1]
    return find_boundary(probability), p_conf(probability >= 0.5)


def _nearest(spectra: Array, labels: NDArray[np.int64]) -> tuple[float, float]:
    unit = normalize(spectra)
    likeness = [(unit @ unit[labels == label].T).max(axis=1) for label in (0, 1)]
    chosen = (likeness[1] > likeness[0]).astype(float)
    return find_boundary(chosen), p_conf(chosen)


def _change_point(spectra: Array) -> tuple[float, float]:
    scores = PCA(min(_COMPONENTS, len(spectra) - 1), random_state=0).fit_transform(spectra)
    first_of_new = ruptures.Binseg(model="l2", min_size=1, jump=1).fit(scores).predict(n_bkps=1)[0]
    return first_of_new - 0.5, 1.0
