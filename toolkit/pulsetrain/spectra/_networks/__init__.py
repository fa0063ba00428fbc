"""The networks of the spectra method, one family a file; `build` makes the one that the options name."""

from __future__ import annotations

from pkgutil import resolve_name

from pulsetrain.spectra._networks.base import Network
from pulsetrain.spectra.catalogue import NETWORKS
from pulsetrain.spectra.options import SpectraOptions

__all__ = ["Network", "build", "count_parameters"]


def build(options: SpectraOptions, channels: int) -> Network:
    """Return the untrained network that the options name.

    Parameters
    ----------
    options : SpectraOptions
    channels : int
        Points of each spectrum.

    Raises
    ------
    ValueError
        If the spectra are too short for the network's convolutions and pools.
    """
    network: Network = resolve_name(NETWORKS[options.network].place)(channels, options)
    return network


def count_parameters(network: Network) -> int:
    """Return the number of trainable parameters."""
    return sum(parameter.numel() for parameter in network.parameters() if parameter.requires_grad)
