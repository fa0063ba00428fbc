"""Adversarial boosters, part by part: CUT (Park et al., ECCV 2020) and CycleGAN (Zhu et al., ICCV 2017)."""
