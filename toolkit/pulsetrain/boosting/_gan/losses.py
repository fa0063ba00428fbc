"""The losses, as in the papers, over what is not masked."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, normalize

__all__ = ["PatchContrast", "least_squares", "masked_l1", "patch_nce"]


def least_squares(judged: Tensor, target: float) -> Tensor:
    """Return the mean of (judged − target)² (Mao et al., LSGAN, ICCV 2017, eq. 2; CycleGAN, section 4)."""
    return ((judged.float() - target) ** 2).mean()


def masked_l1(one: Tensor, other: Tensor, live: Tensor) -> Tensor:
    """Return the mean of |one − other| over live pixels (CycleGAN, eq. 2)."""
    return ((one.float() - other.float()).abs() * live).sum() / live.sum().clamp(min=1)


def patch_nce(query: Tensor, key: Tensor, temperature: float, live: Tensor | None = None) -> Tensor:
    """Ask that a place of the made image is known again among all places of the image that it was made of.

    Parameters
    ----------
    query, key : Tensor, shape (n, place, feature)
        Unit vectors at the same places of the made image and of the one it was made of.
    temperature : float
    live : Tensor of bool, shape (n, place), optional
        Masked places neither ask nor are asked about.

    Returns
    -------
    Tensor, shape ()
        CUT, eq. 3 and 4, for one layer: cross-entropy over the places of the same image, in the mean over places.
    """
    n, places, _ = query.shape
    with torch.autocast(query.device.type, enabled=False):  # 16 bits are too few before the temperature
        likeness = query @ key.transpose(1, 2) / temperature  # (n, query place, key place)
    own = torch.arange(places, device=query.device).expand(n, places)
    if live is None:
        return cross_entropy(likeness.flatten(0, 1), own.flatten())
    # A place keeps its own key, so that a masked one has a finite loss, which then counts nothing.
    other = ~torch.eye(places, dtype=torch.bool, device=query.device)
    likeness = likeness.masked_fill(~live[:, None] & other, -math.inf)
    each = cross_entropy(likeness.flatten(0, 1), own.flatten(), reduction="none")
    return (each * live.flatten()).sum() / live.sum().clamp(min=1)


class PatchContrast(nn.Module):
    """The patchwise contrast over several layers, each with a small network of its own before it (CUT, section 3).

    Parameters
    ----------
    channels : list of int
        Of each layer.
    feature : int
        Length of the unit vectors.
    locations : int
        Places of an image that are compared, in each layer.
    temperature : float
    """

    def __init__(self, channels: list[int], feature: int, locations: int, temperature: float) -> None:
        super().__init__()
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(each, feature), nn.ReLU(), nn.Linear(feature, feature)) for each in channels
        )
        self._locations, self._temperature = locations, temperature

    def forward(self, made: list[Tensor], source: list[Tensor], live: Tensor, rng: torch.Generator) -> Tensor:
        """Return the mean over layers.

        Parameters
        ----------
        made, source : list of Tensor, shape (n, channel, y', x')
            Layers of the image that was made, and of the one that it was made of.
        live : Tensor, shape (n, 1, y, x)
        rng : torch.Generator
            Draws the places, live ones first.
        """
        losses = []
        for head, query, key in zip(self.heads, made, source, strict=True):
            seen = avg_pool2d(live, live.shape[-1] // key.shape[-1]).flatten(1) > 0.5  # (n, y' · x')
            luck = torch.rand(seen.shape, generator=rng, device=seen.device) + seen
            place = luck.topk(min(self._locations, seen.shape[1]), dim=1).indices  # (n, place)
            one, other = (normalize(head(_at(layer, place)).float(), dim=2) for layer in (query, key.detach()))
            losses.append(patch_nce(one, other.detach(), self._temperature, seen.gather(1, place)))
        return torch.stack(losses).mean()


def _at(layer: Tensor, place: Tensor) -> Tensor:
    """Return layers (n, channel, y, x) at places (n, place), shape (n, place, channel)."""
    flat = layer.flatten(2).transpose(1, 2)
    return flat.gather(1, place[:, :, None].expand(-1, -1, flat.shape[2]))
