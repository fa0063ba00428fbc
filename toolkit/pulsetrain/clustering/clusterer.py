"""Frames sorted without labels: which show one particle, which several, which none, and which are alike."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering._experiment import Experiment, read_sample
from pulsetrain.clustering._folder import read_folder, write_folder
from pulsetrain.clustering.kinds import PhysicsKinds
from pulsetrain.clustering.naming import describe_clusters
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import KINDS, clustering_result
from pulsetrain.clustering.scores import FrameScorer
from pulsetrain.data import DataError
from pulsetrain.progress import Progress

__all__ = ["FrameClusterer"]

_AT_ONCE = 256  # frames read and measured together

Frames = xr.DataArray | Sequence[xr.DataArray]


class FrameClusterer:
    """Sort frames by what they show.

    Parameters
    ----------
    **options
        Fields of `ClusteringOptions`: ``epochs``, ``clusters``, ``seed``…

    Attributes
    ----------
    options : ClusteringOptions
    experiments_ : list of Experiment
        One for each set of frames that was learnt from.
    clusters_ : xarray.Dataset, dims (cluster, kind)
        Name, size and median scores of each cluster, see `describe_clusters`.

    Examples
    --------
    >>> from pulsetrain.simulate.particles import ParticleOptions, simulate_particles
    >>> frames = simulate_particles(ParticleOptions(n_patterns=200), seed=1).frames
    >>> result = FrameClusterer(epochs=0).fit(frames).predict(frames)
    >>> sorted(set(result["hit"].values) - {"unsure"})
    ['multiple', 'none', 'single']
    """

    options: ClusteringOptions
    experiments_: list[Experiment]
    clusters_: xr.Dataset

    def __init__(self, **options: Any) -> None:
        self.options = ClusteringOptions(**options)

    def fit(self, frames: Frames, progress: Progress | None = None) -> Self:
        """Learn from a sample of the frames, without labels.

        Parameters
        ----------
        frames : xarray.DataArray or list of them, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
            Of one experiment or of several, which share a latent space then.
        progress : callable, optional
            Told ``(done, total, message, loss=…)``; may raise `pulsetrain.progress.Cancelled`.

        Raises
        ------
        DataError
            For frames that nothing can be learnt from.
        """
        several = [frames] if isinstance(frames, xr.DataArray) else list(frames)
        experiments, tables = [], []
        for number, each in enumerate(several):
            if progress is not None:
                progress(number, len(several), "physics scores")
            scorer, block = read_sample(each, self.options, self.options.sample // len(several))
            scores = scorer.measure(block).scores
            kinds = PhysicsKinds.fit(scores)
            experiments.append(Experiment(str(each.attrs.get("fingerprint", "")), scorer, kinds))
            tables.append((scores, kinds.probability(scores)))
        probability = np.concatenate([each for _, each in tables])
        scores = {name: np.concatenate([each[name] for each, _ in tables]) for name in tables[0][0]}
        self.clusters_ = describe_clusters(probability.argmax(axis=1), probability, scores, len(KINDS))
        self.experiments_ = experiments
        if progress is not None:
            progress(len(several), len(several), "physics scores")
        return self

    def refit(self, frames: xr.DataArray) -> Self:
        """Go over to another experiment: what was learnt of frames stays, scores and kinds are learnt anew.

        Raises
        ------
        RuntimeError
            If nothing was learnt yet.
        """
        self._check_fitted()
        scorer, block = read_sample(frames, self.options, self.options.sample)
        kinds = PhysicsKinds.fit(scorer.measure(block).scores)
        self.experiments_ = [Experiment(str(frames.attrs.get("fingerprint", "")), scorer, kinds)]
        return self

    def predict(self, frames: xr.DataArray, progress: Progress | None = None) -> xr.Dataset:
        """Sort every frame, a few at a time.

        Returns
        -------
        xarray.Dataset
            See `pulsetrain.clustering.results.clustering_result`.
        """
        parts = self._assigned(frames, progress)
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        cluster, probability = whole.pop("cluster"), whole.pop("probability")
        latent = whole.pop("latent", None)
        return clustering_result(frames, cluster, probability, whole, self.options, latent=latent)

    def assign(self, block: NDArray[np.float32], experiment: int = 0) -> dict[str, NDArray[Any]]:
        """Sort a block of frames: arrays in, arrays out, for workers that stream.

        Parameters
        ----------
        block : float32, shape (n, side, side), photons
            As ``scorer.block(frames)`` gives them.
        experiment : int
            Which of those that were learnt from.

        Returns
        -------
        dict of str to array
            ``cluster`` (n,), ``probability`` (n, 3), ``latent`` (n, latent) where one was learnt, and each score (n,).
        """
        self._check_fitted()
        of = self.experiments_[experiment]
        measured = of.scorer.measure(block)
        probability = of.kinds.probability(measured.scores)
        return {"cluster": probability.argmax(axis=1), "probability": probability, **measured.scores}

    @property
    def scorer(self) -> FrameScorer:
        """The physics scores, of the first experiment."""
        self._check_fitted()
        return self.experiments_[0].scorer

    @property
    def clusters(self) -> xr.Dataset:
        """Name, size and median scores of each cluster."""
        self._check_fitted()
        return self.clusters_

    def save(self, folder: str | Path) -> None:
        """Write what was learnt into a new folder: ``arrays.safetensors`` and ``clusterer.json``."""
        self._check_fitted()
        arrays = {
            f"experiment.{number}.{name}": values
            for number, each in enumerate(self.experiments_)
            for name, values in each.arrays().items()
        }
        facts = {
            "options": self.options.model_dump(mode="json"),
            "fingerprints": [each.fingerprint for each in self.experiments_],
            "clusters": self.clusters_.to_dict(),
        }
        write_folder(Path(folder), arrays, facts)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a clusterer that `save` wrote.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is none, or it is damaged or of an unknown format.
        """
        return read_folder(Path(folder), cls._restore)

    @classmethod
    def _restore(cls, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> Self:
        clusterer = cls(**facts["options"])
        clusterer.experiments_ = [
            Experiment.of_arrays(_below(arrays, f"experiment.{number}."), fingerprint, clusterer.options)
            for number, fingerprint in enumerate(facts["fingerprints"])
        ]
        clusterer.clusters_ = xr.Dataset.from_dict(facts["clusters"])
        return clusterer

    def _assigned(self, frames: xr.DataArray, progress: Progress | None) -> list[dict[str, NDArray[Any]]]:
        self._check_fitted()
        experiment = self._experiment_of(frames)
        scorer, total = self.experiments_[experiment].scorer, frames.sizes["pattern"]
        parts = []
        for start in range(0, total, _AT_ONCE):
            if progress is not None:
                progress(start, total, "frames")
            some = frames.isel(pattern=slice(start, start + _AT_ONCE))
            parts.append(self.assign(scorer.block(some), experiment))
        if progress is not None:
            progress(total, total, "frames")
        return parts

    def _experiment_of(self, frames: xr.DataArray) -> int:
        """Return which experiment frames are of."""
        known = [each.fingerprint for each in self.experiments_]
        print_ = str(frames.attrs.get("fingerprint", ""))
        if len(known) == 1:
            return 0
        if print_ in known:
            return known.index(print_)
        allowed = "frames of the experiments that were learnt from"
        raise DataError("frames", "frames of another experiment", allowed, "call refit(frames) first")

    def _check_fitted(self) -> None:
        if not hasattr(self, "experiments_"):
            raise RuntimeError("this clusterer has learnt nothing; call fit(frames) or FrameClusterer.load(folder)")


def _below(arrays: dict[str, NDArray[Any]], prefix: str) -> dict[str, NDArray[Any]]:
    return {name.removeprefix(prefix): values for name, values in arrays.items() if name.startswith(prefix)}
