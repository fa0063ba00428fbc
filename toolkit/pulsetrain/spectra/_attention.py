"""What the attention networks attend to, as maps that can be drawn."""

from __future__ import annotations

import numpy as np
import torch
import xarray as xr

from pulsetrain.spectra._networks.attention import ConvSC, ConvSCT, receptive_field
from pulsetrain.spectra.classifier import SpectraClassifier

__all__ = ["attention"]

_AT_ONCE = 16  # spectra whose spatial maps are held together


def attention(classifier: SpectraClassifier, series: xr.DataArray) -> xr.Dataset:
    """Return the attention maps of a trained Conv SC or Conv SCT network, the mean over members, heads and spectra.

    Parameters
    ----------
    classifier : SpectraClassifier
    series : xarray.DataArray, dims (spectrum, channel)

    Returns
    -------
    xarray.Dataset
        ``channel`` (feature, feature_to), 8 × 8; ``spatial`` (place, place_to), 256 × 256 learned mixtures of the whole
        axis, or, with ``spatial_positions="axis"``, places on the axis, whose middle is the coordinate ``axis`` and
        whose ends are ``axis_low`` and ``axis_high``; ``temporal`` (spectrum, spectrum_to) for Conv SCT. Each row
        belongs to the one that attends and sums to 1. Empty for networks without attention.
    """
    spectra = torch.from_numpy(classifier.prepare(series))
    maps: dict[str, torch.Tensor] = {}
    for network in classifier.networks_:
        if not isinstance(network, ConvSC):
            return xr.Dataset()
        device = network.alpha.device
        with torch.no_grad():
            for name, each in _maps(network, spectra.to(device)).items():
                maps[name] = maps.get(name, torch.zeros_like(each)) + each / len(classifier.networks_)
    dims = {"channel": "feature", "spatial": "place", "temporal": "spectrum"}
    result = xr.Dataset(
        {name: ((dims[name], f"{dims[name]}_to"), each.cpu().numpy()) for name, each in maps.items()},
        attrs={
            "network": classifier.options.network,
            "spatial_positions": classifier.options.spatial_positions,
            "channel_attention": classifier.options.channel_attention,
        },
    )
    on_axis = classifier.options.spatial_positions == "axis" and "axis" in series.coords
    return result.assign_coords(_places(result.sizes["place"], series)) if on_axis else result


def _maps(network: ConvSC, spectra: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return one member's maps: the mean over spectra, a few at a time; the temporal map is of the whole series."""
    parts = [network.maps(part) for part in torch.split(spectra, _AT_ONCE)]
    means = {
        name: torch.stack([part[name].sum(dim=0) for part in parts]).sum(dim=0) / len(spectra)
        for name in ("channel", "spatial")
    }
    return {**means, "temporal": network.temporal_map(spectra)} if isinstance(network, ConvSCT) else means


def _places(count: int, series: xr.DataArray) -> dict[str, xr.Variable]:
    axis = series.coords["axis"]
    first, last = receptive_field(count)
    low, high = axis.values[first], axis.values[last]
    return {
        name: xr.Variable("place_to", np.asarray(values), axis.attrs)
        for name, values in (("axis", (low + high) / 2), ("axis_low", low), ("axis_high", high))
    }
