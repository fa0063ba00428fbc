"""The Gymnasium environment: its contract, its rewards by hand, and what the agent sees."""

from __future__ import annotations

import numpy as np
import pytest
from gymnasium.utils.env_checker import check_env

from pulsetrain.options import OptionError
from pulsetrain.tuning import Evaluation, SearchSpace, Setting, TuningEnvironment
from pulsetrain.tuning._modelled import draw_experiment
from pulsetrain.tuning._observation import OBSERVATION_SIZE, apply_action, observe, told_of
from pulsetrain.tuning.experiments import Replay, shipped_experiments

SPACE = SearchSpace.around(0.12)


class Scripted:
    """An experiment whose rates are told beforehand, whatever the setting."""

    space = SPACE
    start = Setting(5.0, 2, 0.12)

    def __init__(self, *indexed: int):
        self._indexed = iter(indexed)
        self.asked: list[Setting] = []

    def evaluate(self, setting: Setting) -> Evaluation:
        self.asked.append(setting)
        return _evaluation(setting, next(self._indexed))


def test_gymnasiums_own_checker_finds_nothing():
    check_env(TuningEnvironment(draw_experiment, evaluations=5), skip_render_check=True)


def test_gymnasiums_own_checker_finds_nothing_over_tabulated_experiments():
    replays = [Replay(table, n_patterns=50) for table in shipped_experiments()[:2]]
    check_env(TuningEnvironment(replays, evaluations=5), skip_render_check=True)


@pytest.mark.parametrize(("reward", "expected"), [("delta", [0.2, -0.1, 0.15]), ("best", [0.2, 0.0, 0.05])])
def test_reward_is_the_change_since_the_last_or_the_gain_over_the_best(reward: str, expected: list[float]):
    environment = TuningEnvironment([Scripted(20, 60, 40, 70)], reward=reward, evaluations=4)
    environment.reset(seed=0)
    steps = [environment.step(np.zeros(3, np.float32)) for _ in range(3)]
    assert [step[1] for step in steps] == pytest.approx(expected)
    assert [step[3] for step in steps] == [False, False, True]


def test_an_episode_begins_with_the_users_setting_and_no_action_stays_at_the_best():
    experiment = Scripted(20, 60, 40)
    environment = TuningEnvironment([experiment], evaluations=3)
    environment.reset(seed=0)
    environment.step(np.array([0.5, 0, 0], np.float32))
    environment.step(np.zeros(3, np.float32))
    assert experiment.asked[0] == experiment.start
    assert experiment.asked[1].min_snr > 5
    assert experiment.asked[2].min_snr == pytest.approx(experiment.asked[1].min_snr)


def test_actions_are_clipped_to_the_space_and_min_pix_count_is_whole():
    experiment = Scripted(20, 60, 70)
    environment = TuningEnvironment([experiment], evaluations=3)
    environment.reset(seed=0)
    environment.step(np.array([5, 0.4, -5], np.float32))
    asked = experiment.asked[1]
    assert (asked.min_snr, asked.clen) == pytest.approx((15.0, 0.12 * 0.97))
    assert isinstance(asked.min_pix_count, int)


def test_same_seed_same_episode():
    episodes = []
    for _ in range(2):
        environment = TuningEnvironment(draw_experiment, evaluations=4)
        environment.reset(seed=5)
        episodes.append([environment.step(np.full(3, 0.3, np.float32))[0] for _ in range(3)])
    assert np.array_equal(episodes[0], episodes[1])


def test_the_observation_points_to_the_camera_length_that_the_cells_shift_tells():
    clen = 0.12 * 1.01  # 1 % too long: cells 1 % too large
    told = told_of([_evaluation(Setting(5.0, 2, clen), 50, shift=0.01)], SPACE)
    assert observe(told)[0, -3] == pytest.approx(0.0, abs=1e-9)  # the middle of the space
    assert observe(told)[0, -2] == 1.0


def test_the_observation_has_one_length_and_shows_the_best_four():
    evaluations = [_evaluation(Setting(3.0 + k, 2, 0.12), 10 * k) for k in range(7)]
    seen = observe(told_of(evaluations, SPACE))
    assert seen.shape == (1, OBSERVATION_SIZE)
    assert observe(told_of(evaluations[:1], SPACE)).shape == seen.shape
    rates = seen[0, [8 + 3, 16 + 3, 24 + 3, 32 + 3]]
    assert rates == pytest.approx([0.3, 0.25, 0.2, 0.15])


def test_steps_lead_from_the_best_evaluation_however_many_followed():
    told = told_of([_evaluation(Setting(5.0, 2, 0.12), n) for n in (10, 90, 20)], SPACE)
    assert apply_action(told, np.zeros((1, 3)))[0] == pytest.approx(SPACE.to_cube(Setting(5.0, 2, 0.12)))


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"reward": "sum"}, "allowed 'best' or 'delta'"),
        ({"evaluations": 1}, "allowed 2 … 40"),
        ({"evaluations": 41}, "allowed 2 … 40"),
    ],
)
def test_wrong_options_are_refused_with_what_is_allowed(given: dict, words: str):
    with pytest.raises(OptionError, match=words):
        TuningEnvironment(draw_experiment, **given)


def test_an_environment_needs_an_experiment_and_a_reset():
    with pytest.raises(OptionError, match="give at least one"):
        TuningEnvironment([])
    with pytest.raises(RuntimeError, match="call reset"):
        TuningEnvironment(draw_experiment).step(np.zeros(3, np.float32))


def _evaluation(setting: Setting, indexed: int, shift: float = 0.0) -> Evaluation:
    return Evaluation(setting, 200, max(indexed, 80), indexed, 30.0, shift if indexed else float("nan"), 1.0, 0.1)
