"""The two training protocols."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.optim.swa_utils import update_bn

from pulsetrain.nn import choose_device
from pulsetrain.spectra._memory import refuse_large
from pulsetrain.spectra._networks import Network, build
from pulsetrain.spectra._networks.binned import Binned
from pulsetrain.spectra._prepare import Array, noise_level
from pulsetrain.spectra.catalogue import NETWORKS
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Report", "learning_rate", "shift_axis", "step_count", "train"]

Report = Callable[[int, float], None]

_PUBLISHED_NOISE = 1 / 6
_POINTWISE = 8  # the binned network learns thousands of points from each spectrum: fewer spectra will do
_STATISTICS_BATCHES = 20  # minibatches that the final batch-norm statistics are averaged over


def train(values: Array, labels: NDArray[np.int64], options: SpectraOptions, seed: int, report: Report) -> Network:
    """Train one network.

    Parameters
    ----------
    values : numpy.ndarray, shape (spectrum, channel), float32
        Labelled spectra, prepared, in the order of the series.
    labels : numpy.ndarray, shape (spectrum,)
        0 or 1.
    options : SpectraOptions
    seed : int
        For the weights, the noise and the minibatches; the caller's own random state is left as it was.
    report : callable
        Told the step and the loss after each step; may raise to end the training.

    Raises
    ------
    MemoryError
        If the published protocol's full batch does not fit.
    ValueError
        If the training diverges.
    """

    def checked(step: int, loss: float) -> None:
        if not np.isfinite(loss):
            raise _diverged(step, options)
        report(step, loss)

    device = choose_device(options.device)
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build(options, values.shape[1]).to(device)
        data = _Labelled(
            torch.from_numpy(values).to(device),
            torch.from_numpy(labels).to(device, torch.float32),
            torch.from_numpy(noise_level(values)).to(device),
        )
        if isinstance(network, Binned):
            network.scale(data.spectra)
        run = _train_published if options.protocol == "published" else _train_mended
        run(network, data, options, checked)
        if not all(bool(torch.isfinite(tensor).all()) for tensor in network.state_dict().values()):
            raise _diverged(step_count(options) - 1, options)
    return network


def learning_rate(options: SpectraOptions) -> float:
    """Return the learning rate that the options ask for."""
    return options.learning_rate or NETWORKS[options.network].learning_rate


def step_count(options: SpectraOptions) -> int:
    """Return the number of optimiser steps that the options ask for."""
    recipe = NETWORKS[options.network]
    return options.steps or (recipe.published_steps if options.protocol == "published" else recipe.steps)


@dataclass(frozen=True)
class _Labelled:
    """Training spectra (spectrum, channel), their classes (spectrum,) and the noise (channel,)."""

    spectra: Tensor
    target: Tensor
    noise: Tensor


def _train_published(network: Network, data: _Labelled, options: SpectraOptions, report: Report) -> None:
    if isinstance(network, Binned):
        # The binned network learns from the extreme spectra alone: the first of the old phase, the last of the new.
        ends = [0, -1] if data.target[0] == 0 else [-1, 0]
        spectra, target = data.spectra[ends], data.target[ends]
    else:
        copies = data.spectra.repeat(options.augment, 1)
        copies += options.noise * _PUBLISHED_NOISE * torch.rand_like(copies)
        spectra, target = torch.cat([data.spectra, copies]), data.target.repeat(options.augment + 1)
        order = torch.randperm(len(spectra), device=spectra.device)
        spectra, target = spectra[order], target[order]
        refuse_large(network, len(spectra), spectra.shape[1], spectra.device)
    optimiser = _optimiser(network, options)
    for step in range(step_count(options)):
        report(step, _descend(network, optimiser, spectra, target))
    if isinstance(network, Binned):
        network.weigh(spectra, target)


def _train_mended(network: Network, data: _Labelled, options: SpectraOptions, report: Report) -> None:
    batches = _minibatches(network, data, options)
    optimiser = _optimiser(network, options)
    for step in range(step_count(options)):
        report(step, _descend(network, optimiser, *next(batches)))
    # The running statistics lag behind weights that moved this fast: take them anew before anything is predicted.
    update_bn((next(batches)[0] for _ in range(_STATISTICS_BATCHES)), network)
    network.eval()
    if isinstance(network, Binned):
        network.weigh(data.spectra, data.target)


def _descend(network: Network, optimiser: torch.optim.Adam, spectra: Tensor, target: Tensor) -> float:
    optimiser.zero_grad()
    loss = network.loss(spectra, target)
    torch.autograd.backward(loss)
    optimiser.step()
    return loss.item()


def _diverged(step: int, options: SpectraOptions) -> ValueError:
    return ValueError(
        f"training diverged (loss not finite) at step {step + 1}; lower learning_rate, got {learning_rate(options):g}"
    )


def _optimiser(network: Network, options: SpectraOptions) -> torch.optim.Adam:
    return torch.optim.Adam(network.parameters(), lr=learning_rate(options), weight_decay=options.weight_decay)


def _minibatches(network: Network, data: _Labelled, options: SpectraOptions) -> Iterator[tuple[Tensor, Tensor]]:
    """Yield minibatches without end, half of each class; for networks that read the series, in its order.

    An ordered minibatch switches at a random place, so that the place within it tells nothing.
    """
    groups = [torch.where(data.target == label)[0] for label in (0, 1)]
    size = max(2, options.batch // _POINTWISE) if isinstance(network, Binned) else options.batch
    while True:
        old = int(torch.randint(1, size, ())) if network.context == "series" else size // 2
        counts = (old, size - old)
        chosen = torch.cat(
            [
                group[torch.randint(len(group), (count,), device=group.device)]
                for group, count in zip(groups, counts, strict=True)
            ]
        )
        if network.context == "series":
            chosen = chosen.sort().values
        yield _augment(data.spectra[chosen], data.noise, options), data.target[chosen]


def _augment(spectra: Tensor, noise: Tensor, options: SpectraOptions) -> Tensor:
    """Shift spectra along the axis and add noise, but leave one in (augment + 1) as it is."""
    if not options.augment:
        return spectra
    original = torch.rand(len(spectra), 1, device=spectra.device) < 1 / (options.augment + 1)
    copies = spectra
    if options.shift:
        copies = shift_axis(copies, options.shift / 100)
    copies = copies + options.noise * noise * torch.randn_like(copies)
    return torch.where(original, spectra, copies)


def shift_axis(spectra: Tensor, reach: float) -> Tensor:
    """Move and stretch each spectrum along the axis by a random share of it, linearly interpolated."""
    n, channels = spectra.shape
    place = torch.linspace(-1, 1, channels, device=spectra.device)
    move, stretch = (reach * channels * (2 * torch.rand(2, n, 1, device=spectra.device) - 1)).unbind(0)
    source = torch.arange(channels, device=spectra.device) + move + 0.5 * stretch * place
    source = source.clamp(0, channels - 1)
    left = source.floor().long().clamp(max=channels - 2)
    share = source - left
    return (1 - share) * spectra.gather(1, left) + share * spectra.gather(1, left + 1)
