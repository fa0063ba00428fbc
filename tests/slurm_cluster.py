"""A real SLURM on the loopback: munged, slurmctld and one slurmd, started by hand in a folder of their own."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import psutil
import pytest

PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "squeue", "scancel", "scontrol")
NODE = "node1"  # not the host's name, so that the two are not mistaken for each other
PROCESSORS = 4  # said to be there, whatever the machine has

_CONFIGURATION = """
ClusterName=trial
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={munge}/socket
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
{memory}
SchedulerParameters=sched_interval=1,sched_min_interval=100000,bf_interval=1,defer_batch
SlurmdParameters=config_overrides
SlurmdTimeout=5
SlurmctldTimeout=10
KillWait=10
MessageTimeout=4
TCPTimeout=2
ReturnToService=2
GresTypes=gpu
NodeName={name} NodeHostname={host} NodeAddr=127.0.0.1 CPUs={processors} RealMemory=8000 Gres=gpu:1 State=UNKNOWN
PartitionName=upex Nodes={name} Default=YES MaxTime=60 State=UP
PartitionName=closed Nodes={name} State=DOWN
"""
_MEMORY_FREE = """SelectTypeParameters=CR_Core
JobAcctGatherType=jobacct_gather/none"""
_MEMORY_GUARDED = """SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=2000
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill"""


def why_not() -> str:
    """Return why no cluster can be started here, or an empty string."""
    missing = [program for program in PROGRAMS if shutil.which(program) is None]
    if missing:
        return f"no {', '.join(missing)} on PATH; install slurm-wlm and munge"
    return "" if os.geteuid() == 0 else "SLURM's daemons start jobs as their users, so they must be started by root"


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@dataclass
class SlurmCluster:
    """A cluster of one node, said to have four processors and a GPU, in the partitions ``upex`` and ``closed`` (down).

    Attributes
    ----------
    folder : Path
        Configuration, logs and state; made if need be.
    guards_memory : bool
        Whether jobs that need more memory than they asked for are killed.
    environment : dict of str
        What a process must have in its environment to speak to this cluster.
    """

    folder: Path
    guards_memory: bool = False
    environment: dict[str, str] = field(default_factory=dict)
    _munge: Path = field(default=Path(), repr=False)
    _daemons: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict, repr=False)

    def start(self) -> Self:
        """Start the daemons and wait until the node is idle; skips the test where that cannot be."""
        if why := why_not():
            pytest.skip(why)
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "state").mkdir(exist_ok=True)
        # munged refuses folders under one that others may write to, as /tmp is, and a socket that not all can reach
        self._munge = Path(tempfile.mkdtemp(prefix="munge-", dir="/run"))
        self._munge.chmod(0o755)
        key = self._munge / "key"
        key.touch(0o400)
        key.write_bytes(secrets.token_bytes(1024))
        controller, node = _free_ports(2)
        (self.folder / "slurm.conf").write_text(
            _CONFIGURATION.format(
                folder=self.folder,
                munge=self._munge,
                host=socket.gethostname(),
                name=NODE,
                controller=controller,
                node=node,
                processors=PROCESSORS,
                memory=_MEMORY_GUARDED if self.guards_memory else _MEMORY_FREE,
            )
        )
        (self.folder / "gres.conf").write_text(f"NodeName={NODE} Name=gpu File=/dev/null\n")
        self.environment["SLURM_CONF"] = str(self.folder / "slurm.conf")
        self._start(
            "munged",
            "--foreground",
            f"--key-file={key}",
            f"--socket={self._munge}/socket",
            f"--pid-file={self._munge}/pid",
            f"--log-file={self._munge}/log",
            f"--seed-file={self._munge}/seed",
        )
        self._until((self._munge / "socket").exists, lambda: "munged opens no socket")
        self._start("slurmctld", "-D", "-i")
        self._start("slurmd", "-D", "-N", NODE)
        self.wait_for_node("idle")
        return self

    def run(self, *command: str) -> str:
        """Run one of SLURM's programs and return what it prints."""
        environment = os.environ | self.environment
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=30).stdout

    def wait_for_node(self, *states: str, timeout: float = 30) -> None:
        """Wait until the node is in one of these states, as sinfo writes them."""

        told = ""

        def reached() -> bool:
            nonlocal told
            try:
                told = self.run("sinfo", "--noheader", "--format=%T", f"--nodes={NODE}").split()[0]
            except subprocess.CalledProcessError as error:
                told = error.stderr
            return told.rstrip("*") in states

        self._until(reached, lambda: f"the node is {told!r} and not {' or '.join(states)}", timeout)

    def kill_slurmd(self) -> None:
        """Kill the node's daemon; what it has started goes on. Seconds later the node is down."""
        self._kill("slurmd")

    def kill_supervisors(self) -> None:
        """Kill SLURM's daemons, that of the node and those of jobs; the jobs go on."""
        self._kill("slurmd")
        _end([process for process in self._on_node() if _is_supervisor(process)])

    def crash_node(self) -> None:
        """Kill the node's daemon and all that runs on the node, as a power cut does."""
        self._kill("slurmd")
        self._end_jobs()

    def start_slurmd(self) -> None:
        """Start the node's daemon again and wait until the node takes jobs."""
        self._start("slurmd", "-D", "-N", NODE)
        # completing: it takes jobs, while the controller still asks what became of one that ended as the daemon died
        self.wait_for_node("idle", "mixed", "allocated", "completing")

    def signal(self, daemon: str, number: int) -> None:
        """Send a signal to a daemon: a stopped ``slurmctld`` is one that does not answer."""
        self._daemons[daemon].send_signal(number)

    def stop(self) -> None:
        """End all daemons and all jobs."""
        for name in list(self._daemons):
            self._kill(name)
        self._end_jobs()
        shutil.rmtree(self._munge, ignore_errors=True)

    def _start(self, name: str, *arguments: str) -> None:
        with (self.folder / f"{name}.out").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                [shutil.which(name) or name, *arguments],
                cwd=self.folder,  # where one that crashes may leave its memory
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _kill(self, name: str) -> None:
        daemon = self._daemons.pop(name, None)
        if daemon is not None:
            daemon.send_signal(signal.SIGKILL)
            daemon.wait()

    def _end_jobs(self) -> None:
        """Kill what runs on the node, and first those who would report the end of it; wait until it is gone."""
        _end(sorted(self._on_node(), key=lambda process: not _is_supervisor(process)))

    def _on_node(self) -> Iterator[psutil.Process]:
        """Yield the processes of jobs, whose environment names this cluster and its node, and their supervisors."""
        own = f"SLURM_CONF={self.environment['SLURM_CONF']}".encode()
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.NoSuchProcess, OSError):
                # Read raw: a supervisor writes its title over the beginning of its environment.
                stated = Path(f"/proc/{process.pid}/environ").read_bytes().split(b"\0")
                on_node = any(text.startswith(b"SLURMD_NODENAME=") for text in stated)
                if own in stated and (on_node or _is_supervisor(process)):
                    yield process

    def _until(self, reached: Callable[[], bool], complaint: Callable[[], str], timeout: float = 30) -> None:
        end = time.monotonic() + timeout
        ended: list[str] = []
        while time.monotonic() < end and not ended:
            if reached():
                return
            time.sleep(0.1)
            ended = [name for name, daemon in self._daemons.items() if daemon.poll() is not None]
        logs = "\n".join(
            path.read_text(errors="replace")[-1500:] for path in sorted(self.folder.glob("*.[lo][ou][gt]"))
        )
        self.stop()
        when = f", as {' and '.join(ended)} ended" if ended else f" within {timeout:g} s"
        pytest.fail(f"{complaint()}{when}:\n{logs}")


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.kill()
    end = time.monotonic() + 10
    while time.monotonic() < end and any(map(_runs, processes)):
        time.sleep(0.02)


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess):
        return process.status() != psutil.STATUS_ZOMBIE  # as it stays where nobody waits for orphans
    return False


def _is_supervisor(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.NoSuchProcess, psutil.AccessDenied):
        return "slurmstepd" in process.exe()
    return False
