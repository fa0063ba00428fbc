"""The methods beside which ours is put: each sorts frames it can sort, and the bench tells of all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from pulsetrain.clustering.baselines import METHODS, Case, prepare
from pulsetrain.clustering.bench import bench
from pulsetrain.clustering.judging import judge
from pulsetrain.simulate.particles import ParticleOptions, simulate_particles

BRIGHT = ParticleOptions(n_patterns=240, photons=(3000, 30_000), separation=(2e-7, 4e-7))


@pytest.fixture(scope="module")
def truth_and_case() -> tuple[np.ndarray, Case]:
    experiment = simulate_particles(BRIGHT, seed=3)
    others = simulate_particles(BRIGHT.replace(n_patterns=320), seed=4)
    frames = experiment.frames.compute(scheduler="synchronous")
    return experiment.truth["hit"].to_numpy(), prepare(
        frames, lambda: (others.frames, others.truth["hit"].to_numpy()), 1
    )


@pytest.mark.parametrize("name", ["lit pixels", "PCA + k-means", "PCA + HDBSCAN"])
def test_common_ways_tell_bright_hits_from_empty_frames(name: str, truth_and_case: tuple[np.ndarray, Case]) -> None:
    truth, case = truth_and_case
    hit, group = METHODS[name](case)
    assert len(hit) == len(group) == len(truth)
    sure = hit != "unsure"
    assert ((hit == "none") == (truth == "none"))[sure].mean() > 0.8


@pytest.mark.parametrize(("name", "least"), [("physics scores", 0.97), ("supervised", 0.85)])
def test_fringes_part_several_from_one(name: str, least: float, truth_and_case: tuple[np.ndarray, Case]) -> None:
    truth, case = truth_and_case
    hit, likeliest = METHODS[name](case)
    assert judge(hit, truth, likeliest)["acc"] > least


def test_the_bench_writes_a_line_a_case_and_does_not_run_it_again(tmp_path: Path) -> None:
    csv = tmp_path / "quality.csv"
    words = ["quality", "--development", "--experiment", "water", "--share", "0.6", "--seeds", "1", "--patterns", "120"]
    words += ["--method", "physics scores", "--method", "lit pixels", "--csv", str(csv)]
    first = CliRunner().invoke(bench, words, catch_exceptions=False)
    written = csv.read_text(encoding="utf-8")
    assert "60% hits" in first.output
    assert pd.read_csv(csv)["method"].tolist() == ["physics scores", "lit pixels"]
    again = CliRunner().invoke(bench, words, catch_exceptions=False)
    assert csv.read_text(encoding="utf-8") == written
    assert again.output == first.output


def test_an_unknown_experiment_is_refused_by_name() -> None:
    result = CliRunner().invoke(bench, ["quality", "--experiment", "nonesuch"])
    assert result.exit_code == 2
    assert "sphere 1" in result.output
