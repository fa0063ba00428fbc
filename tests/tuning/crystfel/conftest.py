"""A small experiment and the stand-in indexamajig that answers for it."""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import h5py
import numpy as np
import psutil
import pytest

from pulsetrain.data import open_frames
from pulsetrain.data.crystfel_geometry import CrystFELGeometry
from pulsetrain.data.unit_cell import UnitCell
from pulsetrain.tuning.crystfel import CrystFELEngine

STAND_IN = Path(__file__).parents[1] / "stand_in"
N = 12
HITS = (0, 2, 3, 5, 7, 8, 10)
INDEXED = (0, 3, 5, 8)
GEOMETRY = """\
photon_energy = 9300 eV
adu_per_photon = 10
clen = 0.1
res = 5000
data = /entry/data
dim0 = %
dim2 = ss
dim3 = fs
"""


def script(path: Path, program: Path, *arguments: str) -> Path:
    """Make an executable; `indexamajig.py` itself is none, as its interpreter is the one of the tests."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(f'#!/bin/sh\nexec "{sys.executable}" -I -S "{program}" {" ".join(arguments)} "$@"\n')
    path.chmod(0o755)
    return path


@pytest.fixture
def geometry():
    panels = [
        f"m{k}/dim1 = {k}\nm{k}/min_fs = 0\nm{k}/max_fs = 31\nm{k}/min_ss = 0\nm{k}/max_ss = 63\n"
        f"m{k}/fs = x\nm{k}/ss = y\nm{k}/corner_x = {40 * k - 36}\nm{k}/corner_y = -32\n"
        for k in (0, 1)
    ]
    return CrystFELGeometry.parse(GEOMETRY + "".join(panels))


@pytest.fixture
def cell():
    return UnitCell(58.4, 67.9, 91.2)


@pytest.fixture
def temporary(tmp_path, monkeypatch):
    """Folder for temporary files, so that what is left in it is seen."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def truth(geometry):
    """Patterns of known peaks; of the seven hits at min-snr 5, four have a lattice."""
    rng = np.random.default_rng(3)
    patterns = {}
    for k in range(N):
        n = int(rng.integers(18, 30)) if k in HITS else int(rng.integers(0, 9))
        peaks = [
            [
                float(rng.uniform(0, 32)),
                float(rng.uniform(0, 64)),
                1.0,
                100.0,
                f"m{rng.integers(2)}",
                6.0 + j % 3,
                2 + j % 2,
            ]
            for j in range(n)
        ]
        axes = np.linalg.qr(rng.normal(size=(3, 3)))[0] / np.array([5.84, 6.79, 9.12])[:, None]
        patterns[f"//{k}"] = {"peaks": peaks, "reciprocal": axes.tolist() if k in INDEXED else None}
    return {"clen": geometry.clen, "patterns": patterns}


@pytest.fixture
def frames(tmp_path):
    """Lazy frames of a file that indexamajig could read itself."""
    path = tmp_path / "run 1.h5"  # a blank, as a list of patterns cannot quote it
    data = np.random.default_rng(1).integers(0, 50, (N, 2, 64, 32)).astype(np.int16)
    with h5py.File(path, "w") as file:
        file.create_dataset("entry/data", data=data, chunks=(1, 1, 64, 32))
    return open_frames(path)


@pytest.fixture
def stand_in(tmp_path, truth, temporary, monkeypatch):
    """Install the stand-in; call it with a mode to choose what goes wrong."""
    plan = {"truth": truth, "pids": str(tmp_path / "pids"), "keep": str(tmp_path / "keep")}
    (tmp_path / "keep").mkdir()
    place = tmp_path / "plan.json"
    monkeypatch.setenv("PULSETRAIN_STAND_IN", str(place))
    monkeypatch.delenv("PULSETRAIN_INDEXAMAJIG", raising=False)

    def plan_for(mode="", **changes):
        place.write_text(json.dumps({**plan, **changes, "mode": mode}))

    plan_for()
    path = script(tmp_path / "bin" / "indexamajig", STAND_IN / "indexamajig.py")
    return SimpleNamespace(path=path, plan=plan_for, keep=tmp_path / "keep", pids=tmp_path / "pids", left=temporary)


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Install stand-ins of SLURM's commands on the PATH; its value is their folder of notes."""
    notes = tmp_path / "slurm"
    notes.mkdir()
    for name in ("sbatch", "squeue", "scancel"):
        script(tmp_path / "slurm_bin" / name, STAND_IN / "slurm.py", name)
    monkeypatch.setenv("STAND_IN_SLURM", str(notes))
    monkeypatch.setenv("PATH", f"{tmp_path / 'slurm_bin'}{os.pathsep}{os.environ['PATH']}")
    return notes


@pytest.fixture
def nothing_left(stand_in):
    """Return a check that no process and no file is left."""

    def check(seconds=0.0):
        until = time.monotonic() + seconds
        while True:
            lines = stand_in.pids.read_text().split() if stand_in.pids.exists() else []
            alive = [pid for pid in map(int, lines) if psutil.pid_exists(pid) and not _is_dead(pid)]
            files = sorted(stand_in.left.iterdir())
            if (not alive and not files) or time.monotonic() >= until:
                break
            time.sleep(0.05)
        assert not alive
        assert not files
        return len(lines)

    return check


def _is_dead(pid):
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.fixture
def engine_of(geometry, cell, stand_in):
    """Return a maker of engines that run the stand-in."""

    def make(**settings):
        return CrystFELEngine(geometry, cell, stand_in.path, **{"processes": 3, "poll": 0.02, **settings})

    return make
