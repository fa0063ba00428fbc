"""The course on boosting runs from a fresh kernel, and what it claims is so – but for how good images get.

It runs with a training of seconds, in which nothing gets good.
"""

from __future__ import annotations

import re

import nbformat
import pytest
from nbclient import NotebookClient

from pulsetrain.reports import shipped_folder

COURSE = shipped_folder("course") / "boosting.ipynb"
SHORTER = {
    "FRAMES, STEPS, NETWORKS = 500, 1000, 2": "FRAMES, STEPS, NETWORKS = 250, 15, 1",
    "pairs(200, repeat=2)": "pairs(64, repeat=2)",
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
    # The steps from good to poor, three forgeries, strips, three boosted frames, and two comparisons.
    assert sum("image/png" in output.get("data", {}) for output in outputs) == 10
    return "".join(output.text for output in outputs if output.output_type == "stream")


def numbers(pattern, text):
    return [tuple(float(value.replace(",", "")) for value in found.groups()) for found in re.finditer(pattern, text)]


def test_a_poor_frame_has_a_seventh_of_the_photons_and_none_in_most_of_its_pixels(printed):
    [(good, poor, empty)] = numbers(r"([\d,]+) photons in the good .*, ([\d,]+) in the poor .*; in (\d+)%", printed)
    assert poor / good == pytest.approx(0.143, rel=0.05)
    assert empty > 50


def test_the_ratio_of_the_means_is_off_and_the_degradation_is_learnt_within_its_errors(printed):
    [(off,)] = numbers(r"true gain 0.143: ([+-][\d.]+)%", printed)
    assert off < -3
    learnt = numbers(r"learnt ([\d.]+) ± ([\d.]+), true ([\d.]+)", printed)
    assert [true for *_, true in learnt] == [0.143, 1.2, 0.5]
    assert all(abs(value - true) < 3 * error < 0.4 * true for value, error, true in learnt)


def test_forgeries_are_refuted_by_bright_frames_and_hardly_by_faint_ones(printed):
    rows = numbers(r"of the forged images ([\d.]+), of the true ones ([\d.]+)", printed)
    brightest, _, faintest = (forged - true for forged, true in rows)
    assert brightest > 0.2
    assert faintest < brightest / 2
    assert all(true == pytest.approx(1, abs=0.1) for _, true in rows)


def test_a_chi2_below_one_is_no_sign_of_the_better_image(printed):
    judged = {
        name.strip(): (float(psnr), float(chi2))
        for name, psnr, chi2 in re.findall(r"^(.{16}): PSNR ([\d.]+) dB, .* χ² ([\d.]+)$", printed, re.MULTILINE)
    }
    assert set(judged) == {"input / gain", "boosted", "Richardson–Lucy", "NLM + RL", "forged"}
    assert judged["Richardson–Lucy"][1] < judged["NLM + RL"][1]
    assert judged["Richardson–Lucy"][0] < judged["NLM + RL"][0]


def test_calibrated_intervals_cover_what_they_say_by_predicted_intensity_and_not_by_true(printed):
    [(overall,)] = numbers(r"calibrated: 90 % intervals cover ([\d.]+)%", printed)
    assert overall == pytest.approx(90, abs=2)
    *_, by_predicted, by_true = numbers(r"intensity: +([\d.]+)% ([\d.]+)% ([\d.]+)% ([\d.]+)%", printed)
    assert by_predicted == pytest.approx((90, 90, 90, 90), abs=4)
    assert by_true[-1] < 85


def test_another_condition_is_told_by_the_check_and_but_for_the_noise_not_by_chi2(printed):
    said = dict(re.findall(r"^(.{18}): χ² .*check says: (.*)$", printed, re.MULTILINE))
    assert said["as learnt         "] == "nothing"
    assert "read_noise" in said["read noise × 2    "]
    assert "point_spread" in said["point spread × 1.5"]
    assert "gain" in said["gain × 0.7        "]
    assert "objects" in said["objects × 1.5     "]
    known, noisier, *others = (chi2 for (chi2,) in numbers(r": χ² ([\d.]+), truth covered", printed))
    assert noisier > 1.5 * known
    assert all(chi2 == pytest.approx(known, abs=0.15) for chi2 in others)


def test_it_fetches_nothing_and_names_no_folder_of_anybodys():
    source = "\n".join(c.source for c in nbformat.read(COURSE, 4).cells if c.cell_type == "code")
    assert "http" not in source
    assert "/home" not in source
