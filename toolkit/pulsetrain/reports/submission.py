"""From a template and values to a job: everything is validated before a folder exists, and the folder appears whole."""

from __future__ import annotations

import datetime as dt
import getpass
import hashlib
import os
import secrets
import shutil
import sys
import time
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from pulsetrain.options import OptionError, Options
from pulsetrain.reports._files import this_host, write_json
from pulsetrain.reports._notebooks import clear, code_cells, inject, read_notebook
from pulsetrain.reports._templates import Template, find_template
from pulsetrain.reports._values import safe_json
from pulsetrain.reports.executors import Executor, Local, executor_of
from pulsetrain.reports.jobs import KEPT, Job
from pulsetrain.reports.parameters import Expression, read_parameters
from pulsetrain.reports.source import rerun_command, values_cell
from pulsetrain.reports.status import Status

__all__ = ["start_again", "submit"]

VERSION = 1
_LIBRARIES = ("pulsetrain", "numpy", "scipy", "xarray", "pandas", "torch", "bokeh", "matplotlib", "extra-data", "h5py")
_OWN_PYTHON = "python3"


def submit(
    template: Template | str | Path,
    values: Mapping[str, Any],
    root: str | Path,
    *,
    kernel: str | None = None,
    executor: Executor | None = None,
    cwd: str | Path | None = None,
) -> Job:
    """Queue a run of a template.

    Parameters
    ----------
    template
        A `Template`, the path of any notebook with a ``parameters`` cell, or the name of a shipped one.
    values
        Parameters that differ from the template's defaults; only these are injected.
    root
        Folder that holds the jobs; made if need be.
    kernel
        Name of an installed kernelspec. By default the one the notebook names, where that is installed, else the
        Python that runs this.
    executor
        Where it runs; `Local` by default.
    cwd
        Folder the kernel starts in, which relative paths among the values refer to; the present one by default.

    Returns
    -------
    Job
        Queued; it goes on without this process.

    Raises
    ------
    OptionError
        One line per fault, each naming the parameter; no folder has been made.
    """
    if not isinstance(template, Template):
        template = find_template(template)
    executor = executor or Local()
    content = template.path.read_bytes()
    notebook = read_notebook(template.path)
    model = read_parameters(notebook)
    given = model(**values).model_dump(exclude_unset=True)
    injected = values_cell(given)
    prepared = inject(clear(notebook), injected)
    chosen, remark = _kernel(kernel, notebook)

    root = Path(root).expanduser().resolve()
    submitted = time.time()
    cwd = Path(cwd or Path.cwd()).resolve()
    if not cwd.is_dir():
        raise OptionError(f"cwd: got {str(cwd)!r}; no such folder")
    record = {
        "version": VERSION,
        "template": {
            "name": template.name,
            "title": template.title,
            "path": str(template.path),
            "sha256": hashlib.sha256(content).hexdigest(),
        },
        "kernel": chosen,
        "parameters": safe_json(given),
        "injected": injected,
        "defaults": _defaults(model),
        "cwd": str(cwd),
        "executor": executor.as_dict(),
        "provenance": {
            "command": rerun_command(cwd, template.path, model, given, root),
            "user": _user(),
            "host": this_host(),
            "submitted": dt.datetime.fromtimestamp(submitted, dt.UTC).isoformat(timespec="seconds"),
            "python": sys.version.split()[0],
            "versions": _versions(),
            "remarks": [remark] if remark else [],
        },
    }
    status = Status(submitted=submitted, message="waiting", cells=sum(1 for _ in code_cells(prepared)))
    job = Job(
        _make_folder(root, template.name, submitted, content=content, prepared=prepared, record=record, status=status)
    )
    executor.start(job)
    return job


def start_again(job: Job, *, executor: Executor | None = None) -> Job:
    """Put aside what an attempt left and queue the next one; the caller holds the job's lock."""
    record = job.record
    if not record or not (job.folder / "template.ipynb").is_file():
        raise OptionError(f"{job.id}: job.json or template.ipynb is missing; submit the template anew")
    notebook = read_notebook(job.folder / "template.ipynb")
    injected = record.get("injected")
    if not isinstance(injected, str):  # a job from before it was kept; its values are only as good as JSON's
        given = read_parameters(notebook)(**record["parameters"]).model_dump(exclude_unset=True)
        injected = values_cell(given)
    prepared = inject(clear(notebook), injected)

    attempts = job.folder / "attempts"
    number = 1 + max((int(path.name) for path in attempts.glob("[0-9]*") if path.name.isdigit()), default=0)
    kept = attempts / str(number)
    kept.mkdir(parents=True)
    for name in KEPT:
        if (job.folder / name).exists():
            (job.folder / name).replace(kept / name)
    (job.folder / "stop").unlink(missing_ok=True)
    write_json(job.folder / "notebook.ipynb", prepared)
    cells = sum(1 for _ in code_cells(prepared))
    again = Status(submitted=time.time(), message="waiting", cells=cells, attempt=number + 1)
    again.write(job.folder / "status.json")
    (executor or executor_of(record)).start(job)
    return job


def _make_folder(
    root: Path,
    name: str,
    submitted: float,
    *,
    content: bytes,
    prepared: Mapping[str, Any],
    record: Mapping[str, Any],
    status: Status,
) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    stamp = dt.datetime.fromtimestamp(submitted).astimezone().strftime("%Y%m%d-%H%M%S")
    short = "".join(c if c.isascii() and (c.isalnum() or c in "-_") else "-" for c in name)[:40].strip("-") or "report"
    building = root / f".new-{secrets.token_hex(8)}"
    building.mkdir()
    try:
        (building / "template.ipynb").write_bytes(content)
        (building / "log.txt").touch()
        write_json(building / "notebook.ipynb", prepared)
        status.write(building / "status.json")
        while True:
            folder = root / f"{stamp}-{short}-{secrets.token_hex(3)}"
            write_json(building / "job.json", {"id": folder.name, **record})
            try:
                building.rename(folder)
            except OSError:
                if not folder.exists():
                    raise
            else:
                return folder
    except BaseException:
        shutil.rmtree(building, ignore_errors=True)
        raise


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
