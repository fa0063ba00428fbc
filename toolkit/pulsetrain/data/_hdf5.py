"""What there is in an HDF5 file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from pulsetrain.data._errors import DataError

__all__ = ["attribute", "named_dataset", "numeric_datasets", "open_hdf5", "plots", "texts"]

# A file with more objects than this is searched no further.
_MANY = 5000


@contextmanager
def open_hdf5(path: Path) -> Iterator[Any]:
    """Open a file for reading; one that is cut off, damaged or no HDF5 raises DataError, on opening or on reading."""
    opened = False
    try:
        with h5py.File(path, "r") as file:
            opened = True
            yield file
    except (OSError, RuntimeError, KeyError, UnicodeError) as error:
        if "truncated" in str(error):
            reason = "a truncated file"
        elif not opened and path.is_file() and not path.stat().st_size:
            reason = "an empty file"
        else:
            reason = f"a damaged file ({error})" if opened else "a file that HDF5 cannot open"
        raise DataError(path, reason, "a whole HDF5 file", "copy it again, or wait until it is closed") from None


def texts(value: Any) -> list[str]:
    """Return an attribute of one or several strings, bytes or str, as a list."""
    items = [value] if isinstance(value, (str, bytes)) else list(np.ravel(value))
    return [item.decode() if isinstance(item, bytes) else str(item) for item in items]


def attribute(thing: Any, name: str) -> str:
    """Return a string attribute, or an empty string."""
    found = texts(thing.attrs.get(name, ""))
    return found[0] if found else ""


def plots(file: Any) -> list[Any]:
    """Return the NXdata groups with a signal, the file's default one first.

    The chain of ``default`` attributes is followed as the NeXus manual says, then all others in the file's order.
    """
    chain = file
    while (name := attribute(chain, "default")) and isinstance(chain.get(name), h5py.Group):
        chain = chain[name]
    found = [chain] if "signal" in chain.attrs else []

    def visit(_: str, thing: Any) -> None:
        if isinstance(thing, h5py.Group) and "signal" in thing.attrs and thing not in found:
            found.append(thing)

    file.visititems(visit)
    return found


def numeric_datasets(file: Any) -> list[tuple[str, Any]]:
    """Return path and dataset of all arrays of numbers in the file."""
    found: list[tuple[str, Any]] = []

    def visit(name: str, thing: Any) -> bool | None:
        if isinstance(thing, h5py.Dataset) and thing.ndim and thing.dtype.kind in "iuf":
            found.append((name, thing))
        return True if len(found) >= _MANY else None

    file.visititems(visit)
    return found


def named_dataset(path: Path, file: Any, key: str) -> Any:
    """Return the dataset that the user named; without it DataError names some that there are."""
    if isinstance(file.get(key), h5py.Dataset):
        return file[key]
    known = ", ".join(name for name, _ in numeric_datasets(file)[:8]) or "none at all"
    raise DataError(path, f"no dataset {key!r}", f"a dataset of the file: {known}", "correct key=")
