"""A map of the latent space: frames that are alike lie beside each other."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pulsetrain.progress import Progress

__all__ = ["map_latent"]

_FITTED = 20_000  # frames that the map is made of; all others are laid beside their nearest of these
_NEIGHBOURS = 15
_ROUNDS = 200
_AT_ONCE = 50_000
_LAYOUT = "_nb_optimize_layout_euclidean_single_epoch"  # as UMAP 0.5.12 calls it


def map_latent(latent: NDArray[np.floating], *, seed: int = 0, progress: Progress | None = None) -> NDArray[np.float32]:
    """Lay the latent space out in a plane by UMAP.

    Parameters
    ----------
    latent : float, shape (n, latent)
        Unit vectors, as of `pulsetrain.clustering.FrameClusterer.embed`.
    seed : int
    progress : callable, optional
        Told how far it is; may raise `pulsetrain.progress.Cancelled`.

    Returns
    -------
    numpy.ndarray, shape (n, 2), float32
        UMAP of at most 20,000 frames, spread evenly; each of the others lies in the middle of its five nearest of
        these, weighted by how near they are. NaN where the latent vector is.
    """
    known = np.flatnonzero(np.isfinite(latent).all(axis=1))
    places = np.full((len(latent), 2), np.nan, dtype=np.float32)
    if len(known) < 5:  # nothing that a map could show
        places[known] = np.arange(len(known))[:, None]
        return places
    fitted = known[np.linspace(0, len(known) - 1, min(len(known), _FITTED)).astype(np.int64)]
    if progress is not None:
        progress(0, len(known), "Map of the latent space")
    vectors = np.ascontiguousarray(latent[fitted], dtype=np.float32)
    index = _index(vectors)
    places[fitted] = _umap(vectors, index, seed)
    rest = np.setdiff1d(known, fitted, assume_unique=True)
    for start in range(0, len(rest), _AT_ONCE):
        if progress is not None:
            progress(len(fitted) + start, len(known), "Map of the latent space")
        some = rest[start : start + _AT_ONCE]
        near, at = index.search(np.ascontiguousarray(latent[some], dtype=np.float32), 5)
        weight = np.exp(20 * (near - near[:, :1]))
        places[some] = (weight[..., None] * places[fitted][at]).sum(axis=1) / weight.sum(axis=1, keepdims=True)
    return places


def _umap(vectors: NDArray[np.float32], index: Any, seed: int) -> NDArray[np.float32]:
    k = min(_NEIGHBOURS, len(vectors) - 1)
    near, at = index.search(vectors, k)
    known = (at.astype(np.int32), np.clip(1 - near, 0, 2).astype(np.float32), None)
    with warnings.catch_warnings():
        # It says that TensorFlow is missing, and that it cannot transform: neither is asked for.
        warnings.simplefilter("ignore", ImportWarning)
        warnings.filterwarnings("ignore", ".*knn_search_index", UserWarning)
        warnings.filterwarnings("ignore", ".*spectral.*|.*disconnected.*|.*fully connected.*", UserWarning)
        from umap import layouts, umap_

        for kernel in (umap_.smooth_knn_dist, umap_.compute_membership_strengths, getattr(layouts, _LAYOUT, None)):
            # UMAP leaves these to be compiled in each process anew, which takes longer than a map of thousands.
            if kernel is not None:
                with contextlib.suppress(RuntimeError):  # no folder to keep them in
                    kernel.enable_caching()
        model = umap_.UMAP(
            n_neighbors=k, min_dist=0.1, n_epochs=_ROUNDS, metric="cosine", random_state=seed, n_jobs=1,
            precomputed_knn=known, init="pca",
        )  # fmt: skip
        return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def _index(vectors: NDArray[np.float32]) -> Any:
    import faiss

    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    return index
