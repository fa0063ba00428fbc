"""Step 1: a latent space in which a frame lies where its augmented copies lie, whatever the experiment."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from pulsetrain.clustering._network import FrameNetwork

__all__ = ["learn_latent", "nt_xent"]

Views = NDArray[np.float16]

_BATCH = 128
_RATE = 4e-3
_TEMPERATURE = 0.45
_PULL = 2.0  # weight of the copies' own nearness, beside their being told apart from others
_NEVER = 1e-4  # least weight of a negative


def nt_xent(
    first: Tensor,
    second: Tensor,
    temperature: float,
    experiment: Tensor | None = None,
    empty: Tensor | None = None,
) -> Tensor:
    """Ask that two copies of a frame are nearer one another than to copies of other frames.

    Parameters
    ----------
    first, second : Tensor, shape (n, latent)
        Unit vectors of two copies of the same frames.
    temperature : float
    experiment : Tensor of int, shape (n,), optional
        Frames are told apart from those of their own experiment only: nothing is won by knowing the experiment.
    empty : Tensor, shape (n,), optional
        Probability that a frame shows nothing. Two that show nothing are alike: they are not told apart.

    Returns
    -------
    Tensor, shape ()
        Chen et al., SimCLR (ICML 2020), eq. 1, in the mean over the 2n copies; each negative is weighed by the
        probability that it is one.
    """
    n = len(first)
    copies = torch.cat([first, second])  # (2n, latent)
    likeness = copies @ copies.T / temperature
    apart = torch.eye(2 * n, dtype=torch.bool, device=copies.device)
    if experiment is not None:
        of = experiment.repeat(2)
        apart = apart | (of[:, None] != of)
    own = torch.arange(2 * n, device=copies.device).roll(n)
    if empty is not None:
        both = empty.repeat(2)[:, None] * empty.repeat(2)
        weight = torch.log((1 - both).clamp(min=_NEVER))
        likeness = likeness + weight.scatter(1, own[:, None], 0.0)
    return torch.nn.functional.cross_entropy(likeness.masked_fill(apart, -math.inf), own)


def learn_latent(
    network: FrameNetwork,
    copies: Iterable[Views],
    experiment: NDArray[np.integer],
    empty: NDArray[np.floating],
    *,
    epochs: int,
    seed: int,
    report: Callable[[int, int, float], None],
) -> list[float]:
    """Train the network on pairs of copies.

    Parameters
    ----------
    network : FrameNetwork
    copies : iterable of float16, shape (n, 2, 64, 64)
        Views of one more augmented copy of every frame at a time, ``epochs`` + 1 of them; each is paired with the one
        before, so that each is made once and seen twice.
    experiment : int, shape (n,)
    empty : float, shape (n,)
        Probability that a frame shows nothing.
    epochs : int
    seed : int
    report : callable
        Told step, steps and loss; may raise to end the training.

    Returns
    -------
    list of float
        The mean loss of each epoch.
    """
    device = next(network.parameters()).device
    rng = np.random.default_rng(seed)
    source = iter(copies)
    before = next(source)
    batches = max(1, len(before) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), lr=_RATE, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=epochs * batches)
    of = torch.from_numpy(np.asarray(experiment, np.int64)).to(device)
    nothing = torch.from_numpy(np.asarray(empty, np.float32)).to(device)
    history = []
    network.train()
    for epoch in range(epochs):
        now = next(source)
        losses = []
        for number, rows in enumerate(np.array_split(rng.permutation(len(now)), batches)):
            first, second = (network(torch.from_numpy(each[rows]).to(device, torch.float32)) for each in (before, now))
            loss = nt_xent(first, second, _TEMPERATURE, of[rows], nothing[rows])
            loss = loss + _PULL * (1 - (first * second).sum(dim=1)).mean()
            optimiser.zero_grad()
            torch.autograd.backward(loss)
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
            if not math.isfinite(losses[-1]):
                raise ValueError(f"training diverged (loss {losses[-1]}) in epoch {epoch + 1}; fit with another seed")
            report(epoch * batches + number + 1, epochs * batches, losses[-1])
        history.append(float(np.mean(losses)))
        before = now
    network.eval()
    return history
