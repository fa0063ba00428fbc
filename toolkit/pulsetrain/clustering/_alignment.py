"""The same particles, seen in two experiments, brought to one place of the latent space – without labels.

What an experiment changes (q of a pixel, background, mask, read noise) moves and shears the latent vectors of each kind
of frame as a whole. Each experiment's vectors are therefore brought to one mean and covariance, kind by kind, kinds
being those of physics: correlation alignment (Sun, Feng and Saenko, AAAI 2016) within kinds, so that experiments of
other shares of hits are not mixed up. What is left, the shape of the clouds,
is bent away between experiments that are learnt together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from pulsetrain.clustering._bending import Bend
from pulsetrain.clustering._network import LATENT

__all__ = ["Alignment", "Moments", "ViewScale", "bent"]

_LEAST_SPREAD = 1e-6  # variance of unit vectors below which a direction is not stretched
_FEWEST = LATENT // 2  # frames of a kind, with so many its covariance counts as much as a sphere of its size

Floats = NDArray[np.floating]
Doubles = NDArray[np.float64]


@dataclass(frozen=True)
class ViewScale:
    """Mean and standard deviation of an experiment's two views, each of shape (2,), float32; kinds count alike."""

    mean: NDArray[np.float32]
    spread: NDArray[np.float32]

    @classmethod
    def of(cls, views: NDArray[np.float32], probability: Doubles) -> Self:
        """Measure views (n, 2, y, x) of frames whose kinds have this probability (n, 3)."""
        share = probability / probability.sum(axis=0).clip(min=1)
        weight = share.sum(axis=1) / share.sum()
        mean = weight @ views.mean(axis=(2, 3), dtype=np.float64)
        square = weight @ np.square(views).mean(axis=(2, 3), dtype=np.float64)
        return cls(mean.astype(np.float32), np.sqrt((square - mean**2).clip(min=1e-12)).astype(np.float32))

    def __call__(self, views: NDArray[np.float32]) -> NDArray[np.float32]:
        return (views - self.mean[:, None, None]) / self.spread[:, None, None]


class Moments(NamedTuple):
    """Where each kind of frame lies: mean (3, latent), covariance (3, latent, latent), effective number (3,)."""

    mean: Doubles
    covariance: Doubles
    number: Doubles

    @classmethod
    def of(cls, latent: Floats, probability: Doubles) -> Moments:
        """Measure vectors (n, latent) of frames whose kinds have this probability (n, 3)."""
        count = probability.sum(axis=0)
        weight = probability / count.clip(min=1e-9)
        mean = weight.T @ latent  # (3, latent)
        size = latent.shape[1]
        covariance = np.empty((len(count), size, size))
        for kind in range(len(count)):
            off = latent - mean[kind]
            own = (off * weight[:, kind : kind + 1]).T @ off
            # Few frames tell the size of a kind's cloud, but hardly its shape.
            share = count[kind] / (count[kind] + _FEWEST)
            covariance[kind] = share * own + ((1 - share) * np.trace(own) / size + _LEAST_SPREAD) * np.eye(size)
        return cls(mean, covariance, count)

    @classmethod
    def pooled(cls, several: list[Moments]) -> Moments:
        """Return the mean of several experiments' moments; an experiment without a kind has no say in it."""
        count = np.stack([each.number for each in several])  # (experiment, 3)
        share = count / count.sum(axis=0).clip(min=1e-9)
        mean = np.einsum("ek,ekl->kl", share, np.stack([each.mean for each in several]))
        covariance = np.einsum("ek,eklm->klm", share, np.stack([each.covariance for each in several]))
        return cls(mean, covariance + _LEAST_SPREAD * np.eye(mean.shape[1]), count.sum(axis=0))


@dataclass(frozen=True)
class Alignment:
    """A map of latent vectors for each kind; a frame takes their mean by its kinds' probabilities.

    Attributes
    ----------
    views : ViewScale
    turn : float64, shape (3, latent, latent)
    shift : float64, shape (3, latent)
    bends : tuple of Bend
        One for each kind; none unless several experiments were learnt together.
    """

    views: ViewScale
    turn: Doubles
    shift: Doubles
    bends: tuple[Bend, ...] = ()

    @classmethod
    def onto(cls, reference: Moments, own: Moments, views: ViewScale) -> Self:
        """Bring an experiment's moments onto the reference's; a kind that one of them lacks stays where it is."""
        turn = np.stack(
            [_root(a, -0.5) @ _root(b, 0.5) for a, b in zip(own.covariance, reference.covariance, strict=True)]
        )
        shift = reference.mean - np.einsum("kl,klm->km", own.mean, turn)
        lacking = np.minimum(own.number, reference.number) < 5
        turn[lacking], shift[lacking] = np.eye(turn.shape[1]), 0.0
        return cls(views, turn, shift)

    def moved(self, latent: Floats, probability: Doubles) -> Doubles:
        """Return vectors (n, latent) brought to the reference's mean and covariance."""
        kinds = zip(probability.T, self.turn, self.shift, strict=True)
        return np.asarray(sum(share[:, None] * (latent @ turn + shift) for share, turn, shift in kinds), np.float64)

    def __call__(self, latent: Floats, probability: Doubles) -> NDArray[np.float32]:
        """Return unit vectors (n, latent) of the common space."""
        moved = self.moved(latent, probability)
        if self.bends:
            moved = sum(
                (share[:, None] * bend(moved) for share, bend in zip(probability.T, self.bends, strict=True)),
                np.zeros_like(moved),
            )
        length = np.linalg.norm(moved, axis=1, keepdims=True)
        return np.asarray(moved / length.clip(min=1e-12), dtype=np.float32)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what `of_arrays` makes it again of."""
        bends = {
            f"{name}{kind}": values for kind, bend in enumerate(self.bends) for name, values in bend.arrays().items()
        }
        return {**asdict(self.views), "turn": self.turn, "shift": self.shift, **bends}

    @classmethod
    def of_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Make an alignment again of its `arrays`."""
        bends = tuple(
            Bend.of_arrays({name: arrays[f"{name}{kind}"] for name in ("axes", "places", "moves")})
            for kind in range(3)
            if f"axes{kind}" in arrays
        )
        return cls(ViewScale(arrays["mean"], arrays["spread"]), arrays["turn"], arrays["shift"], bends)


def bent(alignments: list[Alignment], latent: list[Floats], probability: list[Doubles]) -> list[Alignment]:
    """Return alignments that besides bring the experiments' vectors, kind by kind, to one density.

    For experiments that are learnt together: where two do not show the same particles, what only one of them shows is
    moved among the other's.

    Parameters
    ----------
    alignments : list of Alignment
        Onto one reference.
    latent : list of array (n, latent)
        The network's vectors of each experiment's frames.
    probability : list of float64 (n, 3)
        Of their kinds.
    """
    moved = [each.moved(z, kinds) for each, z, kinds in zip(alignments, latent, probability, strict=True)]
    all_moved, all_kinds = np.concatenate(moved), np.concatenate(probability)
    return [
        replace(each, bends=tuple(Bend.onto(all_moved, all_kinds[:, k], own, kinds[:, k]) for k in range(3)))
        for each, own, kinds in zip(alignments, moved, probability, strict=True)
    ]


def _root(covariance: Doubles, power: float) -> Doubles:
    """Return a symmetric power of a covariance."""
    values, axes = np.linalg.eigh(covariance)
    return np.asarray((axes * values.clip(min=_LEAST_SPREAD) ** power) @ axes.T)
