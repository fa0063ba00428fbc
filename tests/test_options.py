from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulsetrain.options import OptionError, Options, option


class Peaks(Options):
    min_snr: float = option(5.0, "Least signal-to-noise ratio of a peak.", ge=2, le=15, unit="σ")
    min_pix_count: int = option(2, "Least number of pixels of a peak.", ge=1, le=8)
    engine: Literal["native", "crystfel"] = option("native", "What looks for peaks.")
    refine: bool | None = option(None, "Refine the cell; None decides by the data.")
    clens: list[float] = option([], "Camera lengths to try.", unit="m")
    cell: str = option("", "Cell file.")


def test_an_unknown_name_is_refused_with_the_nearest_known_one():
    with pytest.raises(OptionError, match="min_srn: no such parameter; did you mean 'min_snr'"):
        Peaks(min_srn=3)


def test_a_parameter_named_self_is_refused_by_name():
    for make in (
        lambda: Peaks(self=1),
        lambda: Peaks().replace(self=1),
        lambda: Peaks.from_text({"self": "1"}),
    ):
        with pytest.raises(OptionError, match=r"^self: no such parameter"):
            make()


def test_a_value_out_of_bounds_is_refused_with_name_bounds_and_unit():
    with pytest.raises(OptionError, match="min_snr: got 99, allowed 2 … 15 σ"):
        Peaks(min_snr=99)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("min_snr", "x", "got 'x', allowed a number (2 … 15 σ)"),
        ("min_pix_count", 2.5, "got 2.5, allowed a whole number (1 … 8)"),
        ("engine", "other", "got 'other', allowed 'native' or 'crystfel'"),
        ("refine", "perhaps", "got 'perhaps', allowed True, False or None (empty)"),
        ("clens", [0.1, "x"], "got 'x', allowed a list of numbers"),
        ("cell", 3, "got 3, allowed a text"),
        ("size", 0, "got 0, allowed 1 … 9 or None (empty)"),
        ("size", "x", "got 'x', allowed a whole number (1 … 9), a list of whole numbers or None (empty)"),
        ("title", 3, "got 3, allowed a text or None"),  # empty, it is the empty text
    ],
)
def test_what_is_not_of_the_type_is_refused_with_what_is_allowed(name: str, value: object, words: str):
    class More(Peaks):
        size: int | list[int] | None = option(None, "Of a box.", ge=1, le=9)
        title: str | None = None

    with pytest.raises(OptionError) as caught:
        More(**{name: value})
    assert str(caught.value) == f"{name}: {words}"


class Ring(Options):
    inner: float = option(10.0, "Inner radius.", ge=0, le=1000, unit="px")
    outer: float | None = option(20.0, "Outer radius.", ge=0, le=1000, unit="px", at_least="inner")
    middle: float | None = option(None, "Radius between them.", at_least="inner", at_most="outer")


@pytest.mark.parametrize(
    ("given", "line"),
    [
        ({"inner": 30}, "outer: got 20, allowed inner (30 px) or more; raise it, or lower inner"),
        ({"outer": 5}, "outer: got 5, allowed inner (10 px) or more; raise it, or lower inner"),
        ({"middle": 25}, "middle: got 25, allowed outer (20 px) or less; lower it, or raise outer"),
    ],
)
def test_two_ends_in_the_wrong_order_are_refused_by_both_names(given: dict[str, float], line: str):
    with pytest.raises(OptionError) as caught:
        Ring(**given)
    assert str(caught.value) == line
    with pytest.raises(OptionError):
        Ring().replace(**given)


def test_ends_that_meet_or_are_left_open_are_in_order():
    assert Ring(inner=20).outer == 20
    assert Ring(inner=30, outer=None, middle=40).outer is None


def test_every_fault_has_its_line():
    with pytest.raises(OptionError) as caught:
        Peaks(min_snr=0, engine="other", cel="x")
    assert [line.split(":")[0] for line in str(caught.value).splitlines()] == ["min_snr", "engine", "cel"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "abc", None])
def test_what_is_no_finite_number_is_refused(value: object):
    with pytest.raises(OptionError, match=r"^min_snr"):
        Peaks(min_snr=value)


def test_options_are_frozen():
    with pytest.raises(ValueError, match="frozen"):
        Peaks().min_snr = 3


def test_a_changed_copy_is_validated():
    assert Peaks().replace(min_snr=3).min_snr == 3
    with pytest.raises(OptionError, match="min_pix_count"):
        Peaks().replace(min_pix_count=9)


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("min_snr", "4", 4.0),
        ("refine", "true", True),
        ("refine", "None", None),
        ("refine", " ", None),
        ("refine", "False", False),
        ("clens", "[0.1, 0.2]", [0.1, 0.2]),
        ("cell", "[1]", "[1]"),
        ("cell", "None", "None"),
        ("engine", "crystfel", "crystfel"),
    ],
)
def test_text_becomes_what_the_field_takes(name: str, text: str, value: object):
    assert getattr(Peaks.from_text({name: text}), name) == value


@pytest.mark.parametrize("text", ["", "None"])
def test_nothing_typed_is_none_for_a_choice_unless_it_is_one_itself(text: str):
    class Chosen(Options):
        way: Literal["a", "b"] | None = "a"
        other: Literal["", "None"] | None = None

    assert Chosen.from_text({"way": text}).way is None
    assert Chosen.from_text({"other": text}).other == text


def test_typed_code_is_never_run():
    with pytest.raises(OptionError, match="min_snr"):
        Peaks.from_text({"min_snr": "__import__('os').getpid()"})


@given(st.text())
def test_a_text_field_keeps_any_text(text: str):
    assert Peaks.from_text({"cell": text}).cell == text


@given(
    st.floats(2, 15), st.integers(1, 8), st.sampled_from(["native", "crystfel"]), st.sampled_from([None, True, False])
)
def test_options_survive_json(min_snr: float, count: int, engine: str, refine: bool | None):
    peaks = Peaks(min_snr=min_snr, min_pix_count=count, engine=engine, refine=refine)
    assert Peaks.model_validate_json(peaks.model_dump_json()) == peaks


def test_the_faces_can_read_bounds_units_and_choices():
    assert Peaks.bounds("min_snr") == (2, 15)
    assert Peaks.bounds("cell") == (None, None)
    assert Peaks.unit("min_snr") == "σ"
    assert Peaks.choices("engine") == ("native", "crystfel")
    assert Peaks.model_json_schema()["properties"]["min_snr"] == {
        "default": 5.0,
        "description": "Least signal-to-noise ratio of a peak.",
        "maximum": 15,
        "minimum": 2,
        "title": "Min Snr",
        "type": "number",
        "unit": "σ",
    }
