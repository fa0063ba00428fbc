"""What every network of the spectra method can be asked."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

__all__ = ["Network", "refuse_short"]


class Network(nn.Module):
    """A network that gives each spectrum a logit: above 0 it belongs to class 1.

    `forward` takes spectra (spectrum, channel) to logits (spectrum,). Where `context` is ``"series"``, the spectra are
    one sequence, in order, and (sequence, spectrum, channel) to (sequence, spectrum) is allowed too.
    """

    context: ClassVar[Literal["spectrum", "series"]] = "spectrum"

    def loss(self, spectra: Tensor, target: Tensor) -> Tensor:
        """Return the mean binary cross entropy; the target has the logits' shape."""
        return binary_cross_entropy_with_logits(self(spectra), target)

    def probability(self, spectra: Tensor) -> Tensor:
        """Return the probability of class 1, with the logits' shape."""
        return torch.sigmoid(self(spectra))


def refuse_short(title: str, channels: int, least: int) -> None:
    """Raise ValueError if spectra are too short for a network."""
    if channels < least:
        raise ValueError(
            f"{title}: got spectra of {channels} points, allowed at least {least}; take another network or a finer axis"
        )
