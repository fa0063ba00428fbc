"""The course on tuning runs from a fresh kernel, and what it claims is so."""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

from pulsetrain.reports import shipped_folder

COURSE = shipped_folder("course") / "tuning.ipynb"
N = 60  # patterns, instead of 100
SHORTER = {
    "CrystalOptions(n_patterns=100,": f"CrystalOptions(n_patterns={N},",
    "patterns=66, fresh_patterns=34,": "patterns=40, fresh_patterns=20,",
}


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
    assert any("image/png" in output.get("data", {}) for output in outputs)  # the pattern with its peaks
    return "".join(output.text for output in outputs if output.output_type == "stream")


def numbers(pattern, text):
    return [float(value) for value in re.findall(pattern, text)]


def test_min_snr_has_a_best_place_between_noise_and_nothing(printed):
    indexed = numbers(r"min-snr +[\d.]+: .* (\d+) indexed", printed)
    assert max(indexed[1:4]) > 1.3 * indexed[4] > 0  # better than where it starts
    assert indexed[0] < max(indexed)
    assert indexed[-1] == 0


def test_noise_makes_a_hit_of_every_pattern_when_one_pixel_is_a_peak(printed):
    assert numbers(r"min-pix-count 1: .* (\d+) hits", printed) == [N]
    assert numbers(r"min-pix-count 2: .* (\d+) hits", printed)[0] < 0.6 * N


def test_the_rate_is_blind_to_the_camera_length_and_the_cells_are_not(printed):
    wide_off, wide_right, strict_off, strict_right = numbers(r"tolerance \d %, clen [\d.]+ mm: (\d+) indexed", printed)
    assert abs(wide_off - wide_right) <= 0.03 * N
    assert (strict_off, strict_right) == (0, pytest.approx(wide_right, abs=0.02 * N))
    [fit], [truth] = numbers(r"cells fit +([\d.]+) mm", printed), numbers(r"truth +([\d.]+) mm", printed)
    assert fit == pytest.approx(truth, rel=2e-3)


def test_the_search_ends_above_its_start_and_is_confirmed(printed):
    [(start, best)] = re.findall(r"start (\d+)%, best (\d+)% at", printed)
    assert int(best) > 1.3 * int(start)
    [(rate, low, high)] = re.findall(r"fresh patterns: +(\d+)%, 90 % interval (\d+)% … (\d+)%", printed)
    assert int(low) <= int(rate) <= int(high)
    assert numbers(r"the best of ten: ([\d.]+)%", printed)[0] > 45  # where each is 40 %


def test_the_tuned_geometry_indexes_more_and_its_cells_fit(printed):
    [(before, after, off)] = re.findall(
        rf"before (\d+) of {N} indexed, tuned (\d+) of {N}; cells ([+-][\d.]+) % off", printed
    )
    assert int(after) > 1.2 * int(before)
    assert abs(float(off)) < 0.2
    assert re.search(r"clen = 0\.1[12]\d*", printed)


def test_it_fetches_nothing_and_names_no_folder_of_anybodys():
    source = "\n".join(c.source for c in nbformat.read(COURSE, 4).cells if c.cell_type == "code")
    assert "http" not in source
    assert "/home" not in source
