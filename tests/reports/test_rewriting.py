"""Values go back into a parameters cell, and all else in it stays as its author wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulsetrain.options import OptionError
from pulsetrain.reports import ParameterError, parameters_cell, read_parameters, shipped_folder
from pulsetrain.reports._values import literal
from pulsetrain.reports.parameters import read_cell
from pulsetrain.reports.rewriting import rewrite_cell

CELL = '''%matplotlib inline
from pathlib import Path  # not a parameter

# Peaks
min_snr: float = 5.0  # SNR >= 5
robust: bool | None = None  # Use the robust fit (default = automatic).
title = "Größe = 1 µm"  # Title, "quoted".
started = time.strftime("%Y")
output: Path = Path("results")
energy: float = 9.3  # Photon energy. [keV] {4 .. 25}
path: str  # Folder of the series.
note = """Two
lines"""; steps = 200  # {1 ..}
offset = (
    -3  # in the middle
)
_private = 3
print(min_snr)
'''


@pytest.mark.parametrize(
    ("values", "before", "after"),
    [
        ({"min_snr": 4}, "= 5.0  # SNR", "= 4.0  # SNR"),
        ({"robust": False}, "= None  # Use", "= False  # Use"),
        ({"title": "x # y"}, '"Größe = 1 µm"', '"x # y"'),
        ({"started": "2026"}, 'time.strftime("%Y")', '"2026"'),
        ({"output": "there"}, 'Path("results")', 'Path("there")'),
        ({"energy": 12}, "9.3", "12.0"),
        ({"path": "r0042"}, "path: str ", 'path: str = "r0042" '),
        ({"note": "One"}, '"""Two\nlines"""', '"One"'),
        ({"steps": 5}, "steps = 200", "steps = 5"),
        ({"offset": 7}, "-3", "7"),
    ],
)
def test_only_the_characters_of_the_value_change(values: dict[str, Any], before: str, after: str) -> None:
    assert CELL.count(before) == 1
    assert rewrite_cell(CELL, values) == CELL.replace(before, after)


def test_several_values_go_in_at_once() -> None:
    written = rewrite_cell(CELL, {"steps": 5, "note": "One", "min_snr": 4, "path": "r0042"})
    values = read_cell(written)().model_dump()
    assert (values["steps"], values["note"], values["min_snr"], values["path"]) == (5, "One", 4.0, "r0042")
    assert read_cell(written).model_fields["path"].description == "Folder of the series."


@pytest.mark.parametrize(
    ("source", "value"),
    [("x: float = 5", 5.0), ("x = 1e-3", 0.001), ("x = 0x10", 16), ("x = 'a'", "a"), ("x = [ 1,2 ]", [1, 2])],
)
def test_a_value_that_is_there_already_stays_as_it_is_written(source: str, value: Any) -> None:
    assert rewrite_cell(source, {"x": value}) == source


def test_of_two_assignments_to_a_name_the_last_is_written() -> None:
    assert rewrite_cell("x = 1\nx = 2\n", {"x": 3}) == "x = 1\nx = 3\n"


def test_line_endings_stay() -> None:
    assert rewrite_cell("x = 1\r\ny = 2\r\n", {"y": 3}) == "x = 1\r\ny = 3\r\n"
    assert rewrite_cell("x = '''a\r\nb'''\r\ny = 2", {"x": "c", "y": 3}) == 'x = "c"\r\ny = 3'


def test_the_comment_of_a_list_over_several_lines_is_kept_behind_it() -> None:
    source = "runs = [  # Runs to read.\n    101,\n    102,  # the good one\n]\nx = 1"
    assert rewrite_cell(source, {"runs": [7]}) == "runs = [7]  # Runs to read.\nx = 1"
    behind = "runs = [  # head\n    101,\n]  # Runs to read."
    assert rewrite_cell(behind, {"runs": [7]}) == "runs = [7]  # Runs to read."


def test_an_annotation_in_brackets_gets_its_value_behind_them() -> None:
    assert rewrite_cell("x: (int)  # Steps.", {"x": 3}) == "x: (int) = 3  # Steps."


def test_none_takes_the_place_of_a_whole_path() -> None:
    assert rewrite_cell('x: Path | None = Path("a")', {"x": None}) == "x: Path | None = None"


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"energy": 30}, "energy: got 30, allowed 4 … 25 keV"),
        ({"enrgy": 9}, "enrgy: no such parameter; did you mean 'energy'"),
        ({"steps": "many"}, "steps: got 'many'"),
        ({"_private": 4}, "_private: no such parameter"),
        ({"title": "\ud800"}, "title: .*surrogate|title: got"),
        ({"min_snr": float("nan")}, "min_snr: got nan"),
    ],
)
def test_what_a_report_would_refuse_is_refused_by_name(values: dict[str, Any], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        rewrite_cell(CELL, values)


def test_every_fault_is_named_and_a_wrong_default_elsewhere_is_none() -> None:
    source = "a: int = 99  # {.. 9}\nb: int = 1  # {.. 9}\nc: int  # {.. 9}\n"
    assert rewrite_cell(source, {"b": 2}) == source.replace("= 1", "= 2")
    assert rewrite_cell(source, {"a": 9}) == source.replace("= 99", "= 9")
    with pytest.raises(OptionError, match=r"b: got 10[^\n]*\nc: got 11"):
        rewrite_cell(source, {"b": 10, "c": 11})


def test_a_cell_that_is_no_python_is_refused() -> None:
    with pytest.raises(ParameterError, match="no Python: line 2"):
        rewrite_cell("x = 1\ny = (", {"x": 2})


@pytest.mark.parametrize("template", sorted(path.name for path in shipped_folder("reports").glob("*.ipynb")))
def test_each_shipped_template_takes_its_own_defaults_without_a_change(template: str) -> None:
    model = read_parameters(shipped_folder("reports") / template)
    source = parameters_cell(model)
    assert rewrite_cell(source, model().model_dump()) == source


# Cells made of pieces, so that it is known what ought to come out.

NUMBERS = st.integers(-(10**9), 10**9)
TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=8)
KINDS = {
    "int": NUMBERS,
    "float": st.floats(allow_nan=False, allow_infinity=False),
    "bool": st.booleans(),
    "str": TEXTS,
    "list[int]": st.lists(NUMBERS, max_size=3),
    "float | None": st.none() | st.floats(allow_nan=False, allow_infinity=False),
    "dict[str, int]": st.dictionaries(TEXTS, NUMBERS, max_size=2),
}
OTHERS = st.sampled_from([
    "", "# a comment", "import os", "%time 1", "def f(a=1):\n    return a", "a['x'] = 1; _hidden = 2", "if 1: y_ = 3",
])  # fmt: skip


@st.composite
def cells(draw: st.DrawFn) -> list[Any]:
    """Return a cell as texts and, between them, triples: name, old value, and new value or nothing."""
    parts: list[Any] = []
    end = draw(st.sampled_from(["\n", "\r\n"]))
    for number in range(draw(st.integers(1, 5))):
        name, kind = f"p{number}" + draw(st.sampled_from(["", "é"])), draw(st.sampled_from(sorted(KINDS)))
        first = draw(st.sampled_from(["", "é_['ü'] = 1; "]))  # another statement on the line
        opened, closed = draw(st.sampled_from([("", ""), ("(", ")"), (f"({end}  ", f"  # inside{end})")]))
        behind = draw(st.sampled_from(["", "  # Größe = 1", "; z_ = 2", "   "]))
        new = [draw(KINDS[kind])] if draw(st.booleans()) else []
        parts += [f"{first}{name}: {kind} = {opened}", (name, draw(KINDS[kind]), new), f"{closed}{behind}{end}"]
        parts.append(draw(OTHERS).replace("\n", end) + end)
    return parts


def source_of(parts: list[Any], *, new: bool) -> str:
    return "".join(part if isinstance(part, str) else literal([part[1], *part[2][:new]][-1]) for part in parts)


@given(cells())
def test_values_read_back_as_written_and_every_other_character_stays(parts: list[Any]) -> None:
    values = {part[0]: part[2][0] for part in parts if not isinstance(part, str) and part[2]}
    written = rewrite_cell(source_of(parts, new=False), values)
    assert written == source_of(parts, new=True)
    read = read_cell(written)().model_dump()
    assert {name: repr(read[name]) for name in values} == {name: repr(value) for name, value in values.items()}


@given(st.text() | st.text("x=1:()[]'\"\\#;\n\r\t %é\f", max_size=20))
def test_any_text_is_left_alone_or_refused(source: str) -> None:
    try:
        assert rewrite_cell(source, {}) == source
    except ParameterError:
        return
    for name in read_cell(source).model_fields:
        try:
            written = rewrite_cell(source, {name: 12345})
        except OptionError:
            continue
        assert read_cell(written)().model_dump()[name] == 12345
