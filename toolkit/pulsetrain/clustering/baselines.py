"""What the method is put beside: common ways of sorting frames, and the ceiling that labels reach.

Clusters are named as the method's own are, by the physics scores of their frames.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering.clusterer import FrameClusterer
from pulsetrain.clustering.kinds import PhysicsKinds
from pulsetrain.clustering.results import HITS, KINDS
from pulsetrain.clustering.scores import FrameScorer, Measured

if TYPE_CHECKING:
    import torch

__all__ = ["METHODS", "Case", "prepare"]

Labels = NDArray[np.str_]
Found = tuple[Labels, NDArray[np.generic]]

_COMPONENTS = 30
_CLUSTER = 0.01  # of the frames, the smallest cluster of HDBSCAN
_EPOCHS, _BATCH = 12, 64


@dataclass(frozen=True)
class Case:
    """Frames to sort, and what methods share.

    Attributes
    ----------
    frames : xarray.DataArray, dims (pattern, y, x)
    measured : Measured
    probability : shape (n, 3)
        Of `KINDS`, by the physics scores.
    labelled : callable
        Gives the views and the truth of other frames of the same experiment, for the supervised ceiling alone.
    seed : int
    confidence : float
    """

    frames: xr.DataArray
    measured: Measured
    probability: NDArray[np.float64]
    labelled: Callable[[], tuple[NDArray[np.float32], Labels]]
    seed: int
    confidence: float = 0.8

    def called(self, probability: NDArray[np.floating]) -> Found:
        """Return what frames are called, and the likeliest of the kinds."""
        likeliest = probability.argmax(axis=1)
        sure = probability.max(axis=1) >= self.confidence
        return np.array(HITS)[np.where(sure, likeliest, len(KINDS))], np.array(KINDS)[likeliest]

    def named(self, cluster: NDArray[np.integer]) -> Found:
        """Name clusters by the mean probability of their frames; −1 is "unsure"."""
        hit = np.full(len(cluster), "unsure", dtype=np.array(HITS).dtype)
        for number in np.unique(cluster[cluster >= 0]):
            members = cluster == number
            hit[members] = KINDS[int(self.probability[members].mean(axis=0).argmax())]
        return hit, hit


def prepare(frames: xr.DataArray, labelled: Callable[[], tuple[xr.DataArray, Labels]], seed: int) -> Case:
    """Measure the frames of one experiment."""
    scorer = FrameScorer.fit(frames)
    measured = scorer.measure(scorer.block(frames))

    def views() -> tuple[NDArray[np.float32], Labels]:
        others, truth = labelled()
        return scorer.measure(scorer.block(others)).views, truth

    probability = PhysicsKinds.fit(measured.scores).probability(measured.scores)
    return Case(frames, measured, probability, views, seed)


def lit_pixels(case: Case) -> Found:
    """Two groups by the logarithm of the lit pixels; hits are all called single, as nothing tells them apart."""
    from sklearn.cluster import KMeans

    values = np.log(case.measured.scores["lit_pixels"] + 1e-4)[:, None]
    group = KMeans(2, n_init=5, random_state=case.seed).fit(values)
    bright = group.labels_ == int(group.cluster_centers_.argmax())
    hit = np.where(bright, "single", "none")
    return hit, hit


def pca_kmeans(case: Case) -> Found:
    """Principal components of the stabilised frames, three clusters of k-means."""
    from sklearn.cluster import KMeans

    return case.named(KMeans(len(KINDS), n_init=5, random_state=case.seed).fit_predict(_components(case)))


def pca_hdbscan(case: Case) -> Found:
    """Principal components of the stabilised frames, HDBSCAN."""
    return case.named(_hdbscan(_components(case)[:, :10]))


def umap_hdbscan(case: Case) -> Found:
    """UMAP of the principal components, HDBSCAN."""
    from umap import UMAP

    space = UMAP(n_components=5, min_dist=0.0, n_neighbors=20, random_state=case.seed, n_jobs=1)
    return case.named(_hdbscan(np.asarray(space.fit_transform(_components(case)))))


def physics(case: Case) -> Found:
    """The physics scores alone."""
    return case.called(case.probability)


def learnt(case: Case) -> Found:
    """The whole method, with its own settings."""
    clusterer = FrameClusterer(seed=case.seed)
    result = clusterer.fit(case.frames).predict(case.frames)
    return result["hit"].to_numpy(), np.array(KINDS)[result["probability"].to_numpy().argmax(axis=1)]


def supervised(case: Case) -> Found:
    """A small convolutional network that has seen both views of 2,000 labelled frames: the ceiling."""
    import torch

    views, truth = case.labelled()
    torch.manual_seed(case.seed)
    network = _network()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3, weight_decay=1e-2)
    target = torch.from_numpy(np.array([KINDS.index(name) for name in truth]))
    inputs = torch.from_numpy(views)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 4e-3, _EPOCHS * (len(inputs) // _BATCH))
    for _ in range(_EPOCHS):
        for rows in torch.randperm(len(inputs))[: len(inputs) // _BATCH * _BATCH].reshape(-1, _BATCH):
            batch = inputs[rows]
            flips = [axis for axis in (2, 3) if torch.rand(()) < 0.5]
            loss = torch.nn.functional.cross_entropy(network(batch.flip(flips)), target[rows])
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
    network.eval()
    with torch.inference_mode():
        parts = [
            network(part).softmax(dim=1)
            for part in torch.from_numpy(case.measured.views).tensor_split(max(1, len(case.probability) // 256))
        ]
    return case.called(torch.cat(parts).numpy())


METHODS: dict[str, Callable[[Case], Found]] = {
    "lit pixels": lit_pixels,
    "PCA + k-means": pca_kmeans,
    "PCA + HDBSCAN": pca_hdbscan,
    "UMAP + HDBSCAN": umap_hdbscan,
    "physics scores": physics,
    "FrameClusterer": learnt,
    "supervised": supervised,
}


def _components(case: Case) -> NDArray[np.float64]:
    from sklearn.decomposition import PCA

    flat = case.measured.views[:, 0].reshape(len(case.measured.views), -1)
    return np.asarray(PCA(min(_COMPONENTS, *flat.shape), random_state=case.seed).fit_transform(flat))


def _hdbscan(points: NDArray[np.floating]) -> NDArray[np.integer]:
    from sklearn.cluster import HDBSCAN

    smallest = max(5, round(_CLUSTER * len(points)))
    return np.asarray(HDBSCAN(min_cluster_size=smallest, min_samples=5, copy=True).fit_predict(points))


def _network() -> torch.nn.Module:
    from torch import nn

    layers: list[nn.Module] = []
    channels = 2
    for wider in (16, 32, 64, 64):
        layers += [nn.Conv2d(channels, wider, 3, stride=2, padding=1), nn.BatchNorm2d(wider), nn.ReLU()]
        channels = wider
    pooled = [nn.AdaptiveMaxPool2d(2), nn.Flatten(), nn.Dropout(0.3), nn.Linear(4 * channels, len(KINDS))]
    return nn.Sequential(*layers, *pooled)
