"""Training of the agent: proximal policy optimisation over many modelled experiments at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import version
from typing import Any, Literal

import gymnasium
import numpy as np
import torch
from numpy.typing import NDArray
from stable_baselines3 import PPO
from stable_baselines3.common.callbacks import BaseCallback
from stable_baselines3.common.vec_env import VecEnv

from pulsetrain.progress import Progress
from pulsetrain.tuning._modelled import ModelledExperiments
from pulsetrain.tuning._observation import EPISODE, OBSERVATION_SIZE, Told, apply_action, observe
from pulsetrain.tuning._response_prior import ResponsePrior
from pulsetrain.tuning.agent import Agent
from pulsetrain.tuning.response import Array

__all__ = ["GAMMA", "STEPS", "train"]

STEPS = 400_000
GAMMA = 0.97
_SIDE_BY_SIDE = 64


def train(
    reward: Literal["best", "delta"] = "best",
    seed: int = 0,
    *,
    steps: int = STEPS,
    gamma: float = GAMMA,
    progress: Progress | None = None,
) -> Agent:
    """Train an agent on domain-randomised experiments of the response model.

    J. Schulman et al., arXiv:1707.06347, as implemented by stable-baselines3.

    Parameters
    ----------
    reward : {"best", "delta"}
    seed : int
    steps : int
        Evaluations in all.
    gamma : float
        Discount of later rewards.
    progress : callable, optional
        Told ``(steps, of, "training", reward=…)``.
    """
    torch.set_num_threads(1)
    environments = ModelledEnvironments(_SIDE_BY_SIDE, reward, seed)
    learner = PPO(
        "MlpPolicy",
        environments,
        n_steps=2 * (EPISODE - 1),
        batch_size=_SIDE_BY_SIDE * (EPISODE - 1) // 2,
        n_epochs=6,
        gamma=gamma,
        learning_rate=lambda left: 7e-4 * left,
        policy_kwargs={"net_arch": [64, 64], "log_std_init": -0.7},
        seed=seed,
        device="cpu",
    )
    learner.learn(steps, callback=_Tell(steps, progress) if progress else None)
    training = {
        "reward": reward,
        "seed": seed,
        "steps": steps,
        "gamma": gamma,
        "experiments": ResponsePrior.load().origin,
        "stable_baselines3": version("stable-baselines3"),
        "torch": version("torch"),
    }
    return Agent(_weights(learner), training)


def _weights(learner: PPO) -> dict[str, Array]:
    policy: Any = learner.policy
    layers = [each for each in policy.mlp_extractor.policy_net if isinstance(each, torch.nn.Linear)]
    weights = {"log_std": policy.log_std.detach().numpy().copy()}
    for i, layer in enumerate([*layers, policy.action_net]):
        weights[f"weight.{i}"] = layer.weight.detach().numpy().copy()
        weights[f"bias.{i}"] = layer.bias.detach().numpy().copy()
    return weights


class ModelledEnvironments(VecEnv):
    """What `TuningEnvironment` is, for many modelled experiments in step: all episodes begin and end together."""

    def __init__(self, n: int, reward: Literal["best", "delta"], seed: int) -> None:
        observations = gymnasium.spaces.Box(-10.0, 10.0, (OBSERVATION_SIZE,), np.float32)
        super().__init__(n, observations, gymnasium.spaces.Box(-1.0, 1.0, (3,), np.float32))
        self._reward, self._rng = reward, np.random.default_rng([seed, 2])
        self._actions: Array = np.zeros((n, 3))

    def reset(self) -> NDArray[np.float32]:
        """Draw new experiments and evaluate their starts."""
        self._experiments = ModelledExperiments.draw(self.num_envs, self._rng)
        self._told, _ = self._experiments.evaluate(self._experiments.starts)
        return self._observation()

    def step_async(self, actions: NDArray[np.float32]) -> None:
        """Keep the actions."""
        self._actions = np.clip(np.asarray(actions, dtype=np.float64), -1.0, 1.0)

    def step_wait(self) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_], list[dict[str, Any]]]:
        """Evaluate where the actions lead."""
        told, _ = self._experiments.evaluate(apply_action(self._told, self._actions))
        before = self._told.rate[:, -1] if self._reward == "delta" else self._told.rate.max(axis=1)
        gain = told.rate[:, 0] - before
        reward = gain if self._reward == "delta" else np.maximum(gain, 0.0)
        both = zip(vars(self._told).values(), vars(told).values(), strict=True)
        self._told = Told(*(np.concatenate(pair, axis=1) for pair in both))
        over = self._told.rate.shape[1] >= EPISODE
        infos: list[dict[str, Any]] = [{} for _ in range(self.num_envs)]
        observation = self._observation()
        if over:
            for info, last in zip(infos, observation, strict=True):
                info["terminal_observation"] = last
            observation = self.reset()
        return observation, reward.astype(np.float32), np.full(self.num_envs, over), infos

    def close(self) -> None:
        """Nothing is open."""

    def get_attr(self, attr_name: str, indices: int | Iterable[int] | None = None) -> list[Any]:
        """Return an attribute for each environment."""
        return [getattr(self, attr_name, None)] * len(self._chosen(indices))

    def set_attr(self, attr_name: str, value: object, indices: int | Iterable[int] | None = None) -> None:
        """Set an attribute, the same for all."""
        del indices
        setattr(self, attr_name, value)

    def env_method(self, method_name: str, *args: object, indices: object = None, **kwargs: object) -> list[Any]:
        """Refuse: there is no single environment to call."""
        raise NotImplementedError(f"{method_name}: these experiments run side by side; use TuningEnvironment for one")

    def env_is_wrapped(
        self, wrapper_class: type[gymnasium.Wrapper[Any, Any, Any, Any]], indices: int | Iterable[int] | None = None
    ) -> list[bool]:
        """Return False for each: nothing is wrapped."""
        del wrapper_class
        return [False] * len(self._chosen(indices))

    def _chosen(self, indices: int | Iterable[int] | None) -> Sequence[int]:
        if indices is None:
            return range(self.num_envs)
        return [indices] if isinstance(indices, int) else list(indices)

    def _observation(self) -> NDArray[np.float32]:
        return observe(self._told).clip(-10, 10).astype(np.float32)


class _Tell(BaseCallback):
    """Passes on how far the training is."""

    def __init__(self, steps: int, progress: Progress) -> None:
        super().__init__()
        self._steps, self._progress, self._mean = steps, progress, 0.0

    def _on_step(self) -> bool:
        self._mean += 0.002 * (float(np.mean(self.locals["rewards"])) * (EPISODE - 1) - self._mean)
        if self.n_calls % EPISODE == 0:
            self._progress(min(self.num_timesteps, self._steps), self._steps, "training", reward=self._mean)
        return True
