"""How a method announces itself: one light record under the entry-point group ``pulsetrain.methods``."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import entry_points
from pkgutil import resolve_name
from typing import Any

__all__ = ["Method", "methods"]


@dataclass(frozen=True)
class Method:
    """What the command line, the panels and the sidebar need to know of a method, without importing it.

    Places of code are written ``"module:name"`` and imported on first use, so that a list of methods costs no torch.

    Attributes
    ----------
    name : str
        As typed on the command line, ``pulsetrain NAME``.
    title : str
        As shown to people.
    summary : str
        One line.
    options : str
        Place of the `pulsetrain.options.Options` subclass.
    command : str
        Place of ``run(path, options, output, *, source, key, progress) -> str``: reads, computes, writes into a new
        folder and returns the lines to print. ``source`` and ``key``, of a run or a HDF5 file, default to None.
    bench : str
        Place of a click command, ``pulsetrain bench NAME``.
    panel : str
        Place of the interactive control.
    opening : str
        The lines of Python that open the control on an example, inserted into a notebook by the sidebar.
    template : str
        File name of the report template in ``notebooks/reports``.
    course : str
        File name of the course in ``notebooks/course``.
    example : str
        Place of ``write_example(workspace) -> str``: writes simulated data into a folder of the workspace and returns
        what they are, an item of Markdown.
    """

    name: str
    title: str
    summary: str
    options: str
    command: str
    bench: str
    panel: str
    opening: str
    template: str
    course: str
    example: str

    def load(self, place: str) -> Any:
        """Import one of the record's places, such as ``method.load(method.options)``."""
        return resolve_name(place)


def methods() -> dict[str, Method]:
    """Return the installed methods by name, in alphabetical order."""
    found = {entry.name: entry.load() for entry in entry_points(group="pulsetrain.methods")}
    return dict(sorted(found.items()))
