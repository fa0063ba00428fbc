"""The nearest neighbours of each frame in the latent space, by faiss."""

from __future__ import annotations

import faiss
import numpy as np
from numpy.typing import NDArray

__all__ = ["nearest"]

_EXACT = 50_000  # frames; above, cells of the space are searched instead of all of it
_PROBES = 16  # cells looked into for each frame


def nearest(latent: NDArray[np.floating], k: int, among: NDArray[np.floating] | None = None) -> NDArray[np.int64]:
    """Find the frames whose latent vectors point most nearly the same way.

    Parameters
    ----------
    latent : float, shape (n, latent)
        Unit vectors.
    k : int
        As many neighbours, at most as many as there are.
    among : float, shape (m, latent), optional
        Where to look; by default among ``latent`` itself, without counting a frame as its own neighbour.

    Returns
    -------
    int, shape (n, k)
        Places in ``among``, the nearest first. Exact up to 50,000 frames, beyond by an inverted file.
    """
    queries = np.ascontiguousarray(latent, dtype=np.float32)
    known = queries if among is None else np.ascontiguousarray(among, dtype=np.float32)
    index = _index(known)
    if among is not None:
        return np.asarray(index.search(queries, min(k, len(known)))[1], dtype=np.int64)
    k = min(k, len(known) - 1)
    found = np.asarray(index.search(queries, k + 1)[1], dtype=np.int64)
    itself = found == np.arange(len(found))[:, None]
    itself[~itself.any(axis=1), -1] = True  # twins may have pushed the frame itself out: drop the last instead
    return np.asarray(found[~itself].reshape(len(found), k))


def _index(known: NDArray[np.float32]) -> faiss.Index:
    n, size = known.shape
    if n <= _EXACT:
        index: faiss.Index = faiss.IndexFlatIP(size)
    else:
        index = faiss.IndexIVFFlat(faiss.IndexFlatIP(size), size, int(4 * np.sqrt(n)), faiss.METRIC_INNER_PRODUCT)
        index.nprobe = _PROBES
        index.train(known)
    index.add(known)
    return index
