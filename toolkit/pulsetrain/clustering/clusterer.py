"""Frames sorted without labels: which show one particle, which several, which none, and which are alike."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Self, cast

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.clustering._alignment import Alignment
from pulsetrain.clustering._experiment import FEWEST, Experiment, check_frames, read_sample
from pulsetrain.clustering._latent import LatentSpace, Sample, learn
from pulsetrain.clustering.kinds import PhysicsKinds
from pulsetrain.clustering.naming import describe_clusters
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.results import KINDS, clustering_result
from pulsetrain.clustering.scores import FrameScorer, Measured
from pulsetrain.data import DataError
from pulsetrain.data.model_folder import below, read_model, write_model
from pulsetrain.nn import choose_device
from pulsetrain.progress import Progress

__all__ = ["FrameClusterer"]

_AT_ONCE = 256  # frames read and measured together
_READING = 0.05  # of the time of a fit
_PARTS = 1000  # that progress is told in

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
    space_ : LatentSpace or None
        None with ``epochs=0``.
    history_ : list of float
        Contrastive loss after each epoch.
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
    space_: LatentSpace | None
    history_: list[float]
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
        several = list(frames) if isinstance(frames, list | tuple) else [cast(xr.DataArray, frames)]
        if not several:
            raise DataError("frames", "an empty list", "frames of one experiment or more", "give some")
        device = choose_device(self.options.device)
        report = _Told(progress)
        samples = []
        for number, each in enumerate(several):
            report(_READING * number / len(several), "physics scores")
            samples.append(_sample(each, self.options, self.options.sample // len(several)))
        experiments = [
            Experiment(str(each.attrs.get("fingerprint", "")), sample.scorer, sample.kinds)
            for each, sample in zip(several, samples, strict=True)
        ]
        space: LatentSpace | None = None
        history: list[float] = []
        if self.options.epochs:
            space, alignments, history = learn(samples, self.options, device, report.between(_READING, 1.0))
            for experiment, alignment in zip(experiments, alignments, strict=True):
                experiment.alignment = alignment
        self.space_, self.experiments_, self.history_ = space, experiments, history
        self.clusters_ = self._described(samples)
        report(1.0, "frames sorted")
        return self

    def refit(self, frames: xr.DataArray) -> Self:
        """Go over to another experiment: what was learnt of frames stays, scores and kinds are learnt anew.

        Parameters
        ----------
        frames : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
            Even one, though of fewer than 32 nobody can tell what an empty one looks like: all their light counts as
            particles.

        Raises
        ------
        RuntimeError
            If nothing was learnt yet.
        """
        self._check_fitted()
        sample = _sample(frames, self.options, self.options.sample, fewest=1)
        fingerprint = str(frames.attrs.get("fingerprint", ""))
        alignment = self.space_.align(sample.measured.views, sample.probability) if self.space_ else None
        self.experiments_ = [Experiment(fingerprint, sample.scorer, sample.kinds, alignment)]
        self.clusters_ = self._described([sample])
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
            Of a frame that is masked throughout nothing is known: cluster −1, kinds alike, NaN.
        """
        self._check_fitted()
        of = self.experiments_[experiment]
        side = self.options.side
        if block.ndim != 3 or block.shape[1:] != (side, side):
            raise DataError("block", f"shape {block.shape}", f"(n, {side}, {side})", "make it by scorer.block(frames)")
        blind = np.asarray(np.isnan(block).all(axis=(1, 2)))
        # Something to measure stands in for what is masked throughout.
        measured = of.scorer.measure(np.where(blind[:, None, None], np.float32(1), block) if blind.any() else block)
        found = self._placed(measured, of.kinds.probability(measured.scores), of.alignment) | measured.scores
        for name, values in found.items():
            values[blind] = {"cluster": -1, "probability": 1 / len(KINDS)}.get(name, np.nan)
        return found

    def embed(self, frames: xr.DataArray, progress: Progress | None = None) -> xr.DataArray:
        """Return where frames lie in the latent space.

        Returns
        -------
        xarray.DataArray, dims (pattern, feature), float32
            Unit vectors; like particles lie near one another, those of other experiments too.

        Raises
        ------
        RuntimeError
            If none was learnt.
        """
        self._check_fitted()
        if self.space_ is None:
            raise RuntimeError("epochs: got 0, with which no latent space is learnt; allowed: 1 or more; fit again")
        latent = np.concatenate([part["latent"] for part in self._assigned(frames, progress)])
        coords = {name: coord for name, coord in frames.coords.items() if coord.dims == ("pattern",)}
        return xr.DataArray(latent, coords, ("pattern", "feature"), name="latent")

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
        if self.space_:
            arrays |= {f"space.{name}": values for name, values in self.space_.arrays().items()}
        facts = {
            "options": self.options.model_dump(mode="json"),
            "history": self.history_,
            "fingerprints": [each.fingerprint for each in self.experiments_],
            "clusters": self.clusters_.to_dict(),
        }
        write_model(Path(folder), "clusterer", arrays, facts)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a clusterer that `save` wrote.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is none, or it is damaged or of an unknown format.
        """
        return read_model(Path(folder), "clusterer", cls._restore)

    @classmethod
    def _restore(cls, arrays: dict[str, NDArray[Any]], facts: dict[str, Any]) -> Self:
        clusterer = cls(**facts["options"])
        clusterer.experiments_ = [
            Experiment.of_arrays(below(arrays, f"experiment.{number}."), fingerprint, clusterer.options)
            for number, fingerprint in enumerate(facts["fingerprints"])
        ]
        space = below(arrays, "space.")
        clusterer.space_ = LatentSpace.of_arrays(space) if space else None
        clusterer.history_ = facts["history"]
        clusterer.clusters_ = xr.Dataset.from_dict(facts["clusters"])
        return clusterer

    def _placed(
        self, measured: Measured, probability: NDArray[np.float64], alignment: Alignment | None
    ) -> dict[str, NDArray[Any]]:
        if self.space_ is None or alignment is None:
            return {"cluster": probability.argmax(axis=1), "probability": probability}
        latent, cluster, joint = self.space_.place(measured.views, probability, alignment)
        return {"cluster": cluster, "probability": joint, "latent": latent}

    def _described(self, samples: list[Sample]) -> xr.Dataset:
        """Name the clusters by the frames that were learnt from."""
        found = [
            self._placed(sample.measured, sample.probability, of.alignment)
            for sample, of in zip(samples, self.experiments_, strict=True)
        ]
        cluster, probability = (np.concatenate([each[name] for each in found]) for name in ("cluster", "probability"))
        names = samples[0].measured.scores
        scores = {name: np.concatenate([sample.measured.scores[name] for sample in samples]) for name in names}
        number = self.space_.clusters if self.space_ else len(KINDS)
        return describe_clusters(cluster, probability, scores, number)

    def _assigned(self, frames: xr.DataArray, progress: Progress | None) -> list[dict[str, NDArray[Any]]]:
        self._check_fitted()
        check_frames(frames)
        experiment = self._experiment_of(frames)
        scorer, total = self.experiments_[experiment].scorer, frames.sizes["pattern"]
        parts = []
        for start in range(0, max(total, 1), _AT_ONCE):  # of no frames, too, there is an answer
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
        fingerprint = str(frames.attrs.get("fingerprint", ""))
        if len(known) == 1:
            return 0
        if known.count(fingerprint) == 1:
            return known.index(fingerprint)
        allowed = "frames of the experiments that were learnt from"
        raise DataError("frames", "frames of another experiment", allowed, "call refit(frames) first")

    def _check_fitted(self) -> None:
        if not hasattr(self, "experiments_"):
            raise RuntimeError("this clusterer has learnt nothing; call fit(frames) or FrameClusterer.load(folder)")


def _sample(frames: xr.DataArray, options: ClusteringOptions, most: int, fewest: int = FEWEST) -> Sample:
    scorer, block = read_sample(frames, options, most, fewest)
    measured = scorer.measure(block)
    kinds = PhysicsKinds.fit(measured.scores)
    return Sample(scorer, kinds, block, measured, kinds.probability(measured.scores))


class _Told:
    """Progress told as a share of the whole."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress

    def __call__(self, share: float, message: str, loss: float = float("nan")) -> None:
        if self._progress is not None:
            figures = {} if np.isnan(loss) else {"loss": loss}
            self._progress(round(_PARTS * share), _PARTS, message, **figures)

    def between(self, first: float, last: float) -> Callable[[float, str, float], None]:
        """Return a report whose 0 … 1 is this part of the whole."""
        return lambda share, message, loss: self(first + (last - first) * share, message, loss)
