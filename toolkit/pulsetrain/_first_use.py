"""Public names of a package that are imported when they are first used (PEP 562)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

__all__ = ["on_first_use"]


def on_first_use(
    package: str, places: Mapping[str, str], *present: str
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Return a package's ``__getattr__`` and ``__dir__``.

    Parameters
    ----------
    package : str
        Its ``__name__``.
    places : mapping of str to str
        The module of the package that each name lies in.
    *present : str
        Further public names, which the package holds itself.

    Examples
    --------
    In a package's ``__init__.py``::

        __getattr__, __dir__ = on_first_use(__name__, {"open_frames": "frames"})
    """

    def get(name: str) -> Any:
        if name in places:
            return getattr(import_module(f"{package}.{places[name]}"), name)
        raise AttributeError(f"module {package!r} has no attribute {name!r}")

    return get, lambda: sorted((*places, *present))
