"""A template read once, from which the folders of its jobs are filled."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
import sys
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pulsetrain.options import OptionError, Options
from pulsetrain.reports._files import this_host, write_json
from pulsetrain.reports._notebooks import clear, code_cells, inject, read_notebook
from pulsetrain.reports._templates import Template, find_template
from pulsetrain.reports._values import safe_json
from pulsetrain.reports.executors import Executor
from pulsetrain.reports.parameters import Expression, read_parameters
from pulsetrain.reports.source import rerun_command, values_cell
from pulsetrain.reports.status import Status

__all__ = ["Prepared", "short_name", "stamp"]

VERSION = 1
_LIBRARIES = ("pulsetrain", "numpy", "scipy", "xarray", "pandas", "torch", "bokeh", "matplotlib", "extra-data", "h5py")
_OWN_PYTHON = "python3"


class Prepared:
    """What jobs of one template have in common.

    Parameters
    ----------
    template, kernel, cwd, executor
        As of `submit`.

    Raises
    ------
    OptionError
        If there is no such template, kernel or folder.
    """

    def __init__(
        self,
        template: Template | str | Path,
        *,
        executor: Executor,
        kernel: str | None = None,
        cwd: str | Path | None = None,
    ) -> None:
        self.template = template if isinstance(template, Template) else find_template(template)
        self.content = self.template.path.read_bytes()
        self.model = read_parameters(notebook := read_notebook(self.template.path))
        self.executor = executor
        self.cwd = Path(cwd or Path.cwd()).resolve()
        if not self.cwd.is_dir():
            raise OptionError(f"cwd: got {str(self.cwd)!r}; no such folder")
        self.kernel = kernel
        self._kernel, remark = _kernel(kernel, notebook)
        self._notebook = clear(notebook)
        self._defaults = _defaults(self.model)
        self._sha256 = hashlib.sha256(self.content).hexdigest()
        self._versions = _versions()
        self._remarks = [remark] if remark else []

    def values(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return values as the template takes them; raises `OptionError` naming the parameter."""
        return self.model(**values).model_dump(exclude_unset=True)

    def described(self) -> dict[str, Any]:
        """Return what records say of the template."""
        template = self.template
        path, sha256 = str(template.path), self._sha256
        return {"name": template.name, "title": template.title, "path": path, "sha256": sha256}

    def provenance(self, command: str, submitted: float) -> dict[str, Any]:
        """Return who submitted what, where and when."""
        return {
            "command": command,
            "user": _user(),
            "host": this_host(),
            "submitted": dt.datetime.fromtimestamp(submitted, dt.UTC).isoformat(timespec="seconds"),
            "python": sys.version.split()[0],
            "versions": self._versions,
            "remarks": self._remarks,
        }

    def fill(
        self,
        folder: Path,
        given: Mapping[str, Any],
        *,
        root: Path,
        submitted: float,
        durable: bool = True,
        claim: Mapping[str, Any] | None = None,
        **record: Any,
    ) -> None:
        """Write the files of a queued job into its folder.

        Parameters
        ----------
        folder
            An empty one.
        given
            Values as `values` returns them.
        root
            The folder of jobs, for the command that repeats this one.
        submitted : float, seconds since the epoch
        durable
            Wait for the disk.
        claim
            Of `submitter`, where it takes a while until the job is handed over.
        **record
            Further entries of ``job.json``: its ``id`` and what a batch says of it.
        """
        injected = values_cell(given)
        notebook = inject(self._notebook, injected)
        (folder / "log.txt").touch()
        write_json(folder / "notebook.ipynb", notebook, durable=durable)
        cells = sum(1 for _ in code_cells(notebook))
        stated: dict[str, Any] = {"submitted": submitted, "cells": cells, "executor": self.executor.name}
        Status(message="waiting", **stated, **(claim or {})).write(folder / "status.json")
        content = {
            "version": VERSION,
            "template": self.described(),
            "kernel": self._kernel,
            "parameters": safe_json(given),
            "injected": injected,
            "defaults": self._defaults,
            "cwd": str(self.cwd),
            "executor": self.executor.as_dict(),
            "provenance": self.provenance(
                rerun_command(self.cwd, self.template.path, self.model, given, root, kernel=self.kernel), submitted
            ),
        }
        write_json(folder / "job.json", {**record, **content}, durable=durable)


def stamp(submitted: float) -> str:
    """Return a time as the names of folders begin with it."""
    return dt.datetime.fromtimestamp(submitted).astimezone().strftime("%Y%m%d-%H%M%S")


def short_name(name: str) -> str:
    """Return a template's name as the names of folders hold it."""
    return "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)[:40].strip("-") or "report"


def _kernel(asked: str | None, notebook: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """Return the kernel to run in, and a remark where it is not the one the notebook names."""
    own = {"name": _OWN_PYTHON, "python": sys.executable}
    metadata = notebook.get("metadata")
    spec = metadata.get("kernelspec") if isinstance(metadata, Mapping) else None
    spec = spec if isinstance(spec, Mapping) else {}
    language = str(spec.get("language", "python"))
    if language.lower() != "python":
        raise OptionError(f"template: got a notebook in {language}; its parameters must be Python")
    name = asked or str(spec.get("name") or _OWN_PYTHON)
    if asked is None and name == _OWN_PYTHON:
        return own, ""
    from jupyter_client.kernelspec import KernelSpecManager

    installed = KernelSpecManager().find_kernel_specs()
    if name in installed:
        return {"name": name, "folder": installed[name]}, ""
    if asked is not None and asked != _OWN_PYTHON:
        raise OptionError(f"kernel: got {asked!r}; installed are {', '.join(sorted(installed)) or 'none'}")
    return own, f"the notebook names the kernel {name!r}, which is not installed here; it ran in {sys.executable}"


def _defaults(model: type[Options]) -> dict[str, Any]:
    defaults: dict[str, Any] = {}
    for name, field in model.model_fields.items():
        if not field.is_required():
            default = field.get_default(call_default_factory=True)
            defaults[name] = default.source if isinstance(default, Expression) else safe_json(default)
    return defaults


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user need have no name
        return str(os.getuid())
