"""How much memory a training step will take, known before it is taken."""

from __future__ import annotations

from pathlib import Path

import psutil
import torch
from torch import Tensor, nn
from torch.autograd.graph import saved_tensors_hooks

from pulsetrain.spectra._networks import Network

__all__ = ["available_bytes", "refuse_large", "training_bytes"]

_TRIALS = (2, 6)  # spectra; memory grows linearly from there
_USABLE = 0.9  # of what is free


def refuse_large(network: Network, spectra: int, channels: int, device: torch.device) -> None:
    """Raise MemoryError if a full batch does not fit, before anything is allocated."""
    needed, free = training_bytes(network, spectra, channels), available_bytes(device)
    if needed > _USABLE * free:
        raise MemoryError(
            f"published protocol: {type(network).__name__} on a full batch of {spectra} × {channels} needs about "
            f"{needed / 2**30:.1f} GiB, {free / 2**30:.1f} GiB are free on {device.type}; "
            "take protocol='mended' (minibatches), fewer labels or fewer rounds of augment"
        )


def training_bytes(network: Network, spectra: int, channels: int) -> float:
    """Return the peak memory of one training step on a full batch, bytes, extrapolated from two small ones."""
    (few, low), (more, high) = ((n, _step_bytes(network, n, channels)) for n in _TRIALS)
    slope = (high - low) / (more - few)
    weights = sum(parameter.numel() * 4 for parameter in network.parameters())
    return low + slope * (spectra - few) + 3 * weights  # gradient and Adam's two moments beside the weights


def available_bytes(device: torch.device) -> float:
    """Return the free memory of the device, within the limit of a batch job or container."""
    if device.type == "cuda":
        return float(torch.cuda.mem_get_info(device)[0])
    free = float(psutil.virtual_memory().available)
    limit, used = Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory.current")
    if limit.is_file() and used.is_file() and (text := limit.read_text().strip()).isdigit():
        free = min(free, int(text) - int(used.read_text()))
    return free


def _step_bytes(network: nn.Module, spectra: int, channels: int) -> float:
    """Return what a small step keeps for its backward pass, and the two largest gradients on the way."""
    kept: dict[int, Tensor] = {}

    def keep(tensor: Tensor) -> Tensor:
        kept[tensor.untyped_storage().data_ptr()] = tensor
        return tensor

    batch = torch.zeros(spectra, channels, device=next(network.parameters()).device)
    with saved_tensors_hooks(keep, lambda tensor: tensor):
        network(batch).sum()
    sizes = sorted(tensor.untyped_storage().nbytes() for tensor in kept.values())
    return float(sum(sizes) + sum(sizes[-2:]))
