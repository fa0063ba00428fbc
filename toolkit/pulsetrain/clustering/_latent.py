"""The latent space whole: learnt from augmented copies, aligned between experiments, divided into clusters."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray

from pulsetrain.clustering._alignment import Alignment, Moments, ViewScale, bent
from pulsetrain.clustering._contrastive import learn_latent
from pulsetrain.clustering._network import FrameNetwork
from pulsetrain.clustering._scan import Division, divide, merge
from pulsetrain.clustering.augment import augment
from pulsetrain.clustering.kinds import PhysicsKinds
from pulsetrain.clustering.neighbours import nearest
from pulsetrain.clustering.options import ClusteringOptions
from pulsetrain.clustering.scores import FrameScorer, Measured

__all__ = ["LatentSpace", "Sample", "learn"]

_AT_ONCE = 256
_FINE = 20  # clusters that are merged again, where fewer are wanted or their number is to be found
_TRAINING = 0.85  # of the time; the rest divides

Doubles = NDArray[np.float64]
Report = Callable[[float, str, float], None]


@dataclass(frozen=True)
class Sample:
    """Frames of one experiment to learn from, float32 (n, side, side), and what physics says of them."""

    scorer: FrameScorer
    kinds: PhysicsKinds
    block: NDArray[np.float32]
    measured: Measured
    probability: Doubles


@dataclass(frozen=True)
class LatentSpace:
    """What is learnt of frames and holds for all experiments.

    Attributes
    ----------
    network : FrameNetwork
    reference : Moments
        Onto which every experiment is aligned.
    division : Division
        Into fine clusters.
    group : int, shape (fine cluster,)
        The cluster that each belongs to.
    kinds : float64, shape (fine cluster, 3)
        What physics says of its frames, in the mean.
    """

    network: FrameNetwork
    reference: Moments
    division: Division
    group: NDArray[np.int64]
    kinds: Doubles

    @property
    def clusters(self) -> int:
        """Number of clusters."""
        return int(self.group.max()) + 1

    def align(self, views: NDArray[np.float32], probability: Doubles) -> Alignment:
        """Align another experiment, of which a sample's views and kinds are given."""
        scale = ViewScale.of(views, probability)
        own = Moments.of(embed(self.network, scale(views)), probability)
        return Alignment.onto(self.reference, own, scale)

    def place(
        self, views: NDArray[np.float32], probability: Doubles, alignment: Alignment
    ) -> tuple[NDArray[np.float32], NDArray[np.int64], Doubles]:
        """Return latent vectors (n, latent), clusters (n,) and the kinds' probabilities (n, 3).

        Where physics is sure of a frame's kind it is believed; where not, the frame's cluster has a say.
        """
        latent = alignment(embed(self.network, alignment.views(views)), probability)
        share = self.division.probability(latent)
        doubt = 1.5 * (1 - probability.max(axis=1, keepdims=True))  # 0 … 1
        joint = (1 - doubt) * probability + doubt * (share @ self.kinds)
        whole = share @ np.eye(self.clusters)[self.group]  # (n, cluster)
        return latent, whole.argmax(axis=1), joint

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of_arrays` makes it again of."""
        weights = {f"network.{name}": value.cpu().numpy() for name, value in self.network.state_dict().items()}
        parts = {f"reference.{name}": value for name, value in self.reference._asdict().items()}
        parts |= {f"division.{name}": value for name, value in self.division._asdict().items()}
        return {**weights, **parts, "group": self.group, "kinds": self.kinds}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make a latent space again of its `arrays`."""
        parts: dict[str, dict[str, Any]] = {"network": {}, "reference": {}, "division": {}}
        for place, values in arrays.items():
            part, _, name = place.partition(".")
            if name:
                parts[part][name] = values
        network = FrameNetwork()
        network.load_state_dict({name: torch.from_numpy(values) for name, values in parts["network"].items()})
        reference, division = Moments(**parts["reference"]), Division(**parts["division"])
        return cls(network.eval(), reference, division, arrays["group"], arrays["kinds"])


def embed(network: FrameNetwork, views: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return the network's unit vectors (n, latent) of standardised views (n, 2, 64, 64)."""
    device, parts = next(network.parameters()).device, []
    with torch.inference_mode():
        for start in range(0, max(len(views), 1), _AT_ONCE):
            some = torch.from_numpy(np.asarray(views[start : start + _AT_ONCE], np.float32))
            parts.append(network(some.to(device)).cpu().numpy())
    return np.concatenate(parts)


def learn(
    samples: list[Sample], options: ClusteringOptions, device: torch.device, report: Report
) -> tuple[LatentSpace, list[Alignment], list[float]]:
    """Learn a latent space from samples of one or several experiments.

    Returns
    -------
    LatentSpace, one Alignment for each experiment, and the loss after each epoch
    """
    copies = _Copies(samples, options, report)
    probability = np.concatenate([sample.probability for sample in samples])
    of = np.repeat(np.arange(len(samples)), [len(sample.block) for sample in samples])
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(options.seed)
        network = FrameNetwork().to(device)

    def trained(step: int, steps: int, loss: float) -> None:
        report(_TRAINING * step / steps, "latent space", loss)
        copies.done, copies.loss = _TRAINING * step / steps, loss

    history = learn_latent(
        network, copies, of, probability[:, 0], epochs=options.epochs, seed=options.seed, report=trained
    )
    raw = [embed(network, copies.scales[k](sample.measured.views)) for k, sample in enumerate(samples)]
    own = [Moments.of(each, sample.probability) for each, sample in zip(raw, samples, strict=True)]
    reference = Moments.pooled(own)
    alignments = [Alignment.onto(reference, each, scale) for each, scale in zip(own, copies.scales, strict=True)]
    if len(samples) > 1:
        alignments = bent(alignments, raw, [sample.probability for sample in samples])
    latent = np.concatenate(
        [align(each, sample.probability) for align, each, sample in zip(alignments, raw, samples, strict=True)]
    )
    other = np.concatenate(
        [align(embed(network, copies.last[of == k]), copies.kinds[of == k]) for k, align in enumerate(alignments)]
    )
    near = nearest(latent, options.neighbours)
    division = divide(
        latent,
        other[None],
        near,
        clusters=max(_FINE, 2 * (options.clusters or 1)),
        seed=options.seed,
        report=lambda share: report(_TRAINING + (1 - _TRAINING) * share, "clusters", copies.loss),
    )
    used = np.unique(division.probability(latent).argmax(axis=1))
    division = Division(division.weight[used], division.bias[used])
    share = division.probability(latent)
    kinds = (share.T @ probability) / share.sum(axis=0).clip(min=1e-9)[:, None]
    group = merge(share.argmax(axis=1), near, options.clusters, kinds.argmax(axis=1))
    # Frames are assigned on any machine, and the physics scores take longer than the network.
    return LatentSpace(network.cpu(), reference, division, group, kinds), alignments, history


class _Copies:
    """Standardised views of one more augmented copy of every frame at a time; the first is the frame itself."""

    def __init__(self, samples: list[Sample], options: ClusteringOptions, report: Report) -> None:
        self.scales = [ViewScale.of(sample.measured.views, sample.probability) for sample in samples]
        self.done, self.loss = 0.0, np.nan
        self.kinds = np.concatenate([sample.probability for sample in samples])
        self._samples, self._options, self._report = samples, options, report

    def __iter__(self) -> Iterator[NDArray[np.float16]]:
        rng = np.random.default_rng(self._options.seed)
        pairs = list(zip(self._samples, self.scales, strict=True))
        self.last = np.concatenate([scale(sample.measured.views).astype(np.float16) for sample, scale in pairs])
        while True:
            yield self.last
            views, kinds = [], []
            for sample, scale in pairs:
                for start in range(0, len(sample.block), _AT_ONCE):
                    self._report(self.done, "augmented copies", self.loss)
                    some = augment(sample.block[start : start + _AT_ONCE], self._options, rng)
                    measured = sample.scorer.measure(some)
                    views.append(scale(measured.views).astype(np.float16))
                    kinds.append(sample.kinds.probability(measured.scores))
            self.last, self.kinds = np.concatenate(views), np.concatenate(kinds)
