"""The wheel holds everything, from the tree as from the sdist, and JupyterLab finds what it installs."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


def build(source: Path, kind: str, target: Path) -> Path:
    # The build's own requirements are in the development environment: no network, no second Node.
    command = [sys.executable, "-m", "build", f"--{kind}", "--no-isolation", "--outdir", str(target), str(source)]
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return next(target.glob("*.whl" if kind == "wheel" else "*.tar.gz"))


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The wheel built from the tracked tree and the one built from its sdist."""
    place = tmp_path_factory.mktemp("wheels")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True).stdout
    for name in filter(None, tracked.split("\0")):
        (place / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, place / "tree" / name)
    sdist = build(place / "tree", "sdist", place / "sdist")
    shutil.unpack_archive(sdist, place / "unpacked")
    return (
        build(place / "tree", "wheel", place / "from_tree"),
        build(next((place / "unpacked").iterdir()), "wheel", place / "from_sdist"),
    )


def contents(wheel: Path) -> dict[str, str]:
    with zipfile.ZipFile(wheel) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}


def test_the_wheel_of_the_sdist_equals_the_wheel_of_the_tree(wheels):
    assert contents(wheels[0]) == contents(wheels[1])


def test_the_wheel_holds_package_notebooks_extension_and_server_part(wheels):
    names = contents(wheels[0])
    data = "pulsetrain-0.1.0.data/data"
    assert {"pulsetrain/py.typed", "pulsetrain/panels/js/image.js"} <= set(names)
    assert {"pulsetrain/notebooks/reports/spectra.ipynb", "pulsetrain/notebooks/course/spectra.ipynb"} <= set(names)
    assert f"{data}/etc/jupyter/jupyter_server_config.d/pulsetrain.json" in names
    assert any(name.startswith(f"{data}/share/jupyter/labextensions/pulsetrain") for name in names)
    assert not [name for name in names if "node_modules" in name or name.endswith((".ts", ".map", ".pyc"))]


@pytest.fixture(scope="module")
def installed(wheels, tmp_path_factory) -> Path:
    """A fresh environment with the wheel of the sdist; its requirements are borrowed from ours."""
    place = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place], check=True)
    python = place / "bin" / "python"
    site = Path(
        subprocess.check_output(
            [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], text=True
        ).strip()
    )
    # Behind its own packages, so that nothing but the wheel can answer for pulsetrain.
    (site / "requirements.pth").write_text(sysconfig.get_path("purelib"))
    subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "-q", "--no-deps", "--python", python, wheels[1]], check=True
    )
    return python


def ask(python: Path, *arguments: str, cwd: Path) -> str:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "PYTHON"))}
    done = subprocess.run([python, *arguments], cwd=cwd, env=clean, check=False, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_an_installed_wheel_serves_extension_server_part_and_notebooks(installed, tmp_path):
    assert str(installed.parent.parent) in ask(
        installed, "-c", "import pulsetrain; print(pulsetrain.__file__)", cwd=tmp_path
    )
    extensions = ask(installed, "-m", "jupyter", "labextension", "list", cwd=tmp_path)
    assert any("pulsetrain" in line and "enabled" in line and "OK" in line for line in extensions.splitlines()), (
        extensions
    )
    servers = ask(installed, "-m", "jupyter", "server", "extension", "list", cwd=tmp_path)
    assert "pulsetrain.server" in servers
    code = "from pulsetrain.reports import shipped_folder as f; print(*f('reports').iterdir(), *f('course').iterdir())"
    assert ask(installed, "-c", code, cwd=tmp_path).count("spectra.ipynb") == 2


def test_the_lab_bundle_is_small(wheels):
    with zipfile.ZipFile(wheels[0]) as archive:
        ours = [i for i in archive.infolist() if "/labextensions/" in i.filename and i.filename.endswith(".js")]
        package = next(i for i in archive.namelist() if "/labextensions/" in i and i.endswith("package.json"))
        assert json.loads(archive.read(package))["jupyterlab"]["_build"]["load"]
    assert 0 < sum(info.file_size for info in ours) < 160_000
