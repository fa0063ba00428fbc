"""Execute a job's notebook cell by cell; imported once the job is signed, as nbclient takes its time."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import nbformat
from ipykernel.kernelspec import get_kernel_dict
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, DeadKernelError

from pulsetrain._shared_files import write_text
from pulsetrain.reports._files import alive, identity, write_json
from pulsetrain.reports._inputs import check_inputs, note_inputs
from pulsetrain.reports._notebooks import code_cells
from pulsetrain.reports._pace import Pace
from pulsetrain.reports._spare_kernel import PROVISIONER, SpareKernel
from pulsetrain.reports.display import METRICS
from pulsetrain.reports.inside import JOB, PROGRESS
from pulsetrain.reports.jobs import Job, refuse_anothers
from pulsetrain.reports.status import State

__all__ = ["Execution"]

_START_WITHIN = 300  # s; on a cluster's file system a thousand kernels may start at once
_SOCKETS = 60  # bytes of a folder's path; those of the sockets in it may have 107, or 103 on macOS
_PRINTED = 500_000  # characters of what a cell prints that its notebook keeps; a report stays one that opens
_LINE = 200  # characters of what a cell says of its progress


class Execution:
    """The notebook, its kernel, and what they leave in the folder.

    Attributes
    ----------
    begun : bool
        Whether a cell has been sent to the kernel.
    busy : bool
        Whether one is at work now.
    """

    def __init__(self, job: Job, record: Mapping[str, Any], tell: Callable[..., None]) -> None:
        self.begun = self.busy = False
        self._job, self._record, self._tell = job, record, tell
        self._notebook = nbformat.from_dict(json.loads(job.notebook.read_text(encoding="utf-8")))
        # Looked at once they are read: whoever may write to the folder could have replaced them while the job waited.
        refuse_anothers(job.folder, "job.json", "notebook.ipynb")
        self._channels = TemporaryDirectory(prefix="pulsetrain-", dir=_for_sockets(), ignore_cleanup_errors=True)
        self._kernel = _manager(record["kernel"], Path(self._channels.name))
        self._client = _Client(
            self._notebook, km=self._kernel, timeout=None, startup_timeout=_START_WITHIN, record_timing=True
        )
        self._client.on_progress = self._progress
        self._pace = Pace()
        self._process: tuple[int, float] | None = None

    async def run(self, stopping: Callable[[], bool]) -> tuple[State, str]:
        """Run the cells; return the state and, unless all is well, what went wrong."""
        loop = asyncio.get_running_loop()
        # Beside the start of the kernel, and done before a cell can change what it reads.
        noted = loop.run_in_executor(None, note_inputs, self._job, self._record)
        environment = os.environ | {JOB: str(self._job.folder)}
        await self._client.async_start_new_kernel(cwd=self._record["cwd"], env=environment)
        pid = getattr(self._kernel.provisioner, "pid", None)
        if pid:
            self._process = identity(pid)
            self._tell(kernel_pid=pid, kernel_started=self._process[1])
        try:
            await self._client.async_start_new_kernel_client()
        except RuntimeError as error:
            if stopping():
                return "stopped", "stopped before the first cell"
            return "failed", f"the kernel did not come up: {error}"
        # The exporter's imports take a second or two, which the kernel's work hides.
        threading.Thread(target=import_module, args=("pulsetrain.reports.html",), daemon=True).start()

        order = list(code_cells(self._notebook))
        await noted
        try:
            for number, index in enumerate(order, start=1):
                if stopping():
                    return "stopped", f"stopped after cell {number - 1} of {len(order)}"
                self._pace.begin(number, len(order))
                self._tell(cell=number, cells=len(order), eta=self._pace.left(), message=self._pace.words)
                self.begun = self.busy = True
                try:
                    await self._client.async_execute_cell(self._notebook.cells[index], index)
                except (CellExecutionError, DeadKernelError) as error:
                    if stopping():
                        return "stopped", f"stopped in cell {number} of {len(order)}"
                    return "failed", f"cell {number} of {len(order)}: {_reason(error)}"
                finally:
                    self.busy = False
                    self.save()
        finally:
            self._save_metrics()
            await asyncio.to_thread(check_inputs, self._job)
        return "done", ""

    def _progress(self, done: int, total: int, message: str) -> None:
        self._pace.told(done, total)
        self._tell(eta=self._pace.left(), message=f"{self._pace.words}: {done}/{total} {message}".rstrip())

    async def interrupt(self) -> None:
        """Send the kernel what Ctrl-C sends."""
        await self._kernel.interrupt_kernel()

    async def kill(self) -> None:
        """End the kernel at once."""
        if self._process and alive(*self._process):
            os.kill(self._process[0], signal.SIGKILL)

    async def close(self) -> None:
        """Shut the kernel down, gently if it lives."""
        if self._client.kc is not None:
            self._client.kc.stop_channels()
        if self._kernel.has_kernel:
            await self._kernel.shutdown_kernel(now=not await self._kernel.is_alive())
        await asyncio.to_thread(self._channels.cleanup)

    def save(self) -> None:
        """Replace ``notebook.ipynb`` in one step."""
        write_text(self._job.notebook, json.dumps(self._notebook, indent=1) + "\n")

    def _save_metrics(self) -> None:
        metrics: dict[str, Any] = {}
        for cell in self._notebook.cells:
            for output in cell.get("outputs", []):
                shown = output.get("data", {}).get(METRICS)
                metrics.update(shown if isinstance(shown, dict) else {})
        if metrics:
            write_json(self._job.folder / "metrics.json", metrics)


class _Client(NotebookClient):
    """Copies what cells print into the log as it comes, and hears how far a cell is, which is no output."""

    on_progress: Callable[[int, int, str], None] | None = None

    def __init__(self, *arguments: Any, **keywords: Any) -> None:
        super().__init__(*arguments, **keywords)
        self._printed: Counter[int] = Counter()  # characters, by cell

    def process_message(self, msg: Any, cell: Any, cell_index: int) -> Any:
        shown = msg["content"].get("data", {}) if msg["msg_type"] == "display_data" else {}
        if PROGRESS in shown:
            match shown[PROGRESS]:  # anybody's cell may say anything
                case {"done": int(done), "total": int(total), "message": str(message)} if self.on_progress:
                    self.on_progress(done, total, message[:_LINE])
            return None
        if msg["msg_type"] == "stream":
            text, room = str(msg["content"]["text"]), _PRINTED - self._printed[cell_index]
            self._printed[cell_index] += len(text)
            with contextlib.suppress(OSError):  # a full disk is no fault of the cell
                sys.stdout.write(text)
                sys.stdout.flush()
            if room < 0:
                return None
            if len(text) > room:
                msg["content"]["text"] = f"{text[:room]}\n… the cell printed more, which stands in the log\n"
        return super().process_message(msg, cell, cell_index)

    def output(self, outs: list[Any], msg: Any, display_id: str | None, cell_index: int) -> Any:
        """Take an output; what is printed in a row becomes one, as in JupyterLab, however often it is flushed."""
        new = super().output(outs, msg, display_id, cell_index)
        if new is None or new["output_type"] != "stream":
            return new
        before = outs[-2] if len(outs) > 1 else {}
        if before.get("name") == new["name"] and before["output_type"] == "stream":
            outs.pop()
            ended, newline, line = before["text"].rpartition("\n")
            before["text"] = ended + newline + _on_screen(line + new["text"])
            return before
        new["text"] = _on_screen(new["text"])
        return new


def _on_screen(text: str) -> str:
    """Return what is left to see of a text whose lines may have been written over, as progress bars are."""
    return "\n".join(line[line.rfind("\r", 0, -1) + 1 :] for line in text.split("\n"))


class _OwnPython(KernelSpecManager):
    """Knows one kernel, this very Python, whether or not a kernelspec is installed for it."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:  # noqa: ARG002 -- there is only one
        spec = get_kernel_dict()
        if SpareKernel.ready is not None:
            spec["metadata"] = {**spec.get("metadata", {}), "kernel_provisioner": {"provisioner_name": PROVISIONER}}
        return KernelSpec(**spec)


def _manager(kernel: Mapping[str, Any], channels: Path) -> AsyncKernelManager:
    """Return the manager of a job's kernel, which talks through sockets in a folder that only its user can enter.

    Ports would be open to everybody on the machine, and two kernels that start at the same time may choose the same.
    """
    options: dict[str, Any] = {"kernel_name": kernel["name"]}
    if "python" in kernel:
        options["kernel_spec_manager"] = _OwnPython()
    return AsyncKernelManager(transport="ipc", connection_file=str(channels / "kernel.json"), **options)


def _for_sockets() -> str:
    """Return where temporary folders lie, unless a cluster's name for that is too long for a socket below it."""
    usual = gettempdir()
    return usual if len(os.fsencode(usual)) <= _SOCKETS else "/tmp"  # noqa: S108 -- the folder in it is its user's own


def _reason(error: Exception) -> str:
    if isinstance(error, DeadKernelError):
        return "the kernel died"
    if not isinstance(error, CellExecutionError):
        return str(error)
    return f"{error.ename}: {error.evalue}".split("\n", 1)[0][:300]
