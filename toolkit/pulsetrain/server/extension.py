"""The extension as Jupyter Server loads it, and its configuration."""

from __future__ import annotations

import os
from pathlib import Path

from jupyter_server.extension.application import ExtensionApp
from traitlets import Float, List, Unicode, default

from pulsetrain.server import batch_handlers, count_handlers, data_handlers, handlers, parameter_handlers
from pulsetrain.server.catalogue import Catalogue
from pulsetrain.server.reader import Reader

__all__ = ["ROUTES", "PulsetrainServer"]

# Each file of requests brings its own list.
ROUTES = (
    *handlers.HANDLERS,
    *batch_handlers.HANDLERS,
    *count_handlers.HANDLERS,
    *data_handlers.HANDLERS,
    *parameter_handlers.HANDLERS,
)


class PulsetrainServer(ExtensionApp):
    """Serves templates, jobs and batches under ``<base_url>/pulsetrain/api/``."""

    name = "pulsetrain"

    jobs_root = Unicode(
        "pulsetrain-jobs",
        help="Folder that holds the jobs; a relative path is meant below the server's root folder.",
    ).tag(config=True)

    shared_jobs = List(
        Unicode(),
        [],
        help="Folders whose jobs are shown beside one's own, such as those of colleagues; they can be read and not "
        "stopped or resumed. Relative paths as for jobs_root.",
    ).tag(config=True)

    template_folders = List(
        Unicode(),
        ["templates"],
        help="Folders whose notebooks are offered beside the shipped templates; relative paths as for jobs_root.",
    ).tag(config=True)

    data_roots = List(
        Unicode(),
        help="Folders, besides the server's root, whose data can be browsed; links may lead from one into another. "
        "The default is EXTRA_DATA_DATA_ROOT, or else where the European XFEL keeps its experiments.",
    ).tag(config=True)

    data_timeout = Float(30.0, min=1.0, help="Seconds after which reading a data file is given up.").tag(config=True)

    @default("data_roots")
    def _default_data_roots(self) -> list[str]:
        root = os.environ.get("EXTRA_DATA_DATA_ROOT")
        return [root] if root else ["/gpfs/exfel/exp", "/gpfs/exfel/d", "/gpfs/exfel/u"]

    def initialize_settings(self) -> None:
        """Hand what the requests work on to their handlers."""
        assert self.serverapp is not None  # noqa: S101  # linked before it is initialised
        root = Path(self.serverapp.root_dir).resolve()
        jobs_root = (root / Path(self.jobs_root).expanduser()).resolve()
        # Kernels inherit it: a report started from a control joins the jobs of the sidebar.
        os.environ["PULSETRAIN_JOBS"] = str(jobs_root)
        self.settings["pulsetrain_catalogue"] = Catalogue(
            root=root,
            jobs_root=jobs_root,
            shared=tuple((root / Path(folder).expanduser()).resolve() for folder in self.shared_jobs),
            folders=tuple(root / Path(folder).expanduser() for folder in self.template_folders),
        )
        data_roots = (str(root / Path(folder).expanduser()) for folder in self.data_roots)
        self.settings["pulsetrain_reader"] = Reader((str(root), *data_roots), self.data_timeout)

    def initialize_handlers(self) -> None:
        """Announce the routes."""
        self.handlers.extend((rf"/pulsetrain/api/{route}", handler) for route, handler in ROUTES)

    async def stop_extension(self) -> None:
        """End what reads data files."""
        self.settings["pulsetrain_reader"].end()
