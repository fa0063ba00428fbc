"""Tabulated experiments: their tables hold what the engine says, and their replay is a search on them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pulsetrain.options import OptionError
from pulsetrain.simulate.crystals import CrystalOptions, simulate_crystals
from pulsetrain.tuning import Evaluation, IndexingOptions, NativeEngine, SearchSpace, Setting
from pulsetrain.tuning._regret import BUDGETS, judge, mean_interval, regret, summary
from pulsetrain.tuning._response_fit import BROAD, fit_latents
from pulsetrain.tuning._tabulate import Grid, tabulate
from pulsetrain.tuning.experiments import (
    Replay,
    TabulatedExperiment,
    load_experiments,
    pack_experiments,
    shipped_experiments,
)
from pulsetrain.tuning.optimisers import make_optimiser
from pulsetrain.tuning.response import LATENTS, ResponseModel

GRID = Grid(min_snr=(3.0, 5.0, 9.0), min_pix_count=(2, 3, 5), clen=(-6.0, -1.5, 0.0, 1.5, 6.0))


@pytest.fixture(scope="module")
def example():
    return simulate_crystals(CrystalOptions(n_patterns=8, detector="agipd-mini", hit_rate=0.8), seed=3)


@pytest.fixture(scope="module")
def table(example) -> TabulatedExperiment:
    return tabulate(example, NativeEngine(example.geometry, example.cell, processes=1), GRID)


@pytest.fixture(scope="module")
def held_out() -> list[TabulatedExperiment]:
    return [each for each in shipped_experiments() if not each.is_development]


def _of_formula(n: int = 400) -> TabulatedExperiment:
    """An experiment in which pattern p is indexed where min-snr is below 2 + 13 p / n, clen near the middle."""
    min_snr, clen = np.geomspace(2, 15, 7), 0.1 * (1 + np.array([-3.0, -1.5, 0, 1.5, 3]) / 100)
    reach = 2 + 13 * np.arange(n) / n
    indexed = (min_snr[:, None, None, None] < reach) & (np.abs(clen - 0.1) < 0.002)[:, None]
    indexed = np.broadcast_to(indexed, (7, 3, 5, n)).copy()
    shift = np.broadcast_to(clen / 0.1 - 1, (7, 3, 5)).copy()
    peaks = np.full((7, 3, n), 40)
    about = {"min_peaks": 15, "engine": "formula", "version": "0"}
    return TabulatedExperiment("formula", 0, min_snr, np.array([1.0, 2, 8]), clen, indexed, peaks, shift, shift, about)


def test_tables_hold_what_the_engine_says_where_it_was_asked(example, table: TabulatedExperiment):
    engine = NativeEngine(example.geometry, example.cell, processes=1)
    for i, snr in enumerate(GRID.min_snr):
        options = IndexingOptions(min_snr=snr, min_pix_count=2, clen=float(table.clen[2]))
        result = engine.evaluate(example.frames, options)
        assert np.array_equal(table.n_peaks[i, 0], result["n_peaks"])
        if i % 2 == 0:  # between, it may have been taken from the neighbours
            assert np.array_equal(table.indexed[i, 0, 2], result["indexed"])


def test_a_camera_length_off_by_6_percent_indexes_nothing_with_a_tolerance_of_5(table: TabulatedExperiment):
    assert table.rate[..., 2].max() > 0.3
    assert table.rate[..., [0, 4]].max() == 0


def test_cells_are_as_much_too_large_as_the_camera_is_too_long(table: TabulatedExperiment):
    assert table.cell_shift[0, 0, 1:4] == pytest.approx([-0.015, 0.0, 0.015], abs=0.004)


def test_experiments_survive_the_way_to_disk_and_back(table: TabulatedExperiment, tmp_path: Path):
    pack_experiments([replace(table, family="here", number=3)], tmp_path / "one.npz")
    (again,) = load_experiments(tmp_path / "one.npz")
    assert (again.family, again.number, again.about) == ("here", 3, table.about)
    assert np.array_equal(again.indexed, table.indexed)
    assert np.array_equal(again.n_peaks, table.n_peaks)
    assert again.cell_shift == pytest.approx(table.cell_shift, abs=1e-4, nan_ok=True)


def test_experiments_of_different_grids_are_not_packed_together(table: TabulatedExperiment, tmp_path: Path):
    with pytest.raises(ValueError, match="grid is another"):
        pack_experiments([table, replace(table, min_snr=table.min_snr + 1)], tmp_path / "two.npz")


def test_a_replay_counts_as_many_as_the_tables_rate_says():
    replay = Replay(_of_formula(), n_patterns=4000, seed=2)
    for snr in (3.0, 6.1, 11.0):
        setting = Setting(snr, 2, 0.1)
        assert replay.evaluate(setting).rate == pytest.approx(replay.expected_rate(setting), abs=0.025)


def test_between_places_of_the_grid_the_expected_rate_is_interpolated_linearly():
    table = _of_formula()
    replay = Replay(table)
    middle = float(np.sqrt(table.min_snr[2] * table.min_snr[3]))
    expected = (table.rate[2, 1, 2] + table.rate[3, 1, 2]) / 2
    assert replay.expected_rate(Setting(middle, 2, 0.1)) == pytest.approx(expected)
    assert replay.expected_rate(Setting(2.0, 5, 0.1)) == pytest.approx(table.rate[0, 1:, 2].mean())


def test_repeating_a_setting_adds_nothing_because_the_patterns_are_the_same():
    replay, setting = Replay(_of_formula(), seed=1), Setting(6.0, 2, 0.1)
    assert replay.evaluate(setting) == replay.evaluate(setting)


def test_rates_of_near_settings_differ_by_less_than_independent_counting_would():
    settings = Setting(5.0, 2, 0.1), Setting(5.3, 2, 0.1)
    table, off = _of_formula(), []
    for seed in range(60):
        replay = Replay(table, seed=seed)
        counted = np.diff([replay.evaluate(each).rate for each in settings])
        off.append(counted - np.diff([replay.expected_rate(each) for each in settings]))
    independent = np.sqrt(2 * 0.77 * 0.23 / 200)
    assert np.std(off) < 0.6 * independent


def test_the_cells_shift_of_a_replay_is_that_of_the_setting_and_unknown_where_nothing_is_indexed():
    replay = Replay(_of_formula())
    assert replay.evaluate(Setting(4.0, 2, 0.101)).cell_shift == pytest.approx(0.01)
    assert np.isnan(replay.evaluate(Setting(4.0, 2, 0.103)).cell_shift)


def test_a_drift_moves_the_camera_length_that_indexes():
    replay, setting = Replay(_of_formula(), drift=0.0012), Setting(3.0, 2, 0.1)
    rates = [replay.evaluate(setting).rate for _ in range(31)]
    assert rates[0] > 0.8
    assert rates[30] == 0


def test_no_patterns_are_refused():
    with pytest.raises(OptionError, match="allowed 1 or more"):
        Replay(_of_formula(), n_patterns=0)


def test_regret_is_zero_at_the_best_place_of_the_table():
    replay = Replay(_of_formula())
    best = Setting(2.0, 2, 0.1)  # the lowest min-snr indexes most by the formula
    assert replay.expected_rate(best) == pytest.approx(replay.best_rate)

    class Knowing:
        def suggest(self) -> Setting:
            return best

        best = suggest

        def ingest(self, evaluation: Evaluation) -> None:
            """Know better."""

    assert regret(replay, Knowing(), evaluations=3) == pytest.approx(np.zeros(3))


def test_the_bootstrap_interval_of_a_mean_is_that_of_students_for_many_values():
    values = np.random.default_rng(0).normal(1.0, 2.0, 400)
    assert mean_interval(values) == pytest.approx(values.mean() + np.array([-1.96, 1.96]) * 2.0 / 20, abs=0.03)


def test_shipped_experiments_are_the_native_engines_of_two_families_with_development_kept_apart(held_out):
    development = [each for each in shipped_experiments() if each.is_development]
    assert {each.family for each in held_out} == {"in_family", "out_of_family"}
    assert {each.family for each in development} == {"in_family"}
    assert {each.about["engine"] for each in shipped_experiments()} == {"NativeEngine"}
    seeds = [each.about["seed"] for each in shipped_experiments()]
    assert len(set(seeds)) == len(seeds)


def test_hybrid_loses_less_than_the_scan_in_ten_evaluations_of_the_engines_own_responses(held_out):
    some = [each for each in held_out if each.family == "in_family" and each.number < 30]
    lost = {"hybrid": 0.0, "scan": 0.0}
    for table in some:
        for name in lost:
            replay = Replay(table, seed=1)
            after = regret(replay, make_optimiser(name, replay.space, replay.start), evaluations=10)
            lost[name] += after[[4, 9]].mean() / len(some)
    assert lost["hybrid"] < lost["scan"] - 0.02


def test_every_search_is_judged_once_and_known_ones_are_not_run_again(held_out):
    makers = {
        (name, 0): lambda replay, name=name: make_optimiser(name, replay.space, replay.start)
        for name in ("random", "grid")
    }
    rows = list(judge(held_out[:2], makers))
    assert len(rows) == 4
    assert all(0 <= row[f"regret {k}"] <= 1 for row in rows for k in BUDGETS)
    assert list(judge(held_out[:2], makers, known=pd.DataFrame(rows))) == []


def test_the_table_of_regrets_averages_training_seeds_within_an_experiment():
    common = {"family": "f", "to95": 3.0} | {f"regret {k}": 0.2 for k in BUDGETS}
    rows = [{**common, "number": n, "optimiser": "scan", "training": 0} for n in range(4)]
    rows += [
        {**common, "number": n, "optimiser": "ppo", "training": seed, "regret 5": 0.1 * seed}
        for n in range(4)
        for seed in (0, 1, 2)
    ]
    table = summary(pd.DataFrame(rows))
    assert table.loc[("f", "ppo"), "after 5"] == "0.100 [0.100, 0.100]"
    assert table.loc[("f", "ppo"), "scan − it, 5"] == "+0.100 [+0.100, +0.100]"
    assert table.loc[("f", "ppo"), "experiments"] == 4


def test_the_table_of_regrets_ends_with_all_families_whose_numbers_are_not_taken_for_the_same():
    common = {"optimiser": "scan", "training": 0, "to95": 3.0}
    rows = [
        {**common, "family": family, "number": n} | {f"regret {k}": lost for k in BUDGETS}
        for family, lost in (("near", 0.1), ("far", 0.3))
        for n in range(3)
    ]
    table = summary(pd.DataFrame(rows))
    assert list(table.index) == [("near", "scan"), ("far", "scan"), ("all", "scan")]
    assert table.loc[("all", "scan"), "experiments"] == 6
    assert table.loc[("all", "scan"), "after 10"].startswith("0.200")


def test_the_response_models_own_tables_are_fitted_to_their_counts():
    # Tables written from known latents: what the fit says of rates must be what they hold.
    truth = np.array([mean for mean, _ in BROAD.values()])
    truth[0], truth[3] = 1.0, np.log(45)
    model, n = ResponseModel(0.1), 1000
    space = SearchSpace.around(0.1)
    snr, pixels, clen = np.geomspace(2, 15, 7), np.array([1.0, 2, 4, 8]), np.linspace(*space.clen, 5)
    grid = np.meshgrid(snr, pixels, indexing="ij")
    rate, hits, log_peaks = (each.reshape(7, 4) for each in model.peaks(truth[None], grid[0].ravel(), grid[1].ravel()))
    window, off = model.window(truth[None], clen)
    order = np.arange(n) / n
    indexed = order < (rate[..., None] * window[0])[..., None]
    peaks = np.where(order < hits[..., None], np.rint(np.expm1(log_peaks))[..., None], 0).astype(int)
    shift = np.broadcast_to(off[0] / 100, indexed.shape[:3])
    table = TabulatedExperiment("model", 0, snr, pixels, clen, indexed, peaks, shift, shift, {"min_peaks": 15})
    latents, residual = fit_latents(table)
    assert latents.shape == (len(LATENTS),)
    assert latents[0] == pytest.approx(1.0, abs=0.15)
    assert np.sqrt(np.mean(residual**2)) < 0.05
