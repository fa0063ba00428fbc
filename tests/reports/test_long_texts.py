"""What a template says is read in a time that grows with its length and no faster, and means what it meant."""

from __future__ import annotations

import json
import re
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pulsetrain.reports import ParameterError, Template, templates
from pulsetrain.reports.parameters import comment_parts, read_cell

NUMBER = r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?"
UNIT = r"(?:\s*\[(?P<unit>[^\[\]]*)\])?"
BOUNDS = rf"(?:\s*\{{\s*(?P<low>{NUMBER})?\s*\.\.\s*(?P<high>{NUMBER})?\s*\}})?"
COMMENT = st.lists(st.sampled_from(["[", "]", "{", "}", "..", ".", "1", "-2.5", "3e4", " ", "m", "SNR"]), max_size=14)


@given(COMMENT.map("".join), st.booleans())
@example("Photon energy. [keV] {4 .. 25}", True)
@example("a [x] c] {1...5}", True)
@example("", True)
def test_a_comment_is_split_as_the_grammar_written_as_one_expression_splits_it(comment, number):
    found = re.fullmatch(rf"(?P<help>.*?){UNIT}{BOUNDS if number else '(?P<low>)(?P<high>)'}\s*", comment.strip())
    low, high = (float(found[end]) if found[end] else None for end in ("low", "high"))
    expected = (found["help"].strip(), (found["unit"] or "").strip(), low, high)
    assert comment_parts(comment, number=number) == expected


def test_bounds_that_no_number_can_be_bound_nothing():
    assert comment_parts("n {1e999 .. 2}", number=True) == ("n", "", None, 2.0)
    assert comment_parts(f"n {{1 .. {'2' * 500}}}", number=True)[3] is None


@pytest.mark.parametrize("middle", [" ", "[ ", "{ ", "1", "{1 .. ", "\t{"])
def test_a_comment_of_any_length_is_read_at_once(middle):
    began = time.process_time()
    model = read_cell(f"n: int = 1  # a{middle * 30_000}b\nm: float = 1.0  # a{middle * 30_000}}}")
    assert list(model.model_fields) == ["n", "m"]
    assert time.process_time() - began < 1.0


def test_a_cell_beyond_what_anybody_types_is_refused_in_words():
    assert len(read_cell(f"n = 1  # {'x' * 400_000}").model_fields["n"].description) == 400_000
    with pytest.raises(
        ParameterError, match=r"too large: got 600,006 characters, allowed 500,000; read such values from"
    ):
        read_cell(f"n = '{'x' * 600_000}'")


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("# Sorting  spectra #", "Sorting  spectra"), ("###### C# #####", "C#"), ("#\tTabbed", "Tabbed"),
        ("# a # b ##", "a # b"), ("####### seven", "bare"), ("#none", "bare"), ("none # here", "bare"),
        ("# ##", "bare"),
    ],
)  # fmt: skip
def test_the_title_is_the_text_of_the_first_heading(tmp_path, line, title):
    assert Template.read(template(tmp_path, line)).title == title


def test_a_heading_of_any_length_is_read_at_once(tmp_path):
    template(tmp_path, "# a" + " #" * 5_000 + " " * 20_000 + "b")
    began = time.process_time()
    (found,) = templates(tmp_path)
    assert time.process_time() - began < 1.0
    assert found.title.endswith(" b")


def template(folder, line):
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "n = 1"}
    heading = {"cell_type": "markdown", "metadata": {}, "source": f"{line}\n\nIn short."}
    path = folder / "bare.ipynb"
    path.write_text(json.dumps({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [heading, cell]}))
    return path
