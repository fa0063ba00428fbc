"""The networks that read the series as a sequence of spectra."""

from __future__ import annotations

from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from pulsetrain.spectra._networks.base import Network, refuse_short
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Recurrent", "Transformer"]


class Recurrent(Network):
    """An LSTM of two layers along the series."""

    context: ClassVar[Literal["spectrum", "series"]] = "series"

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        del options  # has no choices of its own
        refuse_short("LSTM", channels, 2)
        self.embed = _embedding(channels, 512)
        self.recurrent = nn.LSTM(512, 512, num_layers=2, batch_first=True)
        self.head = nn.Sequential(nn.LayerNorm(512), nn.Linear(512, 1))

    def forward(self, spectra: Tensor) -> Tensor:
        hidden, _ = self.recurrent(self.embed(spectra))  # (…, spectrum, 512)
        logits: Tensor = self.head(hidden)
        return logits.squeeze(-1)


class Transformer(Network):
    """Two encoder layers that attend over the series; positions are sinusoidal."""

    context: ClassVar[Literal["spectrum", "series"]] = "series"

    def __init__(self, channels: int, options: SpectraOptions) -> None:
        super().__init__()
        del options  # has no choices of its own
        refuse_short("Transformer", channels, 2)
        self.embed = _embedding(channels, 256)
        layers = [
            nn.TransformerEncoderLayer(256, nhead=8, dim_feedforward=256, dropout=0.0, batch_first=True)
            for _ in range(2)
        ]
        self.encoder = nn.Sequential(*layers)
        self.head = nn.Linear(256, 1)

    def forward(self, spectra: Tensor) -> Tensor:
        embedded = self.embed(spectra)
        hidden = self.encoder(embedded + _positions(embedded.shape[-2], 256).to(embedded))  # (…, spectrum, 256)
        logits: Tensor = self.head(hidden)
        return logits.squeeze(-1)


def _embedding(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.LayerNorm(channels), nn.Linear(channels, width), nn.LayerNorm(width), nn.ReLU())


def _positions(length: int, width: int) -> Tensor:
    """Return sinusoidal positions, (length, width); Vaswani et al. 2017, section 3.5."""
    place = torch.arange(length, dtype=torch.float32)[:, None]
    rate = 10_000 ** (-torch.arange(0, width, 2, dtype=torch.float32) / width)
    return torch.stack([torch.sin(place * rate), torch.cos(place * rate)], dim=-1).flatten(1)
