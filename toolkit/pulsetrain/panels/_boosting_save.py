"""What of the boosting control goes into files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr
from dask.callbacks import Callback

from pulsetrain.progress import Progress

if TYPE_CHECKING:
    from pulsetrain.boosting import Booster

__all__ = ["save_booster", "save_result"]


def save_booster(booster: Booster, name: str) -> str:
    """Write what was learnt as a new folder; say what was written.

    Raises
    ------
    FileExistsError
        If the folder exists.
    """
    folder = Path(name.strip() or "booster").expanduser().absolute()
    booster.save(folder)
    return f"Saved the booster in {folder}."


def save_result(result: xr.Dataset, name: str, progress: Progress) -> str:
    """Write all frames as netCDF, boosting those that are not boosted yet; say what was written.

    Raises
    ------
    FileExistsError
        If the file exists.
    """
    file = Path(name.strip() or "boosted").expanduser().with_suffix(".nc").absolute()
    if file.exists():
        raise FileExistsError(f"{file}: exists already; give another name, or remove it")
    draft = file.with_name(f".{file.name}.part")
    try:
        with _Blocks(progress):
            result.to_netcdf(draft, engine="h5netcdf")
        draft.rename(file)
    finally:
        draft.unlink(missing_ok=True)
    return f"Saved {result.sizes['pattern']:,} frames in {file}."


@dataclass(eq=False)
class _Blocks(Callback):
    """Tells how many of a lazy result's blocks are done."""

    progress: Progress

    def _posttask(self, _key: Any, _value: Any, _graph: Any, state: dict[str, Any], _worker: Any) -> None:
        done = len(state["finished"])
        left = sum(len(state[name]) for name in ("ready", "waiting", "running"))
        self.progress(done, done + left, "Boosting and saving")
