"""Step 2: clusters such that a frame and its nearest neighbours are of one.

Van Gansbeke et al., SCAN: Learning to Classify Images without Labels (ECCV 2020), eq. 2 and section 2.3, on latent
vectors that stay as they are.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

__all__ = ["Division", "divide", "merge", "scan_loss"]

_ENTROPY = 5.0  # weight of the term that keeps every cluster in use, as published
_HEADS = 5  # trained side by side; the one of the least loss is kept, as published (there 10)
_STEPS = 300
_SELF_STEPS = 100
_BATCH = 512
_SURE = 0.99  # clusters so probable are taken for true, as published
_SHARPNESS = 10.0  # logits are up to so large at the start: latent vectors are of unit length


class Division(NamedTuple):
    """A linear division of the latent space: weight (cluster, latent), bias (cluster,)."""

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def probability(self, latent: NDArray[np.floating]) -> NDArray[np.float32]:
        """Return the probability of each cluster, (n, cluster)."""
        logits = latent @ self.weight.T + self.bias
        odds = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float32)


def scan_loss(p: Tensor, neighbours: Tensor, entropy: float = _ENTROPY) -> Tensor:
    """Ask that a frame and its neighbour are of one cluster, and that all clusters are used.

    Parameters
    ----------
    p, neighbours : Tensor, shape (..., n, cluster)
        Probabilities of frames, and of one neighbour of each.
    entropy : float
        Weight of the entropy of the mean of ``p``.

    Returns
    -------
    Tensor, shape (...)
        −⟨log p·p'⟩ − entropy · H(⟨p⟩)
    """
    agreement = (p * neighbours).sum(dim=-1).clamp(min=1e-8).log().mean(dim=-1)
    mean = p.mean(dim=-2).clamp(min=1e-8)
    return -agreement + entropy * (mean * mean.log()).sum(dim=-1)


def divide(
    latent: NDArray[np.float32],
    copies: NDArray[np.float32],
    neighbours: NDArray[np.int64],
    *,
    clusters: int,
    seed: int,
    report: Callable[[float], None] = lambda _: None,
) -> Division:
    """Divide the latent space by the SCAN loss, then by self-labelling.

    Parameters
    ----------
    latent : float32, shape (n, latent)
    copies : float32, shape (copy, n, latent)
        Of augmented copies of the same frames.
    neighbours : int, shape (n, k)
    clusters : int
    seed : int
    report : callable
        Told what share is done; may raise to end it.
    """
    # In 32 dimensions one core is quickest, and sums come out in one order.
    rng = torch.Generator().manual_seed(seed)
    points, near = torch.from_numpy(latent), torch.from_numpy(neighbours)
    every = torch.cat([points[None], torch.from_numpy(copies)])  # (1 + copy, n, latent)
    start = torch.randn(_HEADS, clusters, latent.shape[1], generator=rng)
    weight = nn.Parameter(_SHARPNESS * nn.functional.normalize(start, dim=2))
    bias = nn.Parameter(torch.zeros(_HEADS, 1, clusters))
    optimiser = torch.optim.Adam([weight, bias], lr=0.1)
    losses = torch.zeros(_HEADS)
    for step in range(_STEPS):
        chosen = torch.randint(len(points), (_BATCH,), generator=rng)
        other = near[chosen, torch.randint(near.shape[1], (_BATCH,), generator=rng)]
        p, q = (torch.softmax(points[rows] @ weight.mT + bias, dim=2) for rows in (chosen, other))
        each = scan_loss(p, q)  # (head,)
        optimiser.zero_grad()
        torch.autograd.backward(each.sum())
        optimiser.step()
        losses = 0.9 * losses + 0.1 * each.detach()
        report(0.8 * (step + 1) / _STEPS)
    best = int(losses.argmin())
    head = weight[best].detach().clone().requires_grad_(), bias[best, 0].detach().clone().requires_grad_()
    _self_label(*head, every, rng, report)
    return Division(head[0].detach().numpy(), head[1].detach().numpy())


def _self_label(
    weight: Tensor, bias: Tensor, every: Tensor, rng: torch.Generator, report: Callable[[float], None]
) -> None:
    """Learn the sure frames' own clusters from augmented copies of them."""
    optimiser = torch.optim.Adam([weight, bias], lr=0.01)
    for step in range(_SELF_STEPS):
        with torch.no_grad():
            sure, label = torch.softmax(every[0] @ weight.T + bias, dim=1).max(dim=1)
        rows = torch.nonzero(sure > _SURE)[:, 0]
        if len(rows) < len(weight):
            return  # nothing is sure enough to learn from
        rows = rows[torch.randint(len(rows), (_BATCH,), generator=rng)]
        copy = torch.randint(len(every), (_BATCH,), generator=rng)
        # Rare clusters count as much as frequent ones, or they would be given up.
        balance = 1 / torch.bincount(label[rows], minlength=len(weight)).clamp(min=1)
        loss = nn.functional.cross_entropy(every[copy, rows] @ weight.T + bias, label[rows], weight=balance)
        optimiser.zero_grad()
        torch.autograd.backward(loss)
        optimiser.step()
        report(0.8 + 0.2 * (step + 1) / _SELF_STEPS)


def merge(
    cluster: NDArray[np.integer],
    neighbours: NDArray[np.int64],
    clusters: int | None,
    kind: NDArray[np.integer],
    least: float = 0.15,
) -> NDArray[np.int64]:
    """Merge clusters whose frames are one another's neighbours.

    Parameters
    ----------
    cluster : int, shape (n,)
    neighbours : int, shape (n, k)
    clusters : int or None
        How many shall remain; None: as many as are apart.
    kind : int, shape (cluster,)
        What physics says of each: clusters of two kinds are merged only where ``clusters`` asks for it.
    least : float
        Merged are two of which the smaller has at least so large a share of its neighbours in the other.

    Returns
    -------
    int, shape (cluster,)
        New number of each cluster, the largest first.
    """
    n = len(kind)
    links = np.zeros((n, n))
    np.add.at(links, (cluster[:, None].repeat(neighbours.shape[1], axis=1), cluster[neighbours]), 1)
    links = links + links.T
    group = np.arange(n)
    alive = np.flatnonzero(links.sum(axis=1) > 0)
    while len(alive) > (clusters or 1):
        part = links[np.ix_(alive, alive)]
        total = part.sum(axis=1)
        share = part / np.minimum(total[:, None], total)
        allowed = kind[alive][:, None] == kind[alive]
        best = np.where(allowed, share, share - 1 if clusters else -1)
        np.fill_diagonal(best, -2)
        first, second = np.unravel_index(best.argmax(), best.shape)
        if clusters is None and best[first, second] < least:
            break
        keep, gone = sorted((alive[first], alive[second]), key=lambda each: -links[each].sum())
        group[group == gone] = keep
        links[keep] += links[gone]
        links[:, keep] += links[:, gone]
        links[gone], links[:, gone] = 0, 0
        alive = alive[alive != gone]
    sizes = np.bincount(group[cluster], minlength=n)
    order = np.argsort(-sizes, kind="stable")
    number = np.empty(n, np.int64)
    number[order] = np.arange(n)
    return number[group]
