"""Write a European XFEL run folder that ``extra_data.RunDirectory`` and ``open_run`` read.

The layout is EXtra-data's "Data files format" 1.0.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from pulsetrain.data._errors import DataError
from pulsetrain.data._frames import MODULES
from pulsetrain.data._inputs import PathLike
from pulsetrain.data._run_modules import ModuleFile, Trains
from pulsetrain.data._run_sources import SourcesFile
from pulsetrain.data.output import new_folder

__all__ = ["run_folder", "write_run"]

_KINDS: dict[tuple[int, ...], str] = {(512, 128): "AGIPD", (256, 256): "LPD", (128, 512): "DSSC"}


def write_run(
    folder: PathLike,
    *,
    detectors: Mapping[str, xr.DataArray] | None = None,
    instruments: Mapping[str, Mapping[str, xr.DataArray | ArrayLike]] | None = None,
    controls: Mapping[str, Mapping[str, xr.DataArray | ArrayLike]] | None = None,
    train_ids: ArrayLike | None = None,
    data: Literal["proc", "raw"] | None = None,
) -> Path:
    """Write one run.

    Parameters
    ----------
    folder : path
        A new or empty folder, the run's own; see `run_folder` for the facility's naming.
    detectors : mapping of name to xarray.DataArray, dims (pattern, module, slow_scan, fast_scan)
        Pulse-resolved detectors (AGIPD, LPD, DSSC) by name, such as ``'SPB_DET_AGIPD1M-1'``; coordinates ``trainId``
        and ``pulseId`` (pattern,), and optionally ``cellId`` and ``module``. Corrected: written as they are, NaN as bad
        in ``image.mask``. Raw: whole numbers, with AGIPD's gain plane as coordinate ``gain``. May be lazy.
    instruments : mapping of source to mapping of key to array (train, …)
        What fast devices record once per train: ``{'SPB_EXP_CAM/CAM/1:daqOutput': {'data.image.pixels': pictures}}``.
    controls : mapping of source to mapping of key to array (train, …)
        Slow control: ``{'SA1_XTD2_XGM/XGM/DOOCS': {'pulseEnergy.photonFlux': energies}}``.
    train_ids : (train,) int, optional
        The trains of the run. The default is those of the arrays' ``trainId``, or 10000 and up.
    data : {'proc', 'raw'}, optional
        The default is the name of the parent folder if it is one of these, else ``'proc'``.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    DataError
        For arrays of another shape, trains that do not fit, or a folder that is not empty; before anything is written.

    Examples
    --------
    >>> place = run_folder("exp", proposal=700000, run=1)                                          # doctest: +SKIP
    >>> write_run(place, detectors={"SPB_DET_AGIPD1M-1": frames})                                  # doctest: +SKIP
    >>> open_frames(place).trainId                                                                 # doctest: +SKIP
    """
    kind, number = _kind_and_number(Path(folder), data)
    detectors, instruments, controls = detectors or {}, instruments or {}, controls or {}
    if not (detectors or instruments or controls):
        raise DataError(folder, "nothing to write", "detectors, instruments or controls", "give one of them")
    trains = _trains(detectors, instruments, controls, train_ids)
    modules = [
        module for name, frames in detectors.items() for module in _modules(name, frames, trains, raw=kind == "raw")
    ]
    others = SourcesFile(instruments, controls, trains) if instruments or controls else None

    target = new_folder(folder)
    prefix = "RAW" if kind == "raw" else "CORR"
    for module in modules:
        module.write(target / f"{prefix}-R{number:04d}-{module.label}-S00000.h5", trains)
    if others is not None:
        others.write(target / f"{prefix}-R{number:04d}-DA01-S00000.h5", trains)
    return target


def run_folder(
    root: PathLike,
    *,
    proposal: int,
    run: int,
    data: Literal["proc", "raw"] = "proc",
    instrument: str = "SPB",
    cycle: str = "202601",
) -> Path:
    """Name a run's folder as the facility does: ``root/SPB/202601/p700000/proc/r0001``.

    With the environment variable ``EXTRA_DATA_DATA_ROOT`` set to `root`, ``extra_data.open_run(proposal, run)`` and
    ``open_frames((proposal, run))`` find it.
    """
    return Path(root).expanduser() / instrument / cycle / f"p{proposal:06d}" / data / f"r{run:04d}"


def _kind_and_number(folder: Path, data: str | None) -> tuple[str, int]:
    kind = data or (folder.parent.name if folder.parent.name in ("raw", "proc") else "proc")
    if kind not in ("raw", "proc"):
        raise DataError("data", repr(data), "'proc' or 'raw'", "choose one of these")
    match = re.fullmatch(r"r(\d+)", folder.name)
    return kind, int(match.group(1)) if match else 1


def _trains(
    detectors: Mapping[str, xr.DataArray], instruments: Any, controls: Any, train_ids: ArrayLike | None
) -> Trains:
    if train_ids is not None:
        ids = np.asarray(train_ids)
    else:
        arrays = [
            *detectors.values(),
            *(a for group in (instruments, controls) for s in group.values() for a in s.values()),
        ]
        stated = [a["trainId"].values for a in arrays if isinstance(a, xr.DataArray) and "trainId" in a.coords]
        longest = max((np.shape(a)[0] for a in arrays if np.ndim(a)), default=0)
        ids = np.unique(np.concatenate(stated)) if stated else np.arange(10000, 10000 + longest)
    if ids.ndim != 1 or not ids.size or ids.dtype.kind not in "iu" or ids.min() <= 0 or (np.diff(ids) <= 0).any():
        raise DataError("train_ids", f"{np.array2string(ids, threshold=6)}", "rising numbers above 0", "sort them")
    return Trains(ids.astype(np.uint64))


def _modules(name: str, frames: xr.DataArray, trains: Trains, *, raw: bool) -> list[ModuleFile]:
    if not isinstance(frames, xr.DataArray) or frames.dims != MODULES or frames.shape[2:] not in _KINDS:
        got = f"{getattr(frames, 'dims', type(frames).__name__)} of shape {np.shape(frames)}"
        shapes = ", ".join(map(str, _KINDS))
        raise DataError(name, got, f"{MODULES} with modules of {shapes}", "name the axes as open_frames does")
    kind = _KINDS[frames.shape[2:]]
    if kind not in name:
        raise DataError(name, f"a name for modules of {frames.shape[2:]}", f"a name with {kind}", f"XXX_DET_{kind}1M-1")
    missing = [coord for coord in ("trainId", "pulseId") if coord not in frames.coords]
    if missing:
        raise DataError(name, f"no {' and no '.join(missing)}", "both, along pattern", "assign_coords")
    if raw and frames.dtype.kind not in "iu":
        raise DataError(name, f"raw frames of {frames.dtype}", "whole numbers", "write them as data='proc'")
    ids = {key: frames[key].values for key in ("trainId", "pulseId")}
    ids["cellId"] = frames["cellId"].values if "cellId" in frames.coords else ids["pulseId"]
    counts = trains.counts(ids["trainId"], name)
    numbers: NDArray[Any] = frames["module"].values if "module" in frames.coords else np.arange(frames.shape[1])
    return [
        ModuleFile(kind, name, f"{kind}{number:02d}", int(number), frames.isel(module=place), ids, counts, raw)
        for place, number in enumerate(numbers)
    ]
