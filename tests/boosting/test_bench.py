"""The benchmarks, small: what they judge by, and that nothing is judged twice."""

from __future__ import annotations

import pandas as pd
import pytest
from click.testing import CliRunner

from pulsetrain.boosting.bench import bench

QUALITY = ["quality", "--development", "--experiment", "particles", "--seeds", "1", "--frames", "48", "--pairs", "3"]


def _run(*arguments):
    return CliRunner().invoke(bench, [str(each) for each in arguments], catch_exceptions=False)


def test_quality_puts_what_learns_beside_what_does_not_and_goes_on_where_it_stood(tmp_path):
    csv = tmp_path / "quality.csv"
    first = _run(*QUALITY, "--method", "bicubic", "--csv", csv)
    assert first.exit_code == 0, first.output
    again = _run(*QUALITY, "--method", "bicubic", "--method", "degradation", "--budget", 1, "--csv", csv)
    assert again.exit_code == 0, again.output
    rows = pd.read_csv(csv).set_index("method")
    assert list(rows.index) == ["bicubic", "degradation"]
    # Frames over the gain are the truth but for noise and blur: no light is lost.
    assert rows.loc["bicubic", "flux"] == pytest.approx(0, abs=0.1)
    assert rows["psnr"].gt(10).all()
    assert "particles" in again.output
    assert "bicubic" in again.output


def test_another_experiment_is_refused_by_its_name():
    got = _run("quality", "--experiment", "particles")  # of those held out, there is "particles 1"
    assert got.exit_code == 2
    assert "particles 1" in got.output
