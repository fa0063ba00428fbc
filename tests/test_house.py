"""What holds for the package as a whole."""

from __future__ import annotations

import importlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from pulsetrain.methods import methods
from pulsetrain.options import Options

HEAVY = {"gymnasium", "numba", "optuna", "stable_baselines3", "torch", "umap"}


@pytest.mark.parametrize(
    "statement",
    [
        "import pulsetrain",
        "import pulsetrain.reports",
        "import pulsetrain.server",
        "import pulsetrain.cli",
        "from pulsetrain.methods import methods; methods()",
        "from pulsetrain.methods import methods; [m.load(m.options) for m in methods().values()]",
    ],
)
def test_these_imports_load_nothing_heavy(statement: str):
    code = f"import sys; {statement}; print(*sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_unknown_attributes_of_the_package_are_refused():
    import pulsetrain

    with pytest.raises(AttributeError, match="has no attribute 'spectre'"):
        pulsetrain.spectre  # noqa: B018 - the access is what is tested


@pytest.mark.parametrize("method", methods().values(), ids=lambda method: method.name)
def test_every_place_that_a_method_names_exists(method):
    assert issubclass(method.load(method.options), Options)
    for place in (method.command, method.bench, method.panel):
        assert callable(method.load(place))


@pytest.mark.parametrize("method", methods().values(), ids=lambda method: method.name)
def test_every_method_ships_its_report_and_its_course(method):
    from pulsetrain.reports import shipped_folder

    assert (shipped_folder("reports") / method.template).is_file()
    assert (shipped_folder("course") / method.course).is_file()


@pytest.mark.parametrize("method", methods().values(), ids=lambda method: method.name)
def test_every_option_has_a_sentence_of_help(method):
    fields = method.load(method.options).model_fields
    assert [name for name, field in fields.items() if not (field.description or "").endswith(".")] == []


@pytest.mark.parametrize("room", ["data", "panels", "reports", *methods()])
def test_every_public_name_of_a_room_can_be_imported_and_is_listed(room: str):
    package = importlib.import_module(f"pulsetrain.{room}")
    assert dir(package) == sorted(package.__all__)
    assert all(hasattr(package, name) for name in package.__all__)
    with pytest.raises(AttributeError, match=f"pulsetrain.{room}' has no attribute 'spectre'"):
        package.spectre  # noqa: B018 - the access is what is tested


def test_the_contracts_on_imports_name_every_method():
    """The one thing that a new method must write elsewhere besides its entry point: a contract has no place for all."""
    settings = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))
    layers, reports = settings["tool"]["importlinter"]["contracts"]
    packages = {f"pulsetrain.{name}" for name in methods()}
    assert packages <= {module for layer in layers["layers"] for module in layer.split(" | ")}
    assert packages <= set(reports["forbidden_modules"])
