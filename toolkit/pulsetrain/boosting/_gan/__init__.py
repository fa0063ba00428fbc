"""Adversarial boosters, part by part: CUT (Park et al., ECCV 2020) and CycleGAN (Zhu et al., ICCV 2017)."""

from __future__ import annotations

from pulsetrain.boosting._gan.learner import GanLearner

__all__ = ["GanLearner"]
