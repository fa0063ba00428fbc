"""Which channels of the spectra a trained classifier decides by."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Literal, get_args

import numpy as np
import torch
import xarray as xr
from captum.attr import InputXGradient, IntegratedGradients, Occlusion
from numpy.typing import ArrayLike, NDArray
from torch import Tensor

from pulsetrain.spectra._networks import Network
from pulsetrain.spectra.classifier import SpectraClassifier
from pulsetrain.spectra.labels import labels_of

__all__ = ["METHODS", "ImportanceMethod", "attribution_share", "importance"]

ImportanceMethod = Literal[
    "integrated_gradients", "input_x_gradient", "occlusion", "mean_square", "published", "class_mean_difference"
]
METHODS: tuple[ImportanceMethod, ...] = get_args(ImportanceMethod)

Floats = NDArray[np.float64]

_PER_CLASS = 24  # spectra of each class that are attributed, evenly along the series
_PATH_STEPS = 24  # of the integral
_AT_ONCE = 96  # spectra that go through a network together
_WINDOWS = 100  # windows of the occlusion along the axis


def importance(
    classifier: SpectraClassifier,
    series: xr.DataArray,
    method: ImportanceMethod = "integrated_gradients",
    *,
    labels: ArrayLike | Mapping[int, int] | str | None = None,
    edge: float = 0.01,
) -> xr.DataArray:
    """Attribute a classifier's decision to the channels of the spectra.

    Parameters
    ----------
    classifier : SpectraClassifier
        Trained.
    series : xarray.DataArray, dims (spectrum, channel)
    method : str
        ``"integrated_gradients"`` from the mean of class 0 to each spectrum (Sundararajan et al. 2017; the default),
        ``"input_x_gradient"``, ``"occlusion"`` of a hundredth of the axis by the mean of class 0, ``"mean_square"`` of
        the loss gradient, ``"published"``: its signed sum over the spectra, which cancels and vanishes for confident
        networks, and ``"class_mean_difference"``, which asks no network.
    labels : array of int, shape (spectrum,), mapping or str, optional
        The spectra to attribute, −1 for none; else those that the classifier was trained on, and for another series
        the predicted classes.
    edge : float
        Share of the axis masked at either end, where detectors fall off.

    Returns
    -------
    xarray.DataArray, dims (class, channel)
        Not negative, 0 where masked; each member of the ensemble is normalised before the mean, so that no single
        one outweighs the others. Sums to 1.
    """
    spectra = torch.from_numpy(classifier.prepare(series))
    known = _classes(classifier, series, labels)
    chosen = np.sort(np.concatenate([_evenly(np.flatnonzero(known == label)) for label in (0, 1)]))
    classes = known[chosen]
    device = next(classifier.networks_[0].parameters()).device
    inputs = spectra[torch.from_numpy(chosen)].to(device)
    base = inputs[torch.from_numpy(classes == 0)].mean(dim=0, keepdim=True)

    members = [None] if method == "class_mean_difference" else classifier.networks_
    mask = _edge_mask(spectra.shape[1], edge)
    curves = np.zeros((len(members), 2, spectra.shape[1]))
    for curve, network in zip(curves, members, strict=True):
        if network is None:
            curve[:] = np.abs((inputs[torch.from_numpy(classes == 1)].mean(dim=0) - base[0]).cpu().numpy())
        else:
            each = _ATTRIBUTIONS[method](copy.deepcopy(network), inputs, base, torch.from_numpy(classes).to(device))
            curve[:] = [np.abs(each[classes == label].mean(axis=0)) for label in (0, 1)]
        curve[:, mask] = 0.0
    coords = {"axis": series.coords["axis"]} if "axis" in series.coords else {}
    total = curves.sum(axis=(1, 2), keepdims=True)
    return xr.DataArray(
        (curves / np.where(total > 0, total, 1.0)).mean(axis=0),
        dims=("class", "channel"),
        coords={"class": [0, 1], **coords},
        name="importance",
        attrs={"method": method, "network": classifier.options.network, "masked_share": edge},
    )


def attribution_share(importance: xr.DataArray, changing: ArrayLike) -> float:
    """Return the share of the importance that lies on channels known to change, 0 … 1.

    Parameters
    ----------
    importance : xarray.DataArray, with dimension channel
    changing : array of bool, shape (channel,)
    """
    weight = np.abs(importance.transpose(..., "channel").values)
    return float(weight[..., np.asarray(changing, bool)].sum() / weight.sum())


def _integrated_gradients(network: Network, inputs: Tensor, base: Tensor, classes: Tensor) -> Floats:
    del classes
    method = IntegratedGradients(_logits(network))
    return _attribute(network, inputs, base, lambda x, b: method.attribute(x, baselines=b, n_steps=_PATH_STEPS))


def _input_x_gradient(network: Network, inputs: Tensor, base: Tensor, classes: Tensor) -> Floats:
    del classes
    method = InputXGradient(_logits(network))
    return _attribute(network, inputs, base, lambda x, _: method.attribute(x))


def _occlusion(network: Network, inputs: Tensor, base: Tensor, classes: Tensor) -> Floats:
    del classes
    method = Occlusion(_logits(network))
    width = max(1, inputs.shape[1] // _WINDOWS)

    def occlude(x: Tensor, b: Tensor) -> Tensor:
        window = (*x.shape[1:-1], width)
        hidden: Tensor = method.attribute(x.detach(), sliding_window_shapes=window, strides=window, baselines=b)
        return hidden

    return _attribute(network, inputs, base, occlude)


def _loss_gradient(network: Network, inputs: Tensor, base: Tensor, classes: Tensor) -> Floats:
    del base
    leaf = inputs.clone().requires_grad_()
    (gradient,) = torch.autograd.grad(network.loss(leaf, classes.to(leaf)), leaf)
    return np.asarray(gradient.cpu().numpy(), dtype=float)


def _squared_gradient(network: Network, inputs: Tensor, base: Tensor, classes: Tensor) -> Floats:
    return _loss_gradient(network, inputs, base, classes) ** 2


_ATTRIBUTIONS: dict[str, Callable[[Network, Tensor, Tensor, Tensor], Floats]] = {
    "integrated_gradients": _integrated_gradients,
    "input_x_gradient": _input_x_gradient,
    "occlusion": _occlusion,
    "mean_square": _squared_gradient,
    "published": _loss_gradient,
}


def _logits(network: Network) -> Callable[[Tensor], Tensor]:
    """Return what captum differentiates: one number for each spectrum, or for each whole series."""

    def forward(x: Tensor) -> Tensor:
        logits: Tensor = network(x)
        return logits if network.context == "spectrum" else logits.sum(dim=-1)

    return forward


def _attribute(network: Network, inputs: Tensor, base: Tensor, method: Callable[[Tensor, Tensor], Tensor]) -> Floats:
    """Apply a captum method part by part, or to the series as one, and return (spectrum, channel)."""
    if network.context == "series":
        parts = [inputs.unsqueeze(0)]
    else:
        parts = list(torch.split(inputs, max(1, _AT_ONCE // _PATH_STEPS)))
    found = [
        method(part.clone().requires_grad_(), base.expand_as(part).contiguous()).detach().flatten(0, -2)
        for part in parts
    ]
    return np.asarray(torch.cat(found).cpu().numpy(), dtype=float)


def _classes(
    classifier: SpectraClassifier, series: xr.DataArray, labels: ArrayLike | Mapping[int, int] | str | None
) -> NDArray[np.int64]:
    if labels is not None:
        return labels_of(labels, series)
    if classifier.learnt_from(series):
        return classifier.labels_
    return labels_of(classifier.predict(series).prediction.values, series)


def _evenly(index: NDArray[np.intp]) -> NDArray[np.intp]:
    if len(index) <= _PER_CLASS:
        return index
    return np.asarray(index[np.linspace(0, len(index) - 1, _PER_CLASS).round().astype(int)])


def _edge_mask(channels: int, edge: float) -> NDArray[np.bool_]:
    place = np.arange(channels)
    width = round(edge * channels)
    return (place < width) | (place >= channels - width)
