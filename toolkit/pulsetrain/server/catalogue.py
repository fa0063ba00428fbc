"""What a server offers: its templates, jobs and batches, found by names that come from outside."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from pulsetrain.reports import Status, Template, shipped_folder, templates
from pulsetrain.server._comparisons import Comparisons
from pulsetrain.server._known import KnownBatch, KnownJob, signature
from pulsetrain.server._queues import Queues
from pulsetrain.server._shelf import Shelf

__all__ = ["Catalogue"]

T = TypeVar("T", KnownJob, KnownBatch)


@dataclass(frozen=True)
class Catalogue:
    """Templates, jobs and batches of one server; nothing outside their folders is ever found.

    Attributes
    ----------
    root : Path
        The server's root folder, resolved.
    jobs_root : Path
        Folder of the jobs, resolved.
    folders : tuple of Path
        Folders of templates beside the shipped ones.
    shared : tuple of Path
        Folders of other people's jobs, resolved; these are shown, and never touched.
    comparisons : Comparisons
        Of batches, made when they are asked for.
    """

    root: Path
    jobs_root: Path
    folders: tuple[Path, ...]
    shared: tuple[Path, ...] = ()
    comparisons: Comparisons = field(init=False, repr=False, default_factory=Comparisons)
    _shelves: tuple[Shelf, ...] = field(init=False, repr=False)
    _queues: Queues = field(init=False, repr=False, default_factory=Queues)
    _known_templates: dict[tuple[object, ...], list[Template]] = field(init=False, repr=False, default_factory=dict)

    def __post_init__(self) -> None:
        others = dict.fromkeys(folder for folder in self.shared if folder != self.jobs_root)
        shelves = (Shelf(self.jobs_root, own=True), *(Shelf(folder, own=False) for folder in others))
        object.__setattr__(self, "_shelves", shelves)

    def templates(self) -> list[Template]:
        """Return the templates that are offered by name; they are read anew when a file has come, gone or changed."""
        folders = (shipped_folder("reports"), *self.folders)
        paths = [path for folder in folders for path in sorted(folder.glob("*.ipynb"))]
        seen = tuple((path, signature(str(path)) or signature(os.path.realpath(path))) for path in paths)
        known = self._known_templates.get(seen)
        if known is None:
            known = templates(*folders)
            self._known_templates.clear()
            self._known_templates[seen] = known
        return known

    def template(self, name: str) -> Template | None:
        """Return the template of a name, or the notebook at a path below the root."""
        named = next((template for template in self.templates() if template.name == name), None)
        if named is not None or not name.endswith(".ipynb"):
            return named
        path = self._file_below_root(name)
        return Template.read(path) if path else None

    def template_id(self, path: Path, offered: Iterable[Template]) -> str | None:
        """Return under which of the offered names, or else path below the root, a template can be asked for again."""
        named = next((template for template in offered if template.path == path), None)
        return named.name if named else self.contents_path(path)

    def working_folder(self, template: Template) -> Path:
        """Return the folder that relative paths among a template's values refer to.

        For a notebook of the user's own it is the notebook's, as when it is run by hand; for a template that is
        offered by name it is the root, as the file browser shows it.
        """
        return self.root if any(t.path == template.path for t in self.templates()) else template.path.parent

    def jobs(self) -> list[KnownJob]:
        """Return the jobs that stand alone, the newest first; of two with one name that of the first folder."""
        return _newest_first(shelf.jobs() for shelf in self._shelves)

    def batches(self) -> list[KnownBatch]:
        """Return the batches, the newest first."""
        return _newest_first(shelf.batches() for shelf in self._shelves)

    def job(self, name: str) -> KnownJob | None:
        """Return the job of a name, whether it stands alone or in a batch."""
        return next((job for shelf in self._shelves if (job := shelf.job(name)) is not None), None)

    def batch(self, name: str) -> KnownBatch | None:
        """Return the batch of a name."""
        return next((batch for shelf in self._shelves if (batch := shelf.batch(name)) is not None), None)

    def statuses(self, jobs: Iterable[KnownJob]) -> list[Status]:
        """Return where jobs stand, in their order."""
        return self._queues.statuses(jobs)

    def contents_path(self, path: Path) -> str | None:
        """Return a path as Jupyter's contents interface writes it, or None outside the root."""
        resolved = path.resolve()
        return resolved.relative_to(self.root).as_posix() if resolved.is_relative_to(self.root) else None

    def path_below_root(self, resolved: str) -> str | None:
        """Return a path that holds no links as Jupyter's contents interface writes it, or None outside the root."""
        above = f"{self.root}".rstrip("/") + "/"
        return resolved.removeprefix(above) if resolved.startswith(above) else None

    def _file_below_root(self, path: str) -> Path | None:
        """Return the resolved place of a file below the root, or None where it or a link on it leads out."""
        try:
            resolved = (self.root / path.lstrip("/")).resolve()
            inside = resolved.is_relative_to(self.root) and resolved.is_file()
        except (ValueError, OSError, RuntimeError):  # a null character, a name too long, a loop of links
            return None
        return resolved if inside else None


def _newest_first(shelves: Iterable[dict[str, T]]) -> list[T]:
    found: dict[str, T] = {}
    for entries in shelves:
        found = entries | found
    return [found[name] for name in sorted(found, reverse=True)]
