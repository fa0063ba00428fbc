"""``pulsetrain boosting PATH -o OUT.zarr``: from poor frames on disk to what the good condition would expect."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import xarray as xr

from pulsetrain.boosting._sets import Sets, open_sets
from pulsetrain.boosting.booster import Booster
from pulsetrain.boosting.options import BoostingOptions
from pulsetrain.boosting.streaming import boost_rest
from pulsetrain.boosting.summary import doubts, summary
from pulsetrain.data._inputs import expanded
from pulsetrain.data.chunked_store import ChunkedStore, same_files
from pulsetrain.data.output import whole_folder
from pulsetrain.progress import Progress

__all__ = ["run"]


def run(
    path: str,
    options: BoostingOptions,
    output: Path,
    *,
    source: str | None = None,
    key: str | None = None,
    progress: Progress | None = None,
) -> str:
    """Boost frames on disk, by a booster that is there or learns from good frames of other objects first.

    Parameters
    ----------
    path, source, key : str
        What `pulsetrain.open_frames` reads.
    options : BoostingOptions
        ``high`` names the good frames, or ``model`` the booster; with both, what is learnt is saved in ``model``, a new
        folder, too. ``test_low`` and ``test_truth`` name pairs by which intervals are calibrated.
    output : pathlib.Path
        New, or that of the same input and options, killed or cancelled before it was through: finished chunks and a
        finished training stay, and the work goes on from there. A Zarr group for `xarray.open_zarr`, laid out as
        `Booster.predict` returns it, see `pulsetrain.boosting.streaming.boost_rest`; with the ``model``, for
        `Booster.load`, in it.
    progress : callable, optional
        Told ``(done, total, message, …)``; may raise `pulsetrain.progress.Cancelled`.

    Returns
    -------
    str
        What was learnt, how the images agree with the frames, and what is doubtful, one line ``note: …`` each; to be
        printed.

    Raises
    ------
    FileExistsError
        If the output holds something else or other images, or another process is at work on it.
    OptionError, DataError, ValueError
        For input, options or a booster that do not fit; nothing has been written then.
    Cancelled
        At Ctrl-C; says how the work goes on.
    OSError
        When the disk is full; says the same.
    """
    folder, spent = expanded(output), _Spent()
    sets = open_sets(path, options, folder, source, key)
    with (
        ChunkedStore(folder, sets.identity, what="boosting", done="boosted") as store,
        store.say_how_to_go_on(),
    ):
        booster = _booster(sets, store, progress)
        if sets.model is not None:
            _save_beside(store.model, sets.model)
        spent.note("booster")
        if not store.is_complete:
            attrs = {"learnt_from": sets.learnt_from}
            boost_rest(booster, sets.low, store, attrs=attrs, progress=progress)
            store.complete()
            spent.note("images")
        result = xr.open_zarr(folder)
        notes = [f"note: {doubt}" for doubt in doubts(sets.low, result, booster, sets.test)]
        return "\n".join([summary(result, booster), spent.words, *notes, "", str(folder)])


def _booster(sets: Sets, store: ChunkedStore, progress: Progress | None) -> Booster:
    """Return the booster of the store, which is put there first where it is missing."""
    if store.model.exists():
        return Booster.load(store.model, device=sets.options.device)
    booster = sets.booster or Booster(**dict(sets.options))
    if sets.high is not None:
        booster.fit(sets.low, sets.high, progress)
    if sets.test is not None:
        booster.calibrate(*sets.test)
    store.keep_model(booster.save)
    return booster


def _save_beside(model: Path, folder: Path) -> None:
    """Save what was learnt a second time; another process may have put another booster there meanwhile."""
    if not folder.exists():
        with whole_folder(folder) as draft:
            shutil.copytree(model, draft, dirs_exist_ok=True)
    elif not same_files(model, folder):
        raise FileExistsError(
            f"{folder}: another booster was put there meanwhile, and stays; what was learnt here is in {model}: give "
            "model another name, and a new output"
        )


class _Spent:
    """Tells what each part of the work took."""

    def __init__(self) -> None:
        self._parts: list[str] = []
        self._cpu, self._wall = time.process_time(), time.monotonic()

    def note(self, part: str) -> None:
        """Note that a part has ended."""
        cpu, wall = time.process_time(), time.monotonic()
        self._parts.append(f"{part} {cpu - self._cpu:.3g} s of CPU, {wall - self._wall:.3g} s by the clock")
        self._cpu, self._wall = cpu, wall

    @property
    def words(self) -> str:
        return f"this time: {'; '.join(self._parts)}"
