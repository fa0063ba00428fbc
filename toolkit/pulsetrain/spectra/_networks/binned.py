"""The binned network: each stretch of the axis has a small network and a weight of its own."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from pulsetrain.spectra._networks.base import Network, refuse_short
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["BINS", "Binned"]

BINS = 15
_HIDDEN = 150


class Binned(Network):
    """Fifteen networks 2 → 150 → ReLU → 2 that label points (place on the axis, intensity) of their bin.

    A spectrum's class is the vote of its points, weighted by how well the bin tells the training spectra apart
    (`weigh`); a bin of weight 0 carries no information. Points left over at the end of the axis fall away.
    """

    weight: Tensor
    centre: Tensor
    spread: Tensor

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        del options  # has no choices of its own
        refuse_short("Binned FCNN", channels, 2 * BINS)
        self.points = channels // BINS
        self.first_weight = nn.Parameter(torch.empty(BINS, 2, _HIDDEN).uniform_(-1, 1) / 2**0.5)
        self.first_bias = nn.Parameter(torch.empty(BINS, 1, _HIDDEN).uniform_(-1, 1) / 2**0.5)
        self.second_weight = nn.Parameter(torch.empty(BINS, _HIDDEN, 2).uniform_(-1, 1) / _HIDDEN**0.5)
        self.second_bias = nn.Parameter(torch.empty(BINS, 1, 2).uniform_(-1, 1) / _HIDDEN**0.5)
        self.register_buffer("weight", torch.ones(BINS))
        self.register_buffer("centre", torch.zeros(BINS, 1))
        self.register_buffer("spread", torch.ones(BINS, 1))

    def forward(self, spectra: Tensor) -> Tensor:
        """Return the log odds of a soft vote, which has a gradient."""
        share = torch.softmax(self.label_points(spectra), dim=-1)[..., 1].mean(dim=-1)  # (spectrum, bin)
        return torch.logit(self._vote(share), eps=1e-6)

    def probability(self, spectra: Tensor) -> Tensor:
        """Return the weighted share of points labelled 1; ½ where no bin has any weight."""
        logits = self.label_points(spectra)
        return self._vote((logits[..., 1] > logits[..., 0]).to(spectra.dtype).mean(dim=-1))

    def loss(self, spectra: Tensor, target: Tensor) -> Tensor:
        """Return the mean cross entropy of the points."""
        logits = self.label_points(spectra)
        wanted = target.long()[:, None, None].expand(logits.shape[:-1])
        return cross_entropy(logits.reshape(-1, 2), wanted.reshape(-1))

    def label_points(self, spectra: Tensor) -> Tensor:
        """Return the logits of both classes for each point, (spectrum, bin, point, 2)."""
        n = len(spectra)
        intensity = spectra[:, : BINS * self.points].reshape(n, BINS, self.points)
        intensity = (intensity - self.centre) / self.spread
        place = torch.linspace(-1, 1, self.points, device=spectra.device, dtype=spectra.dtype).expand_as(intensity)
        points = torch.stack([place, intensity], dim=-1).transpose(0, 1).reshape(BINS, n * self.points, 2)
        hidden = torch.relu(points @ self.first_weight + self.first_bias)  # (bin, spectrum·point, 150)
        logits = hidden @ self.second_weight + self.second_bias
        return logits.reshape(BINS, n, self.points, 2).transpose(0, 1)

    @torch.no_grad()
    def scale(self, spectra: Tensor) -> None:
        """Take centre and spread of each bin's intensities from the training spectra."""
        intensity = spectra[:, : BINS * self.points].reshape(len(spectra), BINS, self.points)
        self.centre.copy_(intensity.mean(dim=(0, 2))[:, None])
        self.spread.copy_(intensity.std(dim=(0, 2)).clamp_min(1e-12)[:, None])

    @torch.no_grad()
    def weigh(self, spectra: Tensor, target: Tensor) -> None:
        """Set the bins' weights, w = max(1.4337·a² − 0.4337, 0) of the training points' accuracy a."""
        logits = self.label_points(spectra)
        right = (logits[..., 1] > logits[..., 0]) == (target[:, None, None] > 0.5)
        accuracy = right.float().mean(dim=(0, 2))
        self.weight.copy_((1.4337 * accuracy**2 - 0.4337).clamp_min(0))

    def _vote(self, share: Tensor) -> Tensor:
        total = self.weight.sum()
        if total == 0:
            return torch.full_like(share[:, 0], 0.5)
        return share @ self.weight / total
