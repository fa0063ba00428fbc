"""What becomes of each frame, on disk chunk by chunk, so that work that was killed goes on where it stood."""

from __future__ import annotations

import contextlib
import errno
import filecmp
import itertools
import json
import os
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray
from zarr.errors import ZarrUserWarning

from pulsetrain._shared_files import take_lock, write_text
from pulsetrain.data._errors import DataError
from pulsetrain.progress import Cancelled

__all__ = ["ChunkedStore", "same_files"]

MODEL = "model"
_OWN = ".pulsetrain"  # beside the arrays: what the run is, and which chunks are finished
_RUN, _FINISHED = "run.json", "finished"
_FULL = (errno.ENOSPC, errno.EDQUOT)


class ChunkedStore:
    """A Zarr group over frames that is filled chunk by chunk; a context, in which no other process may write to it.

    The group opens with `xarray.open_zarr` as soon as it is laid out, at any time: what is not finished yet is NaN, −1
    in whole numbers and an empty text, and the attribute ``complete`` is 0 as long as there is any. The folder
    ``model`` holds the model.

    Parameters
    ----------
    folder : pathlib.Path
        Made where it is missing, and removed again at the context's end if nothing was put into it.
    run : dict
        What makes the answer what it is, input and options; JSON.
    what : str
        What the group holds, such as ``"clustering"``, for messages.
    done : str
        What was done to finished frames, such as ``"assigned"``, for messages.

    Attributes
    ----------
    folder : pathlib.Path
    finished : set of int
        The chunks that are on disk.

    Raises
    ------
    FileExistsError
        If the folder holds something else, or the answer of another run, or another process is at work on it.
    DataError, ValueError
        If nothing can be written there, or what was is damaged.
    """

    def __init__(self, folder: Path, run: dict[str, Any], *, what: str, done: str) -> None:
        self.folder, self._own = folder, folder / _OWN
        self._what, self._done = what, done
        try:
            self._made = _missing(folder)
            if not self._made and not (self._own / _RUN).is_file() and (not folder.is_dir() or _others_in(folder)):
                raise FileExistsError(f"{folder}: exists already and holds no {what}; give a new folder, or remove it")
            self._own.mkdir(parents=True, exist_ok=True)
            self._lock = take_lock(self._own / _FINISHED)
        except OSError as error:
            if error.errno is None:  # ours
                raise
            got, allowed = f"a place that cannot be used ({error.strerror})", "a new folder where you may write"
            raise DataError(folder, got, allowed, "choose another") from None
        if self._lock is None:
            raise FileExistsError(f"{folder}: another run is at work on it; wait for its end, or give a new folder")
        try:
            self._take_up(json.loads(json.dumps(run)))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave the folder to others; one that was made for nothing is removed."""
        if self._lock is None:
            return
        if self._made and not self.model.exists():
            shutil.rmtree(self._own)
            with contextlib.suppress(OSError):  # others may have put something there
                for each in self._made:
                    each.rmdir()
        os.close(self._lock)
        self._lock = None

    @property
    def model(self) -> Path:
        """Folder of the model; it is there as soon as the model is."""
        return self.folder / MODEL

    @property
    def is_complete(self) -> bool:
        """Whether every frame is finished."""
        return bool((self.folder / "zarr.json").is_file() and self._group().attrs.get("complete", False))

    def keep_model(self, save: Callable[[Path], None]) -> None:
        """Keep a model; it appears whole.

        Parameters
        ----------
        save : callable
            Writes the model into a new folder.

        Raises
        ------
        FileExistsError
            If there is another one.
        """
        draft = self._own / f"model-{secrets.token_hex(4)}"
        try:
            save(draft)
            if not self.model.exists():
                _sync(draft)
                draft.rename(self.model)
            elif not same_files(draft, self.model):
                raise FileExistsError(f"{self.folder}: frames were {self._done} by another model; give a new folder")
        finally:
            shutil.rmtree(draft, ignore_errors=True)

    def lay_out(self, n: int, chunk: int, example: xr.Dataset, coords: Mapping[str, NDArray[Any]]) -> None:
        """Make the arrays, empty, unless chunks of them are on disk already.

        Parameters
        ----------
        n : int
            Frames.
        chunk : int
            Frames of a chunk.
        example : xarray.Dataset
            A result of one frame: names, types and further axes of the arrays, and the attributes.
        coords : mapping of name to array (pattern,)
        """
        if self.finished:
            return
        for each in self.folder.iterdir():
            if each.name not in (_OWN, MODEL):
                shutil.rmtree(each) if each.is_dir() else each.unlink()
        group = zarr.open_group(self.folder, mode="a", zarr_format=3)
        whole = dict(coords)
        for name, coord in example.coords.items():
            values = whole.setdefault(str(name), coord.to_numpy())
            _array(group, coord, values.shape, values.shape)[...] = values
        for variable in example.data_vars.values():
            rest = variable.shape[1:]
            _array(group, variable, (n, *rest), (chunk, *rest))
        # Not True and False, which netCDF does not know.
        group.attrs.update({**example.attrs, "coordinates": " ".join(coords), "complete": 0})
        self._consolidate()

    def write(self, chunk: int, start: int, arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write a chunk; it is on disk when this returns.

        Parameters
        ----------
        chunk : int
            Its number.
        start : int
            Its first frame.
        arrays : mapping of name to array (frames of the chunk, …)
        """
        for name, values in arrays.items():
            array = zarr.open_array(self.folder / name, mode="r+")
            array[start : start + len(values)] = values
            _sync(self.folder / name / "c" / str(chunk))
        with (self._own / _FINISHED).open("a", encoding="ascii") as file:
            file.write(f"{chunk}\n")
            file.flush()
            os.fsync(file.fileno())
        self.finished.add(chunk)

    def complete(self, **attrs: Any) -> None:
        """Say that every frame is finished, and what there is to say of all of them."""
        self._group().attrs.update({**attrs, "complete": 1})
        self._consolidate()

    @contextlib.contextmanager
    def say_how_to_go_on(self) -> Iterator[None]:
        """Tell, where the work within ends early, what stays and how it goes on.

        Raises
        ------
        Cancelled
            At Ctrl-C.
        OSError
            When the disk is full.
        """
        try:
            yield
        except KeyboardInterrupt:
            raise Cancelled(f"stopped; {self._how_to_go_on()}: {self.folder}") from None
        except OSError as error:
            if error.errno not in _FULL:
                raise
            text = f"no space is left to write; make some; {self._how_to_go_on()}"
            raise OSError(error.errno, text, str(self.folder)) from None

    def _how_to_go_on(self) -> str:
        nothing = f"nothing is {self._done} yet"
        if self.model.exists():
            nothing = f"what was learnt stays, {nothing}"
        return f"{f'what is {self._done} stays' if self.finished else nothing}, and the same command goes on"

    def _group(self) -> zarr.Group:
        return zarr.open_group(self.folder, mode="r+", use_consolidated=False)

    def _consolidate(self) -> None:
        with warnings.catch_warnings():
            # Zarr 3 has no word on consolidated metadata yet, and does not know the model's folder.
            warnings.simplefilter("ignore", ZarrUserWarning)
            zarr.consolidate_metadata(self.folder)

    def _take_up(self, run: dict[str, Any]) -> None:
        record, journal = self._own / _RUN, self._own / _FINISHED
        written = journal.read_bytes()
        whole = written[: written.rfind(b"\n") + 1]
        try:
            known = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else None
            finished = {int(line) for line in whole.split()}
        except ValueError as error:
            raise ValueError(f"{self._own}: is damaged ({error}); remove {self.folder}, or give a new folder") from None
        if known != run:
            if known is not None and (whole or self.model.exists()):
                differing = ", ".join(_differences(known, run))
                raise FileExistsError(
                    f"{self.folder}: holds the {self._what} of another input or with other options ({differing}); "
                    "give a new folder, or the same input and options"
                )
            write_text(record, json.dumps(run, indent=1, sort_keys=True))
        self.finished = finished
        if whole != written:  # a line that was cut off by a crash
            os.truncate(journal, len(whole))
        # What Zarr and we were about to write when the process was killed.
        for torn in (*self.folder.rglob("*.partial"), *self._own.glob("*model-*")):
            shutil.rmtree(torn) if torn.is_dir() else torn.unlink()


def _array(group: zarr.Group, like: xr.DataArray, shape: tuple[int, ...], chunks: tuple[int, ...]) -> zarr.Array[Any]:
    dtype: Any = like.dtype
    text = dtype.kind in "UT"
    fill: Any = {"f": np.nan, "i": -1}.get(dtype.kind, "" if text else np.zeros((), dtype)[()])
    # Text of fixed length has no Zarr 3 specification.
    kind: Any = "string" if text else dtype
    dims = [str(dim) for dim in like.dims]
    return group.create_array(
        str(like.name),
        shape=shape,
        chunks=chunks,
        dtype=kind,
        fill_value=fill,
        dimension_names=dims,
        attributes=dict(like.attrs),
    )


def _missing(folder: Path) -> list[Path]:
    """Return a folder and those above it, as far as they do not exist, the innermost first."""
    return list(itertools.takewhile(lambda each: not os.path.lexists(each), (folder, *folder.parents)))


def _others_in(folder: Path) -> bool:
    """Whether a folder holds more than what a run leaves that was killed at its very beginning."""
    return any(each.name != _OWN for each in folder.iterdir())


def _differences(known: dict[str, Any], run: dict[str, Any]) -> Iterator[str]:
    for name in sorted({*known, *run}):
        old, new = known.get(name), run.get(name)
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _differences(old, new)
        elif old != new:
            yield f"{name}: {old} there, {new} here" if len(f"{old}{new}") < 60 else name


def same_files(one: Path, other: Path) -> bool:
    """Whether two folders hold the same files."""
    names = sorted(str(file.relative_to(one)) for file in one.rglob("*") if file.is_file())
    if names != sorted(str(file.relative_to(other)) for file in other.rglob("*") if file.is_file()):
        return False
    return filecmp.cmpfiles(one, other, names, shallow=False)[0] == names


def _sync(place: Path) -> None:
    """Wait until a file, or a folder with all that is in it, has reached the disk, and its name in the folder above."""
    for each in (*place.rglob("*"), place, place.parent):
        descriptor = os.open(each, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
