"""Parameters are read whole from the syntax tree, and never executed."""

from __future__ import annotations

import ast
import itertools
import json
import shlex
import string
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pulsetrain.options import OptionError, Options, option
from pulsetrain.reports import Expression, ParameterError, parameters_cell, read_parameters
from pulsetrain.reports._values import literal, safe_json
from pulsetrain.reports.parameters import read_cell
from pulsetrain.reports.source import rerun_command, values_cell

NINE = """
%matplotlib inline
from pathlib import Path  # not a parameter

# Peaks
min_snr: float = 5.0  # SNR >= 5
robust: bool | None = None  # Use the robust fit (default = automatic).
runs = [  # Runs to read.
    101,
    102,  # the good one
]
title = "a = b  # no comment, 'quoted' \\"twice\\""  # Title of the report.
started = time.strftime("%Y")  # Year of the beamtime. [a]
output: Path = Path("results")
energy: float = 9.3  # Photon energy. [keV] {4 .. 25}
network: Literal["cnn", "fcnn"] = "cnn"  # Network.
rounds: int = None  # Rounds; nothing means all. {1 ..}
_private = 3
print(min_snr)
"""


def test_nine_parameter_cell_is_read_whole_and_in_order() -> None:
    model = read_cell(NINE)
    assert list(model.model_fields) == [
        "min_snr", "robust", "runs", "title", "started", "output", "energy", "network", "rounds",
    ]  # fmt: skip
    kinds = {name: field.annotation for name, field in model.model_fields.items()}
    assert kinds == {
        "min_snr": float,
        "robust": bool | None,
        "runs": list[int],
        "title": str,
        "started": Any,
        "output": str,
        "energy": float,
        "network": Literal["cnn", "fcnn"],
        "rounds": int | None,
    }
    values = model()
    assert values.min_snr == 5.0
    assert values.robust is None
    assert values.runs == [101, 102]
    assert values.title == "a = b  # no comment, 'quoted' \"twice\""
    assert values.started == Expression("time.strftime('%Y')")
    assert values.output == "results"
    help_ = {name: field.description for name, field in model.model_fields.items()}
    assert help_["min_snr"] == "SNR >= 5"
    assert help_["runs"] == "Runs to read."
    assert help_["started"] == "Year of the beamtime."
    assert help_["rounds"] == "Rounds; nothing means all."
    assert (model.bounds("energy"), model.unit("energy")) == ((4, 25), "keV")
    assert model.bounds("rounds") == (1, None)
    assert model.unit("started") == "a"


def test_schema_for_the_form_keeps_order_bounds_units_and_choices() -> None:
    schema = read_cell(NINE).model_json_schema()
    fields = schema["properties"]
    assert list(fields) == list(read_cell(NINE).model_fields)
    assert fields["energy"] | {"title": ""} == {
        "default": 9.3,
        "description": "Photon energy.",
        "maximum": 25,
        "minimum": 4,
        "title": "",
        "type": "number",
        "unit": "keV",
    }
    assert fields["network"]["enum"] == ["cnn", "fcnn"]
    assert fields["started"]["expression"] == "time.strftime('%Y')"
    json.dumps(schema)


def test_reading_executes_nothing(tmp_path: Path) -> None:
    trap = tmp_path / "trap"
    call = f"open({str(trap)!r}, 'w')"
    source = f'x = {call}\ny: {call} = 1\nz: {call!r} = 2\nw = f"{{{call}}}"'
    assert list(read_cell(source).model_fields) == ["x", "y", "z", "w"]
    assert not trap.exists()


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("x: Optional[int] = 1", int | None),
        ("x: 'float | None' = None", float | None),
        ("x: typing.Union[int, str] = 1", int | str),
        ("x: Literal['a'] | None = 'a'", Literal["a"] | None),
        ("x: list[float] = [1]", list[float]),
        ("x: tuple[int, ...] = (1,)", tuple[int, ...]),
        ("x: dict[str, float] = {}", dict[str, float]),
        ("x: np.ndarray = 1.5", float),
        ("x = -2", int),
        ("x = [1, 2.5]", list[float]),
        ("x = True", bool),
        ("x = None", Any),
        ("x: bool", bool),
    ],
)
def test_type_comes_from_the_annotation_else_from_the_value(source: str, kind: Any) -> None:
    assert read_cell(source).model_fields["x"].annotation == kind


def test_annotation_without_a_value_makes_the_parameter_required() -> None:
    with pytest.raises(OptionError, match="path: missing; Folder of the series"):
        read_cell("path: str  # Folder of the series.")()


def test_names_of_pydantics_own_are_parameters_or_refused_by_name() -> None:
    assert read_cell("copy = 1\nschema = 'x'\nbounds = 2.0\njson = []")(copy=5).copy == 5
    with pytest.raises(ParameterError, match="model_config"):
        read_cell("model_config = 1")


def test_two_assignments_on_a_line_leave_the_comment_to_the_last() -> None:
    model = read_cell("a = 1; b = 2  # Second.")
    assert [field.description for field in model.model_fields.values()] == ["", "Second."]


@pytest.mark.parametrize("source", ["x = (", "x = 1\x00", "def"])
def test_cell_that_is_no_python_is_refused_in_words(source: str) -> None:
    with pytest.raises(ParameterError, match="no Python"):
        read_cell(source)


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 50_000 + ")" * 50_000,
        "x = " + "-" * 50_000 + "1",
        "x = " + "+".join("1" * 20_000),
        "x: list[...] = []",
        "x: Union[()] = 1",
        'x: Literal["\\ud800"] = 1',
        'x = "\ud800"',
        "x: 'a\\0b' = 1",
        "x = 1  # {1e999 ..}",
    ],
)
def test_hostile_cell_is_read_or_refused_and_nothing_else(source: str) -> None:
    try:
        read_cell(source)
    except ParameterError as error:
        said = str(error)
        assert said.encode().startswith(b"the cell tagged 'parameters'")


@pytest.mark.parametrize("source", ["b'abc'", "1j", "1 + 2j", "[b'abc']"])
def test_literal_that_is_no_value_of_a_parameter_is_kept_as_its_source(source: str) -> None:
    model = read_cell(f"y = {source}")
    assert model().y == Expression(source)  # type: ignore[attr-defined]
    assert model().model_dump(exclude_unset=True) == {}


def test_notebook_without_a_tagged_cell_is_refused_with_the_next_step() -> None:
    with pytest.raises(ParameterError, match="tag one"):
        read_parameters({"cells": []})


def test_value_out_of_bounds_or_misspelt_is_refused_by_name() -> None:
    model = read_cell("energy: float = 9.3  # [keV] {4 .. 25}")
    with pytest.raises(OptionError, match="energy: got 30, allowed 4 … 25 keV"):
        model(energy=30)
    with pytest.raises(OptionError, match="enrgy: no such parameter; did you mean 'energy'"):
        model(enrgy=9)


def test_texts_of_the_command_line_become_the_values_they_stand_for() -> None:
    model = read_cell(NINE)
    texts = {"title": "'5'", "robust": "true", "runs": "[1, 2]", "network": "fcnn", "rounds": "None"}
    values = model.from_text(texts)
    assert (values.title, values.robust, values.runs, values.network) == ("'5'", True, [1, 2], "fcnn")
    assert values.rounds is None


# Round trips --------------------------------------------------------------------------------------------------------

LINE = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp", "Cf"]), max_size=30)
HELP = LINE.map(lambda text: " ".join(text.split())).filter(str.isprintable)
UNIT = st.text(string.ascii_letters + "σ/°1Å", max_size=5)
NAMES = st.from_regex(r"[a-z][a-z0-9_]{0,8}", fullmatch=True).filter(
    lambda name: not hasattr(Options, name) and name.isidentifier() and name not in {"self", "None"}
)
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@st.composite
def fields(draw: st.DrawFn) -> tuple[Any, Any]:
    help_, unit = draw(HELP), draw(UNIT)
    kind = draw(
        st.sampled_from(["int", "float", "bool", "str", "choice", "list", "optional", "tuple", "dict", "required"])
    )
    if kind in ("int", "float"):
        numbers = st.integers(-(10**12), 10**12) if kind == "int" else FINITE
        low, default, high = sorted(draw(st.tuples(numbers, numbers, numbers)))
        ge, le = draw(st.sampled_from([(low, high), (low, None), (None, high), (None, None)]))
        return int if kind == "int" else float, option(default, help_, ge=ge, le=le, unit=unit)
    made = {
        "bool": (bool, draw(st.booleans())),
        "str": (str, draw(st.text(st.characters(codec="utf-8")))),
        "choice": (Literal["a", "b 'c'", 3], draw(st.sampled_from(["a", "b 'c'", 3]))),
        "list": (list[str], draw(st.lists(st.text(st.characters(codec="utf-8"), max_size=5), max_size=3))),
        "optional": (float | None, draw(st.none() | FINITE)),
        "tuple": (tuple[int, ...], tuple(draw(st.lists(st.integers(-5, 5), max_size=3)))),
        "dict": (
            dict[str, int],
            draw(st.dictionaries(st.text(string.printable, max_size=4), st.integers(), max_size=2)),
        ),
        "required": (int | str, ...),
    }
    annotation, default = made[kind]
    return annotation, option(default, help_, unit=unit)


@given(st.dictionaries(NAMES, fields(), max_size=6))
def test_cell_written_from_a_model_is_read_back_equal(declared: dict[str, Any]) -> None:
    import keyword

    from pydantic import create_model

    declared = {name: field for name, field in declared.items() if not keyword.iskeyword(name)}
    model: type[Options] = create_model("Written", __base__=Options, **declared)
    read = read_cell(parameters_cell(model))
    assert list(read.model_fields) == list(model.model_fields)
    for name, field in model.model_fields.items():
        again = read.model_fields[name]
        assert again.annotation == field.annotation
        assert again.is_required() == field.is_required()
        assert again.default == field.default
        assert again.description == field.description
        assert (read.bounds(name), read.unit(name)) == (model.bounds(name), model.unit(name))


@given(st.text())
def test_any_string_stays_a_string(text: str) -> None:
    assert ast.literal_eval(literal(text)) == text


@pytest.mark.parametrize("text", ['"; import os #', "'''\n\"\"\"", "{x}", "\\", "\r\n\x00\u2028", "%load_ext x", "!ls"])
def test_hostile_string_is_one_literal_on_one_line(text: str) -> None:
    cell = values_cell({"name": text})
    tree = ast.parse(cell)
    assert [type(node) for node in tree.body] == [ast.Assign]
    assert ast.literal_eval(tree.body[0].value) == text  # type: ignore[attr-defined]
    assert cell.count("\n") == 1


def test_half_a_surrogate_pair_is_refused_by_name() -> None:
    with pytest.raises(OptionError, match=r"name: .*surrogate"):
        values_cell({"name": "\ud800"})


def test_things_that_are_no_data_are_refused_by_name() -> None:
    with pytest.raises(OptionError, match="x: got a object"):
        values_cell({"x": [object()]})
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(OptionError, match="x: nested deeper"):
        values_cell({"x": deep})


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(string.printable), inner, max_size=3),
    max_leaves=8,
)


@given(VALUES)
def test_any_value_comes_out_of_its_source_as_it_went_in(value: Any) -> None:
    space: dict[str, Any] = {}
    exec(values_cell({"x": value}), {"float": float}, space)  # noqa: S102 -- this is what the kernel does
    assert repr(space["x"]) == repr(value)
    json.loads(json.dumps(safe_json(value), allow_nan=False))


@given(
    st.text(st.characters(codec="utf-8", exclude_characters="\x00")), st.none() | st.text("Non'e5 ", max_size=6), FINITE
)
def test_rerun_command_gives_the_same_values(text: str, optional: str | None, number: float) -> None:
    assume(optional is None or optional.strip().lower() != "none")  # a command line cannot tell it from none
    model = read_cell("a: str = ''\nb: str | None = None\nc = 1.0\nd: list[str] = []\ne = None")
    values = {"a": text, "b": optional, "c": number, "d": [text], "e": text}
    command = rerun_command(Path("/data"), Path("/t.ipynb"), model, values, Path("/jobs"))
    words = shlex.split(command)
    assert words[:7] == ["cd", "/data", "&&", "pulsetrain", "report", "run", "/t.ipynb"]
    texts = dict(word.split("=", 1) for before, word in itertools.pairwise(words) if before == "-p")
    assert model.from_text(texts) == model(**values)
    named = rerun_command(Path("/data"), Path("/t.ipynb"), model, values, Path("/jobs"), kernel="of mine")
    assert shlex.split(named) == [*words[:-2], "--kernel", "of mine", *words[-2:]]
