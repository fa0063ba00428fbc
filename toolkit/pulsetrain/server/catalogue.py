"""What a server offers: its templates and jobs, found by names that come from outside."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from pulsetrain.reports import Job, Template, list_jobs, shipped_folder, templates

__all__ = ["Catalogue"]

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


@dataclass(frozen=True)
class Catalogue:
    """Templates and jobs of one server; nothing outside their folders is ever found.

    Attributes
    ----------
    root : Path
        The server's root folder, resolved.
    jobs_root : Path
        Folder of the jobs, resolved.
    folders : tuple of Path
        Folders of templates beside the shipped ones.
    """

    root: Path
    jobs_root: Path
    folders: tuple[Path, ...]

    def templates(self) -> list[Template]:
        """Return the templates that are offered by name."""
        return templates(shipped_folder("reports"), *self.folders)

    def template(self, name: str) -> Template | None:
        """Return the template of a name, or the notebook at a path below the root."""
        named = next((template for template in self.templates() if template.name == name), None)
        if named is not None or not name.endswith(".ipynb"):
            return named
        path = self._file_below_root(name)
        return Template.read(path) if path else None

    def template_id(self, path: Path) -> str | None:
        """Return under which name, or else path below the root, a template can be asked for again."""
        named = next((template for template in self.templates() if template.path == path), None)
        return named.name if named else self.contents_path(path)

    def working_folder(self, template: Template) -> Path:
        """Return the folder that relative paths among a template's values refer to.

        For a notebook of the user's own it is the notebook's, as when it is run by hand; for a template that is
        offered by name it is the root, as the file browser shows it.
        """
        return self.root if any(t.path == template.path for t in self.templates()) else template.path.parent

    def jobs(self) -> list[Job]:
        """Return the jobs, the newest first."""
        return [job for job in list_jobs(self.jobs_root) if self._is_own(job.folder)]

    def job(self, name: str) -> Job | None:
        """Return the job of a name."""
        folder = self.jobs_root / name
        known = _ID.fullmatch(name) and self._is_own(folder) and (folder / "job.json").is_file()
        return Job(folder) if known else None

    def contents_path(self, path: Path) -> str | None:
        """Return a path as Jupyter's contents interface writes it, or None outside the root."""
        resolved = path.resolve()
        return resolved.relative_to(self.root).as_posix() if resolved.is_relative_to(self.root) else None

    def _file_below_root(self, path: str) -> Path | None:
        """Return the resolved place of a file below the root, or None where it or a link on it leads out."""
        try:
            resolved = (self.root / path.lstrip("/")).resolve()
            inside = resolved.is_relative_to(self.root) and resolved.is_file()
        except (ValueError, OSError, RuntimeError):  # a null character, a name too long, a loop of links
            return None
        return resolved if inside else None

    def _is_own(self, folder: Path) -> bool:
        return folder.resolve().parent == self.jobs_root
