"""The classifier: an ensemble of one kind of network, trained on the labelled spectra of a series."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain._version import __version__
from pulsetrain.nn import choose_device
from pulsetrain.progress import Progress
from pulsetrain.spectra._boundary import boundary_interval, find_boundary, p_conf
from pulsetrain.spectra._members import SHORTENED, member_labels, whole_members
from pulsetrain.spectra._networks import Network, build, count_parameters
from pulsetrain.spectra._networks.binned import BINS, Binned
from pulsetrain.spectra._networks.sequence import Recurrent
from pulsetrain.spectra._prepare import Array, Preparation, spectra_values
from pulsetrain.spectra._store import damaged, read_model, write_model
from pulsetrain.spectra._training import learning_rate, step_count, train
from pulsetrain.spectra.catalogue import NETWORKS
from pulsetrain.spectra.labels import class_0_first, gap_middle, labels_of
from pulsetrain.spectra.options import SpectraOptions
from pulsetrain.spectra.ordering import check_order

__all__ = ["SpectraClassifier"]

_AT_ONCE = 64  # spectra predicted together where each stands alone
_SURE = 0.9  # P_conf below this: strays on either side take more than a tenth of the series


class SpectraClassifier:
    """Learn two phases from the labelled spectra of a series and classify all of it.

    Parameters
    ----------
    **options
        Fields of `SpectraOptions`: ``network``, ``protocol``, ``seed``, ``members``…

    Attributes
    ----------
    options : SpectraOptions
    networks_ : list of torch.nn.Module
        The trained members; the first has seen every label, the others fewer or resampled ones.
    history_ : list of float
        Loss of the first member after each step.

    Examples
    --------
    >>> from pulsetrain.simulate.spectra import SeriesOptions, simulate_series
    >>> truth = simulate_series(SeriesOptions(n_spectra=60, n_channels=400, label_every=2), seed=1)
    >>> classifier = SpectraClassifier(network="fcnn", members=2, steps=50)
    >>> result = classifier.fit(truth.intensity, truth.labels).predict(truth.intensity)
    >>> sorted(result.data_vars)  # doctest: +NORMALIZE_WHITESPACE
    ['boundary', 'boundary_interval', 'member_boundary', 'member_probability', 'p_conf', 'prediction', 'probability']
    """

    options: SpectraOptions
    networks_: list[Network]
    history_: list[float]
    labels_: NDArray[np.int64]
    _axis: tuple[float, float] | None
    _learnt: str | None

    def __init__(self, **options: Any) -> None:
        self.options = SpectraOptions(**options)

    def fit(
        self,
        series: xr.DataArray,
        labels: ArrayLike | Mapping[int, int] | str | None = None,
        progress: Progress | None = None,
    ) -> Self:
        """Train on the labelled spectra.

        Parameters
        ----------
        series : xarray.DataArray, dims (spectrum, channel)
            In order along pressure, temperature or time.
        labels : array of int, shape (spectrum,), mapping of index to class, or str, optional
            −1 unlabelled, 0, 1; or as written for `pulsetrain.spectra.parse_labels`; else read from ``options.labels``.
        progress : callable, optional
            Told ``(step, steps, message, loss=…)``; may raise `pulsetrain.progress.Cancelled`.

        Raises
        ------
        ValueError
            If the series or the labels cannot be trained on; says why. Labels must switch once, either class first, and
            the coordinate ``order``, where there is one, must not turn back.
        MemoryError
            If the published protocol's full batch does not fit.
        """
        values = spectra_values(series)
        check_order(series)
        known = labels_of(self.options.labels if labels is None else labels, series)
        rising = class_0_first(known)
        labelled = np.flatnonzero(known >= 0)
        preparation = Preparation.learn(values[labelled], self.options)
        spectra, classes = preparation(values[labelled]), known[labelled]

        steps, members = step_count(self.options), self.options.members
        networks, middles, history = [], [], np.zeros((members, steps))
        for member in range(members):

            def report(step: int, loss: float, member: int = member) -> None:
                history[member, step] = loss
                if progress is not None:
                    message = NETWORKS[self.options.network].title
                    progress(member * steps + step + 1, members * steps, message, loss=loss, member=member)

            chosen = member_labels(classes if rising else 1 - classes, member, self.options.seed)
            seen = np.isin(np.arange(len(known)), labelled[chosen])
            middles.append(gap_middle(np.where(seen, known, -1) if member in SHORTENED else known))
            networks.append(train(spectra[chosen], classes[chosen], self.options, self.options.seed + member, report))
        self.networks_, self.history_ = networks, history[0].tolist()
        self.labels_, self._preparation, self._middles = known, preparation, middles
        self._channels, self._fingerprint = values.shape[1], str(series.attrs.get("fingerprint", ""))
        self._axis, self._learnt = _axis_ends(series), _hash(values)
        return self

    def predict(self, series: xr.DataArray) -> xr.Dataset:
        """Classify every spectrum of a series.

        Parameters
        ----------
        series : xarray.DataArray, dims (spectrum, channel)
            On the axis of the training series.

        Returns
        -------
        xarray.Dataset
            ``probability`` of class 1, ``prediction`` (spectrum,); ``p_conf`` (); ``boundary`` () and its 90 % interval
            ``boundary_interval`` (bound,), spectra, see `pulsetrain.spectra.boundary_interval`; NaN where nothing
            switches, of fewer than 4 members, and for another series than the labelled one; ``member_probability``
            (member, spectrum), ``member_boundary`` (member,). The binned network adds ``bin_weight`` (bin,) and
            ``bin_range`` (bin, bound), in units of the axis. ``attrs["context"]`` is ``"spectrum"`` where a spectrum's
            class depends on it alone, ``"series"`` where on the others too. ``attrs["flags"]``: what is doubtful, such
            as that nothing switches, one plain sentence a line; empty where nothing is.

        Notes
        -----
        A network always finds a switch between two labelled ends, also where the spectra between them only drift or do
        not change at all. ``p_conf`` says that the prediction switches once, ``boundary`` where, and the interval how
        far networks that saw other labels agree: none of them says that there is a transition, or that it is sharp.
        Ask `pulsetrain.spectra.TransitionEstimator`, which looks at how the spectra change.
        """
        probabilities = self.member_probabilities(self.prepare(series))
        # Published is one network; mended is the mean of the members but those that miss labels on purpose.
        whole = [0] if self.options.protocol == "published" else whole_members(len(probabilities))
        probability = probabilities[whole].mean(axis=0)
        # The switch is sought in the order of the labels; the probability stays that of class 1.
        rising = class_0_first(self.labels_)
        later, late = (probability, probabilities) if rising else (1 - probability, 1 - probabilities)
        boundaries = [find_boundary(member) for member in late]
        result = xr.Dataset(
            {
                "probability": ("spectrum", probability, {"long_name": "probability of class 1"}),
                "prediction": ("spectrum", (probability >= 0.5).astype(np.int64)),
                "p_conf": p_conf((probability >= 0.5) == rising),
                "boundary": ((), find_boundary(later), {"units": "spectra"}),
                "boundary_interval": (
                    "bound",
                    self._interval(boundaries, series),
                    {"units": "spectra", "level": 0.9},
                ),
                "member_probability": (("member", "spectrum"), probabilities),
                "member_boundary": ("member", boundaries, {"units": "spectra"}),
            },
            coords={name: series.coords[name] for name in ("axis", "order", "name") if name in series.coords},
            attrs=self._provenance(series),
        )
        result.attrs["flags"] = "\n".join(self._doubts(result))
        network = self.networks_[0]
        return result.merge(_bins(network, series), combine_attrs="override") if isinstance(network, Binned) else result

    def prepare(self, series: xr.DataArray) -> Array:
        """Return the spectra as the networks are fed them, (spectrum, channel) float32.

        Raises
        ------
        RuntimeError
            If the classifier is not trained.
        ValueError
            If the series has another axis than the training series.
        """
        if not hasattr(self, "networks_"):
            raise RuntimeError("this classifier is not trained; call fit(series, labels) or SpectraClassifier.load")
        values = spectra_values(series)
        if values.shape[1] != self._channels:
            raise ValueError(
                f"series: got spectra of {values.shape[1]} points, allowed {self._channels} as in training; "
                "interpolate them to the training axis"
            )
        axis = _axis_ends(series)
        if axis and self._axis and not np.allclose(axis, self._axis, rtol=0, atol=1e-6 * abs(np.ptp(self._axis))):
            raise ValueError(
                f"series: got the axis {axis[0]:g} … {axis[1]:g}, needed {self._axis[0]:g} … {self._axis[1]:g} as in "
                "training; interpolate the spectra to the training axis"
            )
        return self._preparation(values)

    def member_probabilities(self, spectra: Array) -> NDArray[np.float64]:
        """Return each member's probability of class 1 for prepared spectra, (member, spectrum)."""
        published = self.options.protocol == "published"
        device = next(self.networks_[0].parameters()).device
        batch = torch.from_numpy(spectra).to(device)
        with torch.no_grad():
            members = [_predict_published(n, batch) if published else _predict(n, batch) for n in self.networks_]
        probabilities = np.asarray(torch.stack(members).cpu().numpy(), dtype=float)
        if not np.isfinite(probabilities).all():
            raise ValueError(
                "training diverged (probabilities not finite); lower learning_rate, "
                f"got {learning_rate(self.options):g}, and fit again"
            )
        return probabilities

    @property
    def n_parameters(self) -> int:
        """Trainable parameters of one network."""
        return count_parameters(self.networks_[0])

    def save(self, folder: str | Path) -> None:
        """Write the trained classifier into a new folder: ``weights.safetensors`` and ``classifier.json``."""
        facts = {
            "options": self.options.model_dump(mode="json"),
            "preparation": asdict(self._preparation),
            "channels": self._channels,
            "fingerprint": self._fingerprint,
            "axis": self._axis,
            "learnt": self._learnt,
            "labels": self.labels_.tolist(),
            "middles": self._middles,
            "history": self.history_,
        }
        write_model(Path(folder), [network.state_dict() for network in self.networks_], facts)

    @classmethod
    def load(cls, folder: str | Path) -> Self:
        """Read a classifier that `save` wrote.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is none, it is damaged or of an unknown format.
        """
        weights, facts = read_model(Path(folder))
        try:
            classifier = cls._restore(weights, facts)
        except (LookupError, TypeError, ValueError, AttributeError, RuntimeError) as error:
            raise damaged(Path(folder), error) from None
        device = choose_device(classifier.options.device)
        classifier.networks_ = [network.to(device) for network in classifier.networks_]
        return classifier

    @classmethod
    def _restore(cls, weights: list[dict[str, torch.Tensor]], facts: dict[str, Any]) -> Self:
        classifier = cls(**facts["options"])
        if len(weights) != classifier.options.members:
            raise ValueError(f"got {len(weights)} members, needed {classifier.options.members}")
        classifier._preparation = Preparation(**facts["preparation"])
        classifier._channels, classifier._fingerprint = facts["channels"], facts["fingerprint"]
        # Folders of earlier versions have neither.
        axis = facts.get("axis")
        classifier._axis, classifier._learnt = (float(axis[0]), float(axis[1])) if axis else None, facts.get("learnt")
        classifier.labels_ = np.asarray(facts["labels"], np.int64)
        classifier.history_, classifier._middles = facts["history"], facts["middles"]
        classifier.networks_ = []
        for state in weights:
            network = build(classifier.options, classifier._channels)
            network.load_state_dict(state)
            network.train(classifier.options.protocol == "published")
            classifier.networks_.append(network)
        return classifier

    def learnt_from(self, series: xr.DataArray) -> bool:
        """Return whether this is the series that was trained on, and so the one that the labels belong to."""
        if series.sizes["spectrum"] != len(self.labels_):
            return False
        return self._learnt is None or self._learnt == _hash(spectra_values(series))

    def _gap(self) -> tuple[float, float]:
        """Return the last spectrum labelled with the first class and the first with the second."""
        old, new = (np.flatnonzero(self.labels_ == label) for label in (0, 1))
        if not class_0_first(self.labels_):
            old, new = new, old
        return float(old[-1]), float(new[0])

    def _interval(self, boundaries: list[float], series: xr.DataArray) -> NDArray[np.float64]:
        if not self.learnt_from(series):
            return np.full(2, np.nan)
        return boundary_interval(boundaries, self._gap(), self._middles)

    def _doubts(self, result: xr.Dataset) -> list[str]:
        """Say in plain words why a result should be looked at again."""
        classes, sure = result["prediction"].to_numpy(), float(result["p_conf"])
        if (classes == classes[0]).all():
            return [f"nothing switches: all spectra are predicted as class {classes[0]}"]
        found = []
        if sure == 0:
            found.append("the prediction does not go from the one class at the beginning to the other at the end")
        elif sure < _SURE:
            found.append(f"the prediction switches to and fro (P_conf {sure:.2f}): there is not one boundary")
        before, after = self._gap()
        # NaN, for another series and for few members, is no doubt.
        if after - before > 1 and np.ptp(result["boundary_interval"].to_numpy()) > 0.5 * (after - before):
            found.append("the boundary follows the labels: it is hardly better known than by them alone")
        return found

    def _provenance(self, series: xr.DataArray) -> dict[str, Any]:
        return {
            "context": NETWORKS[self.options.network].context,
            "options": self.options.model_dump_json(),
            "seed": self.options.seed,
            "fingerprint": str(series.attrs.get("fingerprint", "")),
            "training_fingerprint": self._fingerprint,
            "source": str(series.attrs.get("source", "")),
            "pulsetrain": __version__,
            "torch": str(torch.__version__),
        }


def _hash(values: NDArray[np.float64]) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()


def _axis_ends(series: xr.DataArray) -> tuple[float, float] | None:
    """Return the first and last value of the axis; None where there is none in numbers."""
    if "axis" not in series.coords or series.coords["axis"].dims != ("channel",):
        return None
    axis = np.asarray(series.coords["axis"].values)
    if axis.dtype.kind not in "iuf" or not np.isfinite(axis[[0, -1]]).all():
        return None
    return float(axis[0]), float(axis[-1])


def _predict(network: Network, spectra: torch.Tensor) -> torch.Tensor:
    if network.context == "series":
        return network.probability(spectra)
    return torch.cat([network.probability(part) for part in torch.split(spectra, _AT_ONCE)])


def _predict_published(network: Network, spectra: torch.Tensor) -> torch.Tensor:
    """Predict as published: without `eval`, so that batch norm takes the statistics of what is predicted."""
    untouched = copy.deepcopy(network)  # its running statistics would drift with every prediction
    if isinstance(network, Recurrent):  # tested at length 1
        return untouched.probability(spectra.unsqueeze(1)).squeeze(1)
    return untouched.probability(spectra)


def _bins(network: Binned, series: xr.DataArray) -> xr.Dataset:
    first = np.arange(BINS) * network.points
    last = first + network.points - 1
    axis = np.asarray(series.coords["axis"].values) if "axis" in series.coords else np.arange(last[-1] + 1)
    return xr.Dataset(
        {
            "bin_weight": ("bin", network.weight.cpu().numpy()),
            "bin_range": (("bin", "bound"), np.stack([axis[first], axis[last]], axis=1)),
        }
    )
