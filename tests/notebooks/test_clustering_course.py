"""The course on clustering runs from a fresh kernel, and what it claims is so."""

from __future__ import annotations

import math
import re

import nbformat
import pytest
from nbclient import NotebookClient

from pulsetrain.reports import shipped_folder

COURSE = shipped_folder("course") / "clustering.ipynb"
SHORTER = {"FrameClusterer(epochs=4,": "FrameClusterer(epochs=2,"}


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    notebook = nbformat.read(COURSE, 4)
    for there, shorter in SHORTER.items():
        [cell] = [cell for cell in notebook.cells if there in cell.source]
        cell.source = cell.source.replace(there, shorter)
    folder = tmp_path_factory.mktemp("course")
    NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
    ).execute()
    outputs = [output for c in notebook.cells if c.cell_type == "code" for output in c.outputs]
    assert not [output for output in outputs if output.output_type == "stream" and output.name == "stderr"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4  # galleries, autocorrelations
    return "".join(output.text for output in outputs if output.output_type == "stream")


def numbers(pattern, text):
    return [tuple(map(float, found.groups())) for found in re.finditer(pattern, text)]


def test_empty_frames_scatter_as_a_standard_normal_and_hits_lie_above(printed):
    [(mean, deviation)] = numbers(r"empty frames: z = (-?[\d.]+) ± ([\d.]+)", printed)
    assert abs(mean) < 0.3
    assert 0.8 < deviation < 1.2
    medians = [z for (z,) in numbers(r"photons: median z = ([\d.]+)", printed)]
    assert medians == sorted(medians)
    assert medians[0] > 3


def test_the_peak_of_two_droplets_stands_where_their_distance_puts_it(printed):
    [(expected,)] = numbers(r"a peak expected at lag ([\d.]+)", printed)
    [(found, height)] = numbers(r"found at lag ([\d.]+), (\d+) times the mean", printed)
    assert found == pytest.approx(expected, abs=1)
    assert height > 20


def test_no_threshold_tells_single_hits_from_several_particles_and_the_null_tests_do(printed):
    by_hand = numbers(r"lit pixels from [\d.]+: precision ([\d.]+), recall ([\d.]+)", printed)
    assert len(by_hand) == 10
    assert max(precision for precision, recall in by_hand if recall > 0.3) < 0.8
    [(precision, recall)] = numbers(r"\nsingle hits: precision ([\d.]+), recall ([\d.]+)", printed)
    assert precision > 0.95
    assert recall > 0.85


def test_frames_are_at_least_as_often_right_as_they_are_told_and_the_surest_most(printed):
    told = numbers(r"(\d+) frames told ([\d.]+): right ([\d.]+)", printed)
    assert len(told) == 3
    for n, sure, right in told:
        assert right > sure - 2 * (sure * (1 - sure) / n) ** 0.5 - 0.01
    assert told[-1][2] > 0.98


def test_asking_for_more_certainty_leaves_more_unsure_and_makes_the_rest_purer(printed):
    rows = numbers(r"confidence [\d.]+: +(\d+)% unsure, single hits: precision ([\d.]+), recall ([\d.]+)", printed)
    unsure, precision, recall = zip(*rows, strict=True)
    assert list(unsure) == sorted(unsure)
    assert list(recall) == sorted(recall, reverse=True)
    assert precision[-1] >= precision[0]


def test_a_hit_stays_by_its_augmented_self_and_its_neighbours_are_of_its_kind(printed):
    [(own,)] = numbers(r"a hit with its own copy: ([\d.]+)", printed)
    [(others,)] = numbers(r"with another frame's copy: +(-?[\d.]+)", printed)
    assert own > 0.9
    assert others < own - 0.3
    [(agree, chance)] = numbers(r"of the same kind: (\d+)%; by chance (\d+)%", printed)
    assert agree > chance + 25


def test_refitted_without_labels_another_experiment_is_sorted_and_frozen_it_is_not(printed):
    [(frozen,)], [(refitted,)] = (
        numbers(r"last week: F1 = ([\d.]+)", printed),
        numbers(r"no labels: F1 = ([\d.]+)", printed),
    )
    assert refitted > 0.9
    assert frozen < refitted - 0.1


def test_few_photons_are_what_makes_frames_unsure(printed):
    rows = numbers(r"photons: +(\d+)% right, +(\d+)% unsure, +(\d+)% wrong", printed)
    assert rows[0][0] < rows[-1][0]
    assert rows[-1][0] > 95


def test_pairs_are_found_beyond_the_limit_too_where_a_real_pixel_washes_them_out(printed):
    assert all(share > 95 for (share,) in numbers(r"nm apart: +(\d+)% called multiple", printed))
    contrast = dict(numbers(r"([\d.]+) times the limit: a real pixel leaves (\d+)%", printed))
    assert contrast[1.0] == pytest.approx(100 * 2 / math.pi, abs=1)  # sinc(1/2)
    assert contrast[2.0] == 0


def test_the_chosen_frames_are_single_hits(printed):
    [(chosen, total, single)] = numbers(r"(\d+) of (\d+) frames chosen; ([\d.]+)% of them", printed)
    assert 0 < chosen < total
    assert single > 97


def test_it_fetches_nothing_and_names_no_folder_of_anybodys():
    source = "\n".join(c.source for c in nbformat.read(COURSE, 4).cells if c.cell_type == "code")
    assert "http" not in source
    assert "/home" not in source
