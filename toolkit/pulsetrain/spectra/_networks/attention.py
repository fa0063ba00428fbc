"""The networks with spatial (S), channel (C) and temporal (T) attention, and the maps that they attend with."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import relu

from pulsetrain.spectra._networks.base import Network, refuse_short
from pulsetrain.spectra._networks.convolutional import convolve
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["ConvSC", "ConvSCT", "receptive_field"]

_WIDTH = 256  # places after the projection
_FEATURES = 8  # convolution channels


class ConvSC(Network):
    """Convolutions, then attention over places on the axis and over the eight features.

    The 256 published places are mixtures of the whole axis, so that their map cannot be read along it. With
    ``options.spatial_positions="axis"`` the same attention works before the projection, on the places of the
    convolution, each of which sees a known stretch of the axis (`receptive_field`).
    """

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        refuse_short("Conv SC and SCT attention", channels, 27)
        self.on_axis = options.spatial_positions == "axis"
        self.rowmax = options.channel_attention == "rowmax"
        self.convolutions = nn.Sequential(*convolve(1, 64, kernel=5, stride=2), *convolve(64, _FEATURES, kernel=5))
        self.project = nn.Linear(count_places(channels), _WIDTH)
        self.project_norm = nn.LayerNorm(_WIDTH)
        self.spatial = nn.MultiheadAttention(_FEATURES, num_heads=4, batch_first=True)
        self.alpha = nn.Parameter(torch.zeros(1))
        self.fuse_norm = nn.LayerNorm(_WIDTH)
        self.fuse = nn.Sequential(nn.Conv1d(_FEATURES, 1, 1), nn.BatchNorm1d(1), nn.ReLU())
        self.feed = _feed_forward()
        self.feed_norm = nn.LayerNorm(_WIDTH)
        self.head = nn.Linear(_WIDTH, 1)

    def forward(self, spectra: Tensor) -> Tensor:
        return self._judge(self._fused(spectra.flatten(0, -2)).squeeze(1)).reshape(spectra.shape[:-1])

    def maps(self, spectra: Tensor) -> dict[str, Tensor]:
        """Return what each spectrum attends to.

        Parameters
        ----------
        spectra : torch.Tensor, shape (spectrum, channel)

        Returns
        -------
        dict of torch.Tensor
            ``channel`` (spectrum, 8, 8) and ``spatial`` (spectrum, place, place), averaged over the heads; a row
            belongs to the one that attends and sums to 1.
        """
        places = self.convolutions(spectra.unsqueeze(1))
        projected = self.project_norm(self.project(places))
        across = (places if self.on_axis else projected).transpose(1, 2)
        _, spatial = self.spatial(across, across, across)
        return {"channel": self._channel_map(projected), "spatial": spatial}

    def _fused(self, spectra: Tensor) -> Tensor:
        """Return both attentions fused to one feature, (spectrum, 1, 256)."""
        places = self.convolutions(spectra.unsqueeze(1))  # (spectrum, 8, place)
        if self.on_axis:
            places = places + self._attend(places)
        projected = self.project_norm(self.project(places))  # (spectrum, 8, 256)
        spatial = projected if self.on_axis else projected + self._attend(projected)
        channel = projected + self.alpha * (self._channel_map(projected) @ projected)
        fused: Tensor = self.fuse(self.fuse_norm(spatial + channel))
        return fused

    def _attend(self, features: Tensor) -> Tensor:
        across = features.transpose(1, 2)  # (spectrum, place, 8)
        attended: Tensor = self.spatial(across, across, across, need_weights=False)[0]
        return attended.transpose(1, 2)

    def _channel_map(self, features: Tensor) -> Tensor:
        energy = features @ features.transpose(1, 2)  # (spectrum, 8, 8)
        if self.rowmax:
            energy = energy.amax(dim=-1, keepdim=True) - energy
        return torch.softmax(energy, dim=-1)

    def _judge(self, features: Tensor) -> Tensor:
        logits: Tensor = self.head(self.feed_norm(features + self.feed(features)))
        return logits.squeeze(-1)


class ConvSCT(ConvSC):
    """Conv SC and a branch that attends over the series."""

    context: ClassVar[Literal["spectrum", "series"]] = "series"

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__(channels, options)
        self.embed = nn.Sequential(nn.Linear(channels, _WIDTH), nn.LayerNorm(_WIDTH))
        self.temporal = nn.MultiheadAttention(_WIDTH, num_heads=1, batch_first=True)
        # The four parameters that the published count leaves for joining the branches.
        self.join = nn.Sequential(nn.Conv1d(1, 1, 1), nn.BatchNorm1d(1))

    def forward(self, spectra: Tensor) -> Tensor:
        sequences = spectra if spectra.dim() == 3 else spectra.unsqueeze(0)
        embedded = self.embed(sequences)  # (sequence, spectrum, 256)
        attended, _ = self.temporal(embedded, embedded, embedded, need_weights=False)
        temporal = (embedded + attended).flatten(0, 1).unsqueeze(1)
        joined = relu(self.join(self._fused(sequences.flatten(0, 1)) + temporal))  # (spectra, 1, 256)
        return self._judge(joined.squeeze(1)).reshape(spectra.shape[:-1])

    def temporal_map(self, spectra: Tensor) -> Tensor:
        """Return what each spectrum of the series attends to, (spectrum, spectrum)."""
        embedded = self.embed(spectra)
        weights: Tensor = self.temporal(embedded, embedded, embedded)[1]
        return weights


def _feed_forward() -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(_WIDTH), nn.Linear(_WIDTH, 1024), nn.ReLU(), nn.Linear(1024, _WIDTH))


def count_places(channels: int) -> int:
    """Return how many places the convolutions leave: 500 of 4023 points."""
    return (((channels - 5) // 2 + 1) // 2 - 4) // 2


def receptive_field(places: int) -> tuple[list[int], list[int]]:
    """Return the first and last point of the spectrum that each place of the convolutions sees.

    From the output back: a pool of 2, a convolution of 5, a pool of 2, a convolution of 5 in steps of 2.
    """
    first = [8 * place for place in range(places)]
    return first, [start + 26 for start in first]
