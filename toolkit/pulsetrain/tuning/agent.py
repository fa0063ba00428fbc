"""The trained agent: a small network from observation to action, in plain NumPy."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from pulsetrain.data import DataError
from pulsetrain.tuning._observation import OBSERVATION_SIZE
from pulsetrain.tuning.response import Array

__all__ = ["Agent"]

FOLDER = Path(__file__).with_name("_agent")
_LAYERS = 3


@dataclass(frozen=True)
class Agent:
    """A normal distribution of actions, given the observation.

    Attributes
    ----------
    weights : dict of numpy.ndarray, float32
        ``weight.i`` (out, in) and ``bias.i`` (out,) of three layers, tanh between them; ``log_std`` (3,).
    training : dict
        What it was trained on.
    """

    weights: dict[str, Array]
    training: dict[str, Any]

    @classmethod
    @cache
    def load(cls, reward: Literal["best", "delta"] = "best", seed: int = 0, folder: Path = FOLDER) -> Agent:
        """Return a shipped agent.

        Parameters
        ----------
        reward : {"best", "delta"}
            What it was trained on.
        seed : int
            Of its training.

        Raises
        ------
        DataError
            Where there is no such agent, or its file is damaged.
        """
        path = folder / f"{reward}-{seed}.safetensors"
        if not path.is_file():
            there = ", ".join(sorted(each.stem for each in folder.glob("*.safetensors"))) or "none"
            raise DataError(path, "no such agent", there, "train it: pulsetrain bench tuning train")
        try:
            weights = load_file(path)
            training = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        except (SafetensorError, OSError, ValueError) as error:
            raise DataError(path, f"a damaged agent ({error})", "weights and their JSON", "train it anew") from error
        size = weights["weight.0"].shape[1]
        if size != OBSERVATION_SIZE:
            raise DataError(path, f"an agent of {size} observed values", str(OBSERVATION_SIZE), "train it anew")
        return cls(weights, training)

    def save(self, path: Path) -> None:
        """Write weights (safetensors) and what they were trained on (JSON, beside)."""
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({name: np.ascontiguousarray(value) for name, value in self.weights.items()}, path)
        path.chmod(0o644)  # safetensors writes for the owner alone
        path.with_suffix(".json").write_text(json.dumps(self.training, indent=1) + "\n", encoding="utf-8")

    def mean(self, observation: Array) -> Array:
        """Return the mean action.

        Parameters
        ----------
        observation : numpy.ndarray, shape (…, OBSERVATION_SIZE)

        Returns
        -------
        numpy.ndarray, shape (…, 3)
        """
        values: NDArray[Any] = np.asarray(observation, dtype=np.float32)
        for layer in range(_LAYERS):
            values = values @ self.weights[f"weight.{layer}"].T + self.weights[f"bias.{layer}"]
            if layer < _LAYERS - 1:
                values = np.tanh(values)
        return values.astype(np.float64)

    def act(self, observation: Array, rng: np.random.Generator) -> Array:
        """Draw an action in [−1, 1]³: a deterministic agent would repeat itself where it has learnt nothing new."""
        mean = self.mean(observation)
        action: Array = np.clip(mean + np.exp(self.weights["log_std"]) * rng.standard_normal(mean.shape), -1.0, 1.0)
        return action
