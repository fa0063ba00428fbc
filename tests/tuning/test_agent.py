"""The trained agent: its network by an independent library, its files, its training, and what it has learnt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from pulsetrain.data import DataError
from pulsetrain.tuning import TuningEnvironment
from pulsetrain.tuning._modelled import ModelledExperiments, draw_experiment
from pulsetrain.tuning._observation import OBSERVATION_SIZE
from pulsetrain.tuning._training import ModelledEnvironments, train
from pulsetrain.tuning.agent import FOLDER, Agent


@pytest.mark.parametrize("reward", ["best", "delta"])
def test_five_agents_of_each_reward_ship_and_are_small(reward: str):
    trained = [Agent.load(reward, seed).training for seed in range(5)]
    assert [each["seed"] for each in trained] == list(range(5))
    assert len({(each["steps"], each["gamma"], each["experiments"]) for each in trained}) == 1
    assert sum(file.stat().st_size for file in FOLDER.iterdir()) < 1_000_000


def test_the_network_gives_what_torch_gives():
    agent = Agent.load()
    layers = []
    for i in range(3):
        layer = torch.nn.Linear(*agent.weights[f"weight.{i}"].shape[::-1])
        layer.load_state_dict(
            {kind: torch.from_numpy(agent.weights[f"{kind}.{i}"].copy()) for kind in ("weight", "bias")}
        )
        layers += [layer, torch.nn.Tanh()]
    observed = np.random.default_rng(0).normal(size=(7, OBSERVATION_SIZE)).astype(np.float32)
    with torch.no_grad():
        expected = torch.nn.Sequential(*layers[:-1])(torch.from_numpy(observed)).numpy()
    assert agent.mean(observed) == pytest.approx(expected, abs=1e-5)


def test_an_agent_survives_the_way_to_disk_and_back(tmp_path: Path):
    agent = Agent.load()
    agent.save(tmp_path / "best-7.safetensors")
    again = Agent.load("best", 7, tmp_path)
    assert again.training == agent.training
    assert all(np.array_equal(again.weights[name], value) for name, value in agent.weights.items())


def test_an_agent_that_is_not_there_or_damaged_is_refused_in_words(tmp_path: Path):
    with pytest.raises(DataError, match="bench tuning train"):
        Agent.load("best", 99)
    (tmp_path / "best-0.safetensors").write_bytes(b"nonsense")
    with pytest.raises(DataError, match="damaged"):
        Agent.load("best", 0, tmp_path)


def test_the_agent_acts_without_torch_or_stable_baselines3():
    code = (
        "import sys; from pulsetrain.tuning import *; from pulsetrain.tuning.optimisers import make_optimiser\n"
        "space = SearchSpace.around(0.1); o = make_optimiser('ppo', space, Setting(5.0, 2, 0.1))\n"
        "o.ingest(Evaluation(o.suggest(), 200, 90, 40, 30.0, 0.01, 1.0, 1.0)); o.suggest()\n"
        "assert not {'torch', 'stable_baselines3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def _gained(act) -> float:
    """Mean gain of the first dozen evaluations, over experiments that are the same for all who act."""
    rng, gained = np.random.default_rng(0), 0.0
    for seed in range(40):
        environment = TuningEnvironment(draw_experiment, evaluations=12)
        seen, _ = environment.reset(seed=seed)
        over = False
        while not over:
            seen, reward, _, over, _ = environment.step(act(seen, rng))
            gained += reward
    return gained / 40


def test_the_agents_gain_more_than_actions_at_random():
    agents = [_gained(Agent.load("best", seed).act) for seed in range(5)]
    assert np.mean(agents) > 1.15 * _gained(lambda _, rng: rng.uniform(-1, 1, 3))


def test_training_side_by_side_is_the_environment_of_one():
    # The same experiment, the same actions: the vectorised environment tells what the plain one tells.
    many = ModelledEnvironments(3, "best", seed=1)
    first = many.reset()
    assert first.shape == (3, OBSERVATION_SIZE)
    many.step_async(np.full((3, 3), 0.4))
    seen, reward, over, _ = many.step_wait()
    rates = many._told.rate
    assert reward == pytest.approx(np.maximum(rates[:, 1] - rates[:, 0], 0), abs=1e-6)
    assert not over.any()
    assert seen[:, -1] == pytest.approx(2 / 40)


def test_episodes_side_by_side_end_together_and_begin_anew():
    many = ModelledEnvironments(2, "delta", seed=1)
    many.reset()
    for step in range(39):
        many.step_async(np.zeros((2, 3)))
        seen, _, over, infos = many.step_wait()
        assert over.all() == (step == 38)
    assert all("terminal_observation" in info for info in infos)
    assert seen[:, -1] == pytest.approx(1 / 40)


def test_a_short_training_is_reproduced_by_its_seed():
    agents = [train("best", seed=3, steps=4000) for _ in range(2)]
    assert all(np.array_equal(agents[0].weights[name], value) for name, value in agents[1].weights.items())


def test_modelled_experiments_count_whole_patterns():
    told, _ = ModelledExperiments.draw(50, np.random.default_rng(0)).evaluate(np.zeros((50, 3)))
    assert told.rate * 200 == pytest.approx(np.rint(told.rate * 200))
    assert (told.hits >= told.rate).all()
