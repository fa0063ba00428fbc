"""A kernel in reserve: a process forked off with IPython imported, which becomes a job's kernel when it is told to.

Importing is two thirds of what a kernel's start costs; a crew that runs many short jobs does it once. Nothing of a job
is known to the process before it is told, and nothing that a notebook may import has been imported in it but IPython.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import resource
import signal
import sys
import traceback
from collections.abc import Sequence
from typing import Any, ClassVar

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

__all__ = ["PROVISIONER", "SpareKernel", "SpareProvisioner", "import_ahead"]

PROVISIONER = "pulsetrain-spare"  # its entry point in the group jupyter_client.kernel_provisioners
_FIRST = 3  # of the descriptors that a kernel does not inherit


def import_ahead() -> None:
    """Import what a kernel needs."""
    import ipykernel.kernelapp  # noqa: F401


class SpareKernel:
    """The forked process, as `subprocess.Popen` would show it.

    Fork it before anything has started a thread: the process that forks must have one alone.

    Attributes
    ----------
    ready : SpareKernel or None
        The one in reserve in this process, until it is taken.
    """

    ready: ClassVar[SpareKernel | None] = None
    stdin = stdout = stderr = None

    def __init__(self) -> None:
        heard, self._say = os.pipe()
        self.returncode: int | None = None
        self.pid = os.fork()
        if self.pid:
            os.close(heard)
            return
        code = 70
        try:
            os.close(self._say)
            code = _become_kernel(heard)
        except BaseException:  # noqa: BLE001 -- nothing of the child may ever run on as the process that forked it
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)

    @classmethod
    def keep(cls) -> None:
        """Have one in reserve."""
        cls.ready = cls()

    @classmethod
    def take(cls) -> SpareKernel | None:
        """Return the one in reserve, which is no longer."""
        spare, cls.ready = cls.ready, None
        return spare

    def become(self, arguments: Sequence[str], cwd: str, environment: dict[str, str]) -> None:
        """Let it start as a kernel."""
        told = {"arguments": list(arguments), "cwd": cwd, "environment": environment}
        with os.fdopen(self._say, "wb") as pipe:
            pipe.write(json.dumps(told).encode())

    def poll(self) -> int | None:
        """Return how it ended, or None while it lives."""
        if self.returncode is None:
            with contextlib.suppress(ChildProcessError):
                ended, status = os.waitpid(self.pid, os.WNOHANG)
                if ended:
                    self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self) -> int | None:
        """Return how it ended, once it has."""
        if self.returncode is None:
            self.returncode = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self.send_signal(signal.SIGKILL)


class SpareProvisioner(LocalProvisioner):
    """Launches kernels out of the reserve, and as ever where there is none."""

    process: Any

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Launch a kernel of this Python by the command of its kernelspec."""
        spare = SpareKernel.take()
        if spare is None:
            return await super().launch_kernel(cmd, **kwargs)
        try:
            spare.become(cmd[cmd.index("-f") :], kwargs["cwd"], dict(kwargs["env"]))
        except BrokenPipeError:  # it was killed meanwhile, perhaps for want of memory
            spare.wait()
            return await super().launch_kernel(cmd, **kwargs)
        self.process, self.pid, self.pgid = spare, spare.pid, spare.pid
        self.cwd = kwargs["cwd"]
        return self.connection_info


def _become_kernel(heard: int) -> int:
    os.setsid()
    with os.fdopen(heard, "rb") as pipe:
        message = pipe.read()
    if not message:
        return 0  # whoever forked it has ended without need of it
    told = json.loads(message)
    os.closerange(_FIRST, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 4096))
    os.environ.clear()
    os.environ.update(told["environment"])
    os.chdir(told["cwd"])
    random.seed()
    for name in [name for name, module in sys.modules.items() if module is None]:
        del sys.modules[name]  # what the runner does without, a notebook may want
    sys.argv = ["ipykernel_launcher.py", *told["arguments"]]
    # The folder that the kernel works in, where IPython puts it, but for one whose Python was told to leave it out.
    sys.path.insert(next((n for n, path in enumerate(sys.path) if "site-packages" in path), len(sys.path)), "")
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)

    from ipykernel.kernelapp import IPKernelApp

    IPKernelApp.launch_instance(sys.argv[1:], parent_handle=os.getppid())
    return 0
