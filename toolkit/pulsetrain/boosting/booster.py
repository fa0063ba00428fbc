"""The booster: what it learns from two sets of different objects, and what it makes of poor frames."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any, Self

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray

from pulsetrain.boosting._check import Domain, Finding
from pulsetrain.boosting._conformal import Calibration
from pulsetrain.boosting._frames import photons, pictures, sample
from pulsetrain.boosting._history import History
from pulsetrain.boosting._learner import Learner, make_learner
from pulsetrain.boosting._tiles import in_tiles
from pulsetrain.boosting.degradation import Degradation
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.boosting.results import boosting_result
from pulsetrain.data import DataError
from pulsetrain.data.model_folder import below, read_model, write_model
from pulsetrain.nn import choose_device
from pulsetrain.options import OptionError
from pulsetrain.progress import Progress

__all__ = ["AT_ONCE", "FEWEST", "Booster"]

Floats = NDArray[np.float32]

AT_ONCE = 2**20  # pixels that are boosted together
FEWEST = 16  # frames of either condition
_ADDED = 0.02  # of the light, that may come from rounding read noise of good frames up to 0 photons
_LEAST = 1e-3  # of a pixel's counting noise, which no std is below


class Booster:
    """Make of frames of a poor condition what the good condition would expect.

    Parameters
    ----------
    **options
        Fields of `BoostingOptions`: ``method``, ``content``, ``members``, ``steps``, ``seed``…

    Attributes
    ----------
    options : BoostingOptions
    networks_ : list
        The trained members.
        The ``history`` of each tells how its training went, see `history`.
    degradation_ : Degradation
    calibration_ : Calibration or None

    Examples
    --------
    >>> from pulsetrain.simulate.images import ImageOptions, simulate_images
    >>> made = simulate_images(ImageOptions(n_low=64, n_high=64, size=32), seed=1)
    >>> booster = Booster(steps=2, members=2, patch=32, device="cpu").fit(made.low, made.high)
    >>> sorted(booster.predict(made.low[:3], return_std=True).data_vars)
    ['image', 'std', 'std_aleatoric', 'std_epistemic']
    """

    options: BoostingOptions
    networks_: list[Any]
    degradation_: Degradation
    calibration_: Calibration | None
    _learner: Learner
    _domain: Domain

    def __init__(self, **options: Any) -> None:
        self.options = BoostingOptions(**options)

    def fit(
        self,
        low: xr.DataArray,
        high: xr.DataArray,
        progress: Progress | None = None,
        *,
        degradation: Degradation | None = None,
    ) -> Self:
        """Learn from frames of both conditions, of different objects of the same kind.

        Parameters
        ----------
        low, high : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
            In the detector's units, of which ``photon`` and ``photon_high`` make photons; NaN where masked.
        progress : callable, optional
            Told ``(done, total, message, **losses)``; may raise `pulsetrain.progress.Cancelled`.
        degradation : Degradation, optional
            Where it is known; else it is learnt.

        Raises
        ------
        DataError
            For frames that nothing can be learnt from.
        """
        poor = sample(pictures(low, self.options, "low"), self.options.photon, "low", FEWEST)
        good = sample(pictures(high, self.options, "high"), self.options.photon_high, "high", FEWEST)
        _check_counts(good)
        if poor.shape[1:] != good.shape[1:]:
            got = f"frames of {poor.shape[1:]} and of {good.shape[1:]} pixels"
            raise DataError("low and high", got, "frames of one shape", "bring both onto one grid of pixels")
        if self.options.patch > min(good.shape[1:]):
            side = min(good.shape[1:])
            raise OptionError(f"patch: got {self.options.patch} px, allowed up to {side}, the frames' side; lower it")
        steps, members = self.options.steps, self.options.members
        if progress is not None:
            progress(0, steps * members, "degradation")
        learnt = degradation or Degradation.fit(poor, good, self.options.seed)
        learner = make_learner(self.options, learnt)
        networks = []
        for member in range(members):

            def report(step: int, _: int, loss: float, member: int = member) -> None:
                if progress is not None:
                    progress(member * steps + step, members * steps, f"network {member + 1} of {members}", loss=loss)

            network, _ = learner.learn(poor, good, _seed(self.options.seed, member), report)
            networks.append(network)
        self.networks_, self.degradation_ = networks, learnt
        self._learner, self.calibration_ = learner, None
        self._domain = Domain.of(poor, good, self._images)
        return self

    def predict(self, low: xr.DataArray, return_std: bool = False, progress: Progress | None = None) -> xr.Dataset:
        """Boost frames, a few at a time; large ones by overlapping tiles.

        Parameters
        ----------
        low : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
        return_std : bool
            Whether to say how far the image may be off.
        progress : callable, optional

        Returns
        -------
        xarray.Dataset, dims (pattern, y, x), photons of the good condition
            ``image``, NaN where the frame is masked; with `return_std` also ``std``, ``std_epistemic`` (what the
            networks disagree on) and, where the method knows it, ``std_aleatoric`` (what the photons leave open).
            ``attrs["calibrated"]`` is 1 once `calibrate` was called: then image ± z std covers the options' ``level``
            of the truth, z being the Gaussian's quantile; before, intervals promise nothing.

        Raises
        ------
        OptionError
            If a standard deviation is asked of a single network that knows none.
        """
        self._check_fitted()
        frames = pictures(low, self.options, "low")
        image, epistemic, aleatoric = self._boosted(frames, progress)
        if not return_std:
            return boosting_result(frames, image, self.options)
        if not self.has_std:
            raise OptionError("members: got 1, of which an adversarial method has no std; allowed 2 or more; fit again")
        known = np.zeros_like(epistemic) if aleatoric is None else aleatoric
        scale = 1.0 if self.calibration_ is None else self.calibration_(image)
        calibrated = self.calibration_ is not None
        result = boosting_result(
            frames, image, self.options, epistemic=epistemic, aleatoric=known, scale=scale, calibrated=calibrated
        )
        result.attrs["level"] = self.calibration_.level if self.calibration_ else self.options.level
        return result.drop_vars("std_aleatoric") if aleatoric is None else result

    def calibrate(self, low: xr.DataArray, truth: xr.DataArray, *, counted: bool = False) -> Self:
        """Stretch the intervals until they cover what they say, by pairs of a test sample.

        Parameters
        ----------
        low, truth : xarray.DataArray, dims (pattern, y, x)
            The same objects in the poor condition, and what the good one expects of them, in its detector's units.
        counted : bool
            Whether `truth` is itself measured and so has counting noise, which is taken out again.

        Raises
        ------
        DataError
            If the two do not belong together, or hold too few live pixels.
        """
        result = self.predict(low, return_std=True)
        known = photons(pictures(truth, self.options, "truth"), self.options.photon_high)
        image = result["image"].to_numpy()
        if known.shape != image.shape:
            got, allowed = f"shape {known.shape}", f"{image.shape}, as the poor frames"
            raise DataError("truth", got, allowed, "give the same objects in the same order")
        aleatoric = result["std_aleatoric"].to_numpy() if "std_aleatoric" in result else np.float32(0)
        std = np.hypot(result["std_epistemic"].to_numpy(), aleatoric)
        self.calibration_ = Calibration.of(image, std, known, self.options.level, counted=counted)
        return self

    def check(self, low: xr.DataArray) -> list[Finding]:
        """Say how frames differ from the condition that was learnt: gain, point spread, read noise, objects.

        The degradation is learnt anew between them and good frames that were kept, and the radial power of the boosted
        images is held against that of boosted training frames.

        Parameters
        ----------
        low : xarray.DataArray, dims (pattern, y, x) or (pattern, module, slow_scan, fast_scan)
            16 frames or more; the more, the smaller a difference is seen.

        Returns
        -------
        list of Finding
            Empty where nothing was found.
        """
        self._check_fitted()
        poor = sample(pictures(low, self.options, "low"), self.options.photon, "low", 1)
        return self._domain.findings(poor, self.degradation_, self._images, self.options.seed)

    @property
    def degradation(self) -> Degradation:
        """How the good condition becomes the poor one."""
        self._check_fitted()
        return self.degradation_

    @property
    def has_std(self) -> bool:
        """Whether it can say how far images may be off; a single adversarial network cannot."""
        self._check_fitted()
        return self.options.method == "degradation" or len(self.networks_) > 1

    @property
    def history(self) -> list[History]:
        """How the training of each member went: ``step``, ``losses`` by name, ``strip_step`` and ``strips``.

        Strips, a few frames as they came along, are not saved.
        """
        self._check_fitted()
        return [network.history for network in self.networks_]

    def save(self, folder: str | Path) -> None:
        """Write what was learnt into a new folder: ``arrays.safetensors`` and ``booster.json``."""
        self._check_fitted()
        arrays = {
            f"network.{number}.{name}": values
            for number, network in enumerate(self.networks_)
            for name, values in _weights(network).items()
        }
        arrays |= {f"domain.{name}": values for name, values in self._domain.arrays().items()}
        if self.calibration_ is not None:
            arrays |= {"calibration.edges": self.calibration_.edges, "calibration.scale": self.calibration_.scale}
        facts = {
            "options": self.options.model_dump(mode="json"),
            "degradation": self.degradation_.facts(),
            "level": self.calibration_.level if self.calibration_ else None,
            "history": [{"step": each.step, "losses": each.losses} for each in self.history],
        }
        write_model(Path(folder), "booster", arrays, facts)

    @classmethod
    def load(cls, folder: str | Path, *, device: str = "auto", **changes: Any) -> Self:
        """Read a booster that `save` wrote.

        Parameters
        ----------
        folder : path
        device : {'auto', 'cpu', 'cuda'}
            Where to boost, wherever it was learnt.
        **changes
            Options that are other for the frames to come: ``photon``, ``tile``, ``geometry``.

        Raises
        ------
        FileNotFoundError, ValueError
            If there is none, or it is damaged or of an unknown format.
        OptionError
            If the device is not there.
        """
        choose_device(device)

        restore = partial(cls._restore, device=device, **changes)
        return read_model(Path(folder), "booster", restore)

    @classmethod
    def _restore(cls, arrays: dict[str, NDArray[Any]], facts: dict[str, Any], **changes: Any) -> Self:
        booster = cls(**facts["options"] | changes)
        booster.degradation_ = Degradation.of_facts(facts["degradation"])
        booster._learner = make_learner(booster.options, booster.degradation_)
        booster.networks_ = []
        for number, went in enumerate(facts["history"]):
            network = booster._learner.build()
            weights = below(arrays, f"network.{number}.")
            network.load_state_dict({name: torch.from_numpy(values) for name, values in weights.items()})
            network.history.step, network.history.losses = went["step"], went["losses"]
            booster.networks_.append(network.eval())
        booster._domain = Domain.of_arrays(below(arrays, "domain."))
        booster.calibration_ = None
        if facts["level"] is not None:
            edges, scale = arrays["calibration.edges"], arrays["calibration.scale"]
            booster.calibration_ = Calibration(edges, scale, facts["level"])
        return booster

    def _boosted(self, frames: xr.DataArray, progress: Progress | None) -> tuple[Floats, Floats, Floats | None]:
        """Return the mean of the members, what they disagree on, and what photons leave open."""
        n, size = frames.sizes["pattern"], frames.sizes["y"] * frames.sizes["x"]
        rows = max(1, AT_ONCE // max(size, 1))
        parts = []
        for start in range(0, n, rows):
            if progress is not None:
                progress(start, n, "frames")
            block = photons(frames.isel(pattern=slice(start, start + rows)), self.options.photon)
            parts.append(self._block(block))
        if progress is not None:
            progress(n, n, "frames")
        if not parts:
            empty = np.empty(frames.shape, np.float32)
            return empty, empty, empty
        images, epistemic, aleatoric = zip(*parts, strict=True)
        known = [each for each in aleatoric if each is not None]
        return np.concatenate(images), np.concatenate(epistemic), np.concatenate(known) if known else None

    def _block(self, block: Floats) -> tuple[Floats, Floats, Floats | None]:
        made = in_tiles(
            block, lambda part: self._learner.apply(self.networks_, part), self.options.tile, self._learner.reach
        )
        masked = np.isnan(block)
        image = made.mean.mean(axis=0)
        epistemic = made.mean.std(axis=0, ddof=1) if len(made.mean) > 1 else np.zeros_like(image)
        aleatoric = None if made.std is None else np.sqrt((made.std**2).mean(axis=0))
        if aleatoric is None:  # networks that agree on nothing being there are not sure of it
            epistemic = np.maximum(epistemic, _LEAST * np.sqrt(image.clip(min=0) + 1))
        for each in (image, epistemic, aleatoric):
            if each is not None:
                each[masked] = np.nan
        return image, epistemic, aleatoric

    def _images(self, block: Floats) -> Floats:
        return self._block(block)[0]

    def _check_fitted(self) -> None:
        if not hasattr(self, "networks_"):
            raise RuntimeError("this booster has learnt nothing; call fit(low, high) or Booster.load(folder)")


def _check_counts(good: Floats) -> None:
    """Refuse good frames with read noise so strong that rounding to photons would add light to dark pixels."""
    rounded = np.rint(good)
    added = -np.nansum(rounded, where=rounded < 0, dtype=float) / max(np.nansum(good, dtype=float), 1e-9)
    if added > _ADDED:
        got = f"negative values that hold {added:.0%} of the light"
        step = "set photon_high, or make counts of the frames with a threshold of the noise"
        raise DataError("high", got, "photon counts, or a read noise well below one photon", step)


def _seed(seed: int, member: int) -> int:
    return int(np.random.SeedSequence([seed, member]).generate_state(1)[0])


def _weights(network: torch.nn.Module) -> dict[str, NDArray[Any]]:
    return {name: value.cpu().numpy() for name, value in network.state_dict().items()}
