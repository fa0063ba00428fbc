"""What clustering says of a set of frames, in one layout wherever it was computed."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.options import ClusteringOptions

__all__ = ["HITS", "KINDS", "clustering_result"]

KINDS = ("none", "single", "multiple")
HITS = (*KINDS, "unsure")


def clustering_result(
    frames: xr.DataArray,
    cluster: NDArray[np.integer],
    probability: NDArray[np.floating],
    scores: Mapping[str, NDArray[np.floating]],
    options: ClusteringOptions,
    *,
    latent: NDArray[np.floating] | None = None,
) -> xr.Dataset:
    """Put together what was found of each frame.

    Parameters
    ----------
    frames : xarray.DataArray
        Whose coordinates along ``pattern`` and attributes ``fingerprint`` and ``source`` are carried over.
    cluster : int, shape (pattern,)
        −1 where it is not known.
    probability : float, shape (pattern, 3)
        Of each of `KINDS`.
    scores : mapping of name to float, shape (pattern,)
        What physics says: ``hit_score``, ``fringe_score``, ``photons``…
    options : ClusteringOptions
    latent : float, shape (pattern, latent), optional

    Returns
    -------
    xarray.Dataset
        ``cluster``, ``hit`` (one of `HITS`), ``confidence`` (probability of the likeliest kind), ``probability``
        (pattern, kind) and the scores, float32; keyed by ``trainId`` and ``pulseId`` where the frames are.
    """
    confidence = probability.max(axis=1)
    likeliest = np.where(confidence >= options.confidence, probability.argmax(axis=1), len(KINDS))
    found = {
        "cluster": ("pattern", np.asarray(cluster, dtype=np.int32)),
        "hit": ("pattern", np.array(HITS)[likeliest]),
        "confidence": ("pattern", confidence.astype(np.float32)),
        "probability": (("pattern", "kind"), np.asarray(probability, dtype=np.float32)),
        **{name: ("pattern", np.asarray(values, dtype=np.float32)) for name, values in scores.items()},
    }
    if latent is not None:
        # A variable with an axis of its own name would be a coordinate, and no result.
        found["latent"] = (("pattern", "feature"), np.asarray(latent, dtype=np.float32))
    coords = {name: coord for name, coord in frames.coords.items() if coord.dims == ("pattern",)}
    attrs = {name: frames.attrs[name] for name in ("fingerprint", "source") if name in frames.attrs}
    attrs |= {"options": options.model_dump_json(), "seed": options.seed, "pulsetrain": version("pulsetrain")}
    return xr.Dataset(found, {**coords, "kind": list(KINDS)}, attrs)
